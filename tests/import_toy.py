"""Receipts and messages in the platforms' documented forms, signed ones too, and a policy that knows their purposes."""

from __future__ import annotations

import base64
import json
from datetime import date
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from media_privacy_pipeline.import_policy import Imports, KetchImports, OneTrustImports
from media_privacy_pipeline.landing.imports import Imported, Rule, import_consents
from media_privacy_pipeline.policy import load

Row = dict[str, Any]
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

DAY = date(2026, 3, 4)
ANALYTICS = "ba8cab6d-a581-464b-8a6a-2a8de65f6d54"
PERSONAL = "51242837-90da-4bd2-a901-7385e1335eee"
MAILS = "4daed994-41c0-4761-acf0-13329fc9b5f8"
PACKAGED = load().imports

WORDS = Imports(
    onetrust=OneTrustImports(
        account=("dataElements.AccountId", "dsDataElements.AccountId", "identifier"),
        profile="dataElements.ProfileId",
        purposes={ANALYTICS: "analytics", PERSONAL: "personalisation", "Training": "training", MAILS: None},
        states=PACKAGED.onetrust.states,
    ),
    ketch=KetchImports(
        profile="profile_id",
        purposes={"analytics": "analytics", "personalization": "personalisation", "ads": "advertising", "mail": None},
        states=PACKAGED.ketch.states,
        verified_variable="identityVerified",
    ),
)


def purpose(state: str = "CONFIRMED", theirs: str = ANALYTICS, **other: Any) -> Row:
    """A purpose as the Receipts V2 API has it."""
    return {"id": theirs, "name": "Some purpose", "version": 2, "transactionType": state, **other}


def receipt(*purposes: Any, **other: Any) -> Row:
    """A receipt as the Receipts V2 API has it; a value of None leaves the field out."""
    fields = {
        "id": "5a2c2d8f-fd08-41c9-b912-6fcd073f8d4f",
        "dataSubjectIdentifier": "someone@example.org",
        "dataElements": {"AccountId": "acc-1"},
        "interactionDate": "2026-03-01T10:15:30.000Z",
        "consentCreationDate": "2026-03-01T10:15:31.123Z",
        "purposes": list(purposes) or [purpose()],
        "test": False,
        "origin": "SDK",
        "isAnonymous": False,
        **other,
    }
    return {name: value for name, value in fields.items() if value is not None}


def sent(*purposes: Row, **other: Any) -> Row:
    """What a collection point sends, and what a signed receipt holds."""
    fields = {
        "identifier": "acc-2",
        "dsDataElements": {},
        "interactionDate": "2026-03-01T12:00:00+02:00",
        "purposes": list(purposes) or [{"Id": ANALYTICS, "Version": 1, "TransactionType": "CONFIRMED"}],
        "geoLocation": {"country": "US", "state": "CA", "stateName": "California"},
        "test": False,
        "jti": "receipt-2",
        **other,
    }
    return {name: value for name, value in fields.items() if value is not None}


def consent(purposes: Row | None = None, **other: Any) -> Row:
    """A Ketch consent message; `other` are fields of its request, and a value of None leaves one out."""
    purposes = {"analytics": "granted", "personalization": "denied"} if purposes is None else purposes
    fields = {
        "purposes": purposes,
        "legalBasis": dict.fromkeys(purposes, "consent_optin"),
        "vendors": ["79"],
        "collectedAt": 1_772_360_130,  # 2026-03-01T10:15:30Z
        **other,
    }
    return message("ConsentRequest", "consent/v1", fields)


def request(kind: str, **other: Any) -> Row:
    """A Ketch message about a data subject's right."""
    subject = {"email": "someone@example.org", "countryCode": "US", "stateRegionCode": "MA"}
    fields = {"subject": subject, "submittedTimestamp": 1_772_360_130, "dueTimestamp": 1_774_952_130, **other}
    return message(kind, "dsr/v1", fields)


def message(kind: str, version: str, fields: Row) -> Row:
    """A Ketch message of any kind."""
    whole = {
        "property": "axonic.io",
        "environment": "production",
        "regulation": "gdpr",
        "jurisdiction": "eugdpr",
        "identities": [{"identitySpace": "account_id", "identityFormat": "raw", "identityValue": "acc-3"}],
        **fields,
    }
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"uid": "22880925-aac5-42f9-a653-cb6921d361ff", "tenant": "axonic"},
        "request": {name: value for name, value in whole.items() if value is not None},
    }


def write(path: Path, *documents: Any) -> Path:
    """Documents into a file: an array in `.json`, one a line in `.jsonl`; text goes in as it is."""
    texts = [each if isinstance(each, str) else json.dumps(each) for each in documents]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[{', '.join(texts)}]" if path.suffix == ".json" else "\n".join(texts) + "\n")
    return path


def take(platform: Any, folder: Path, *documents: Any, words: Imports = WORDS, **other: Any) -> Imported:
    """Import documents from a file of FOLDER/export into FOLDER/landing."""
    path = write(folder / "export" / "documents.jsonl", *documents)
    return import_consents(platform, path, folder / "landing", **{"day": DAY, "policy": words, **other})


def rows(landing: Path, source: str = "consent_events") -> list[Row]:
    """All rows that lie in an input of a landing zone, by their text."""
    files = sorted((landing / source).rglob("*.jsonl"))
    lines = [line for file in files for line in file.read_text().splitlines()]
    return [json.loads(line) for line in sorted(lines)]


def said(found: list[Row]) -> dict[str, str]:
    """State by purpose, where a purpose has one row."""
    states = {row["purpose"]: row["state"] for row in found}
    assert len(states) == len(found)
    return states


def rules(found: Imported) -> list[tuple[str, Rule]]:
    """Place and rule of what was refused."""
    return [(refusal.place, refusal.rule) for refusal in found.refused]


def signed(payload: Any, key: PrivateKey, **header: Any) -> str:
    """A compact JWS by a key; the header says RS256 or ES256, as the key is, unless it is given otherwise."""
    algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
    parts = [_url(json.dumps(part).encode()) for part in ({"alg": algorithm, "typ": "JWT", **header}, payload)]
    text = ".".join(parts).encode()
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(text, padding.PKCS1v15(), SHA256())
    else:
        r, s = decode_dss_signature(key.sign(text, ec.ECDSA(SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return f"{text.decode()}.{_url(signature)}"


def public(path: Path, key: PrivateKey) -> Path:
    """The public half of a key, as a PEM file."""
    path.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


def _url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
