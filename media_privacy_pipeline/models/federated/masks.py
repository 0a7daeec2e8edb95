"""What hides a vector: keys that two devices agree on (X25519), what is derived from them (HKDF), and streams of words.

A stream is AES-256 in counter mode over zeros. A key is used for one stream alone, so that the counter begins at 0.
"""

from __future__ import annotations

import hmac
from typing import NamedTuple

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from numpy.typing import NDArray

Words = NDArray[np.uint64]

KEY_BYTES = 32
TAG_BYTES = 16
_ONE_USE = bytes(12)
"""The nonce of a key that seals one message."""


class PairKeys(NamedTuple):
    """What two devices share in one round, by who sends: keys that seal, and one that confirms."""

    seal: bytes
    open: bytes
    confirm: bytes


def new_private_key() -> bytes:
    """A private key of X25519."""
    return X25519PrivateKey.generate().private_bytes_raw()


def public_key(private: bytes) -> bytes:
    """The public key of a private one."""
    return loaded(private).public_key().public_bytes_raw()


def loaded(private: bytes) -> X25519PrivateKey:
    """A private key to agree with. Loading costs as much as agreeing: once for many."""
    return X25519PrivateKey.from_private_bytes(private)


def agree(private: X25519PrivateKey, public: bytes) -> bytes:
    """What a private key and another's public key have in common. Raises ValueError for a public key of low order."""
    return private.exchange(X25519PublicKey.from_public_bytes(public))


def pair_keys(private: X25519PrivateKey, public: bytes, me: int, other: int, context: bytes) -> PairKeys:
    """The keys of a pair of devices in the round that `context` names."""
    made = HKDF(SHA256(), 3 * KEY_BYTES, salt=context, info=b"pair").derive(agree(private, public))
    low, high, confirm = made[:KEY_BYTES], made[KEY_BYTES : 2 * KEY_BYTES], made[2 * KEY_BYTES :]
    return PairKeys(low, high, confirm) if me < other else PairKeys(high, low, confirm)


def sealed(key: bytes, plain: bytes, context: bytes) -> bytes:
    """Encrypt a message that is the only one of its key."""
    return ChaCha20Poly1305(key).encrypt(_ONE_USE, plain, context)


def opened(key: bytes, cipher: bytes, context: bytes) -> bytes | None:
    """The message, or None where it was changed, or is of another sender, receiver or round."""
    try:
        return ChaCha20Poly1305(key).decrypt(_ONE_USE, cipher, context)
    except InvalidTag:
        return None


def tag(key: bytes, sender: int, told: bytes) -> bytes:
    """Sender's word to the other of a pair that it was told the same."""
    return hmac.digest(key, sender.to_bytes(8, "big") + told, "sha256")[:TAG_BYTES]


def pair_stream_key(private: X25519PrivateKey, public: bytes, context: bytes) -> bytes:
    """Key of the stream that two devices add and subtract."""
    return HKDF(SHA256(), KEY_BYTES, salt=context, info=b"pair mask").derive(agree(private, public))


def own_stream_key(seed: bytes, context: bytes) -> bytes:
    """Key of the stream that a device adds alone."""
    return HKDFExpand(SHA256(), KEY_BYTES, info=b"own mask" + context).derive(seed)


class Streams:
    """Streams of one length. Not for several threads: a buffer is used again and again."""

    def __init__(self, words: int) -> None:
        self._zeros = bytes(8 * words)
        self._buffer = bytearray(8 * words + 15)
        self._words = np.frombuffer(self._buffer, dtype="<u8", count=words)

    def add(self, total: Words, key: bytes, sign: int) -> None:
        """Add (sign 1) or subtract (sign -1) a key's stream to a vector modulo 2^64, in place."""
        Cipher(algorithms.AES256(key), modes.CTR(bytes(16))).encryptor().update_into(self._zeros, self._buffer)
        if sign > 0:
            total += self._words
        else:
            total -= self._words


def stream(key: bytes, words: int) -> Words:
    """The first words of a key's stream."""
    total = np.zeros(words, np.uint64)
    Streams(words).add(total, key, 1)
    return total
