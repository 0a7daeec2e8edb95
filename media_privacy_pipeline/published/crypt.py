"""Restricted tables at rest: Parquet modular encryption, with each file's keys wrapped by the key of its purpose."""

from __future__ import annotations

import base64
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..errors import Refused
from ..keys import Keyring

_NONCE_BYTES = 12


def table_key(keyring: Keyring, purpose: str) -> bytes:
    """The key behind the restricted tables of one purpose: what a serving team is handed, and nothing else."""
    return keyring.derive("restricted", purpose)


def encryption(key: bytes, purpose: str) -> Any:
    """pyarrow's properties that encrypt every column and the footer with fresh AES-256-GCM keys."""
    import pyarrow.parquet.encryption as pe

    configuration = pe.EncryptionConfiguration(
        footer_key=purpose, uniform_encryption=True, double_wrapping=False, data_key_length_bits=256
    )
    return _factory(key).file_encryption_properties(pe.KmsConnectionConfig(), configuration)


def decryption(key: bytes) -> Any:
    """pyarrow's properties that read what `encryption` wrote; reading raises Refused under another key."""
    import pyarrow.parquet.encryption as pe

    return _factory(key).file_decryption_properties(pe.KmsConnectionConfig(), pe.DecryptionConfiguration())


def _factory(key: bytes) -> Any:
    import pyarrow.parquet.encryption as pe

    class Wrapping(pe.KmsClient):  # type: ignore[misc]
        """Wraps a file's own keys with the purpose's key; the purpose's name is authenticated with them."""

        def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
            nonce = os.urandom(_NONCE_BYTES)
            sealed = AESGCM(key).encrypt(nonce, key_bytes, master_key_identifier.encode())
            return base64.b64encode(nonce + sealed)

        def unwrap_key(self, wrapped_key: bytes, master_key_identifier: str) -> bytes:
            raw = base64.b64decode(wrapped_key)
            try:
                return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], master_key_identifier.encode())
            except InvalidTag:
                raise Refused(f"{master_key_identifier}: this key does not open its restricted tables") from None

    return pe.CryptoFactory(lambda _: Wrapping())
