"""The only code that reads a secret: the key file, derivation, pseudonyms, sealing and signing.

One root secret of 256 bits lies in a file of mode 0600 outside the home. Everything else is derived from it by
HKDF-SHA256 (RFC 5869) under a context, so that a purpose's key can be handed to a serving team without the root.
Keys never enter SQL: pseudonyms of distinct ids are computed here and joined as data.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .errors import Refused, UsageError

_PSEUDONYM_BYTES = 16
_NONCE_BYTES = 12


def pseudonym(key: bytes, *parts: str) -> str:
    """Keyed pseudonym of an id: HMAC-SHA256, 128 bits, as 32 hexadecimal characters.

    Parts are length-prefixed, so ("ab", "c") and ("a", "bc") differ. Two ids collide with probability about
    n² / 2¹²⁹ among n ids.
    """
    raws = [part.encode() for part in parts]
    message = b"".join([len(raw).to_bytes(4, "big") + raw for raw in raws])
    return hmac.digest(key, message, "sha256")[:_PSEUDONYM_BYTES].hex()


def viewer_key(purpose_key: bytes, account_id: str, profile_id: str = "main") -> str:
    """The `viewer_key` of restricted tables: what a serving team computes from a purpose's key and nothing else."""
    return pseudonym(purpose_key, "viewer", account_id, profile_id)


def account_key(purpose_key: bytes, account_id: str) -> str:
    """Pseudonym of a whole household for one purpose: the unit of privacy of the released aggregates."""
    return pseudonym(purpose_key, "account", account_id)


def signature_holds(key: str, value: str, message: bytes) -> bool:
    """Whether an Ed25519 signature is good for a message; it and the public key in hexadecimal."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(value), message)
    except (InvalidSignature, ValueError):
        return False
    return True


class Keyring:
    """Derives every key of one installation from its root secret."""

    def __init__(self, root: bytes) -> None:
        if len(root) != 32:
            raise UsageError("a root secret has 32 bytes")
        self._root = root

    @classmethod
    def open(cls, path: Path, *, create: bool = True) -> Keyring:
        """Read the key file; make it with mode 0600 when it is missing and `create` is set.

        Raises UsageError when it is missing, and Refused when others than its owner may read it or it is damaged.
        """
        if create and not path.exists():
            _write_new(path, {"version": 1, "root": secrets.token_hex(32)})
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                raise Refused(f"{path}: mode {mode:04o} lets others read the keys; run: chmod 600 {path}")
            return cls(bytes.fromhex(json.loads(path.read_text())["root"]))
        except FileNotFoundError:
            raise UsageError(f"{path}: no key file; `media-privacy doctor` says where it is expected") from None
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(f"{path}: not a key file, or damaged; restore it from your backup") from error

    def derive(self, *context: str) -> bytes:
        """A 256-bit key for a context such as ("purpose", "training")."""
        info = b"".join(len(c.encode()).to_bytes(4, "big") + c.encode() for c in ("media-privacy", *context))
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(self._root)

    def purpose_key(self, purpose: str) -> bytes:
        """The key behind the pseudonyms of one purpose."""
        return self.derive("purpose", purpose)

    def viewer_keys(self, purpose: str, viewers: Iterable[tuple[str, str]]) -> list[str]:
        """`viewer_key` of each (account_id, profile_id), in order."""
        key = self.purpose_key(purpose)
        return [viewer_key(key, account, profile) for account, profile in viewers]

    def account_keys(self, purpose: str, accounts: Iterable[str]) -> list[str]:
        """`account_key` of each account_id, in order."""
        key = self.purpose_key(purpose)
        return [account_key(key, account) for account in accounts]

    def seal(self, context: str, data: bytes) -> bytes:
        """Encrypt with AES-256-GCM under a key and associated data of this context; the nonce goes in front."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self.derive("seal", context)).encrypt(nonce, data, context.encode())

    def unseal(self, context: str, data: bytes) -> bytes:
        """Undo `seal`. Raises Refused when the data was changed or sealed under another key or context."""
        try:
            return AESGCM(self.derive("seal", context)).decrypt(
                data[:_NONCE_BYTES], data[_NONCE_BYTES:], context.encode()
            )
        except (InvalidTag, ValueError) as error:
            raise Refused(f"{context}: cannot be decrypted with this key file, or was changed") from error

    @property
    def signer(self) -> Ed25519PrivateKey:
        """The key that signs manifests and ledger heads."""
        return Ed25519PrivateKey.from_private_bytes(self.derive("sign"))

    def sign(self, message: bytes) -> str:
        """The installation's Ed25519 signature of a message, in hexadecimal."""
        return self.signer.sign(message).hex()

    def signed(self, value: str, message: bytes) -> bool:
        """Whether a signature is this installation's of a message."""
        return signature_holds(self.verifier_hex, value, message)

    @property
    def verifier(self) -> Ed25519PublicKey:
        """The public half of `signer`."""
        return self.signer.public_key()

    @property
    def verifier_hex(self) -> str:
        """The public half of `signer`, raw, in hexadecimal: what others need to check a signature."""
        return self.verifier.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex()


def _write_new(path: Path, document: dict[str, object]) -> None:
    """Write a file that must not exist yet, readable by its owner alone, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as stream:
            json.dump(document, stream)
            stream.flush()
            os.fsync(stream.fileno())
        # A link fails where another process was first, and then that one's key is the key.
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
    finally:
        temporary.unlink(missing_ok=True)
