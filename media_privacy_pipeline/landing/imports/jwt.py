"""Signed receipts: a compact JWS (RFC 7515) with RS256 or ES256 (RFC 7518), checked with the tenant's public key."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from ...errors import UsageError
from .documents import parse
from .refusal import Rule, Unusable

_LEAST_BITS = 2048
"""RFC 7518, 3.3."""
_COORDINATE = 32
"""Bytes of each half of an ES256 signature (RFC 7518, 3.4)."""


class Verifier:
    """One public key, in PEM. Raises UsageError for a file that holds none that signs receipts."""

    def __init__(self, path: Path) -> None:
        try:
            key = load_pem_public_key(path.read_bytes())
        except OSError as error:
            raise UsageError(f"{path}: cannot read the key: {error.strerror}") from None
        except (ValueError, UnsupportedAlgorithm):
            raise UsageError(f"{path}: not a public key in PEM (-----BEGIN PUBLIC KEY-----)") from None
        if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _LEAST_BITS:
            self._algorithm = "RS256"
        elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
            self._algorithm = "ES256"
        else:
            raise UsageError(f"{path}: receipts are checked with an RSA key of 2,048 bits or more, or one on P-256")
        self._key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey = key

    def payload(self, token: str) -> Any:
        """What a token says, once its signature is seen to be by the key. Raises Unusable otherwise.

        The key decides the algorithm, not the token; a header with `crit` asks for what is not understood here.
        """
        parts = token.split(".")
        if len(parts) != 3:
            raise Unusable(Rule.BAD_JWT)
        header, body, signature = (_bytes(part) for part in parts)
        if not self._accepts(header):
            raise Unusable(Rule.BAD_JWT)
        signed = f"{parts[0]}.{parts[1]}".encode("ascii")
        try:
            if isinstance(self._key, rsa.RSAPublicKey):
                self._key.verify(signature, signed, padding.PKCS1v15(), SHA256())
            else:
                self._key.verify(_der(signature), signed, ec.ECDSA(SHA256()))
        except InvalidSignature:
            raise Unusable(Rule.BAD_SIGNATURE) from None
        return parse(body)

    def _accepts(self, header: bytes) -> bool:
        try:
            said = parse(header)
        except Unusable:
            return False
        return isinstance(said, dict) and said.get("alg") == self._algorithm and "crit" not in said


def _bytes(part: str) -> bytes:
    """Base64url without padding, in the one form that encodes these bytes."""
    try:
        found = base64.urlsafe_b64decode(part.encode("ascii") + b"=" * (-len(part) % 4))
    except (UnicodeEncodeError, binascii.Error):
        raise Unusable(Rule.BAD_JWT) from None
    if base64.urlsafe_b64encode(found).rstrip(b"=").decode() != part:
        raise Unusable(Rule.BAD_JWT)
    return found


def _der(signature: bytes) -> bytes:
    if len(signature) != 2 * _COORDINATE:
        raise Unusable(Rule.BAD_SIGNATURE)
    return encode_dss_signature(
        int.from_bytes(signature[:_COORDINATE], "big"), int.from_bytes(signature[_COORDINATE:], "big")
    )
