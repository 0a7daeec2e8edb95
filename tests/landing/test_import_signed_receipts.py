"""A signed receipt is taken when its signature is seen to be by the tenant's key, and never otherwise."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from import_toy import PrivateKey, public, rows, rules, sent, signed, take

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.landing.imports import Rule, Verifier
from media_privacy_pipeline.landing.imports.refusal import Unusable

RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(params=[RSA, EC], ids=["RS256", "ES256"])
def key(request: pytest.FixtureRequest) -> PrivateKey:
    found: PrivateKey = request.param
    return found


@pytest.fixture
def verifier(tmp_path: Path, key: PrivateKey) -> Verifier:
    return Verifier(public(tmp_path / "tenant.pem", key))


def refusal(verifier: Verifier, token: str) -> Rule:
    with pytest.raises(Unusable) as refused:
        verifier.payload(token)
    return refused.value.rule


def test_a_signed_receipt_says_what_it_holds_in_each_form_that_it_comes_in(
    tmp_path: Path, key: PrivateKey, verifier: Verifier
) -> None:
    tokens = [signed(sent(jti=f"receipt-{n}"), key) for n in range(3)]
    found = take(
        "onetrust", tmp_path, tokens[0], json.dumps(tokens[1]), {"receipt": tokens[2]}, sent(), verifier=verifier
    )
    assert (found.imported, found.refused) == (4, ())
    evidence = sorted(row["evidence_ref"] for row in rows(tmp_path / "landing"))
    assert evidence == [f"onetrust:receipt:receipt-{n}" for n in range(3)]


def test_without_a_key_a_signed_receipt_is_refused_and_a_plain_one_is_not(tmp_path: Path) -> None:
    found = take("onetrust", tmp_path, signed(sent(jti="a"), RSA), {"receipt": signed(sent(jti="b"), RSA)}, sent())
    assert rules(found) == [("line 1", Rule.UNVERIFIED_JWT), ("line 2", Rule.UNVERIFIED_JWT)]
    assert len(rows(tmp_path / "landing")) == 1


def test_another_key_and_a_changed_receipt_are_seen(key: PrivateKey, verifier: Verifier) -> None:
    other = ec.generate_private_key(ec.SECP256R1()) if key is EC else rsa.generate_private_key(65537, 2048)
    assert refusal(verifier, signed(sent(), other)) == Rule.BAD_SIGNATURE
    header, _, signature = signed(sent(test=True), key).split(".")
    changed = base64.urlsafe_b64encode(json.dumps(sent()).encode()).rstrip(b"=").decode()
    assert refusal(verifier, f"{header}.{changed}.{signature}") == Rule.BAD_SIGNATURE
    assert refusal(verifier, f"{header}.{changed}.") == Rule.BAD_SIGNATURE


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "RS512"}, {"crit": ["b64"]}])
def test_the_token_does_not_choose_how_it_is_checked(key: PrivateKey, verifier: Verifier, header: dict) -> None:
    assert refusal(verifier, signed(sent(), key, **header)) == Rule.BAD_JWT


def test_a_token_for_the_other_algorithm_is_refused(key: PrivateKey, verifier: Verifier) -> None:
    assert refusal(verifier, signed(sent(), EC if key is RSA else RSA)) == Rule.BAD_JWT


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c.d", "=.=.=", "é.a.a", "bnVsbA..", "W10.e30.e30"])
def test_what_is_no_token_is_refused(verifier: Verifier, token: str) -> None:
    assert refusal(verifier, token) == Rule.BAD_JWT


def test_a_signature_in_another_spelling_of_its_bytes_is_refused(key: PrivateKey, verifier: Verifier) -> None:
    token = signed(sent(), key)
    assert verifier.payload(token) == sent()
    # 256 and 64 bytes leave 4 unused bits in the last letter: "A" and "B" stand for the same byte.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet[alphabet.index(token[-1]) ^ 1]
    assert refusal(verifier, token[:-1] + last) == Rule.BAD_JWT


def test_a_signed_text_that_is_no_object_is_refused(tmp_path: Path, key: PrivateKey, verifier: Verifier) -> None:
    found = take("onetrust", tmp_path, signed(["x"], key), signed("y", key), verifier=verifier)
    assert rules(found) == [("line 1", Rule.NOT_AN_OBJECT), ("line 2", Rule.NOT_AN_OBJECT)]


def test_only_a_public_key_that_can_sign_receipts_is_taken(tmp_path: Path) -> None:
    small = rsa.generate_private_key(65537, 1024)
    wide = ec.generate_private_key(ec.SECP384R1())
    edwards = ed25519.Ed25519PrivateKey.generate().public_key()
    files = {
        "small": small.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "wide": wide.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "edwards": edwards.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "private": EC.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "text": b"no key",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(UsageError, match=f"{name}: (not a public key|receipts are checked with)"):
            Verifier(tmp_path / name)
    with pytest.raises(UsageError, match="cannot read the key: No such file"):
        Verifier(tmp_path / "none")
