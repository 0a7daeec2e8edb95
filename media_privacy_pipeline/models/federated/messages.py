"""What travels in a round, as bytes of fixed widths: read whole and in order, or not at all.

    invitation   terms and public state                        server to every device
    offer        mask key, commitment, a parcel a neighbour    device to server
    parcels      the neighbours' offers, each its own parcel   server to device
    vector       masked words                                  device to server
    survivors    a bit for each enrolled device                server to device
    tags         a confirmation a neighbour, both ways
    reveal       a share a neighbour                           device to server

Every message begins with the digest of the round's terms. Devices are named by their place in the directory.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from .masks import KEY_BYTES
from .shamir import SHARE_BYTES

DIGEST_BYTES = 32
PLAIN_BYTES = 2 * SHARE_BYTES
"""Of a parcel: a share of the own mask's seed, one of the mask key."""
SEALED_BYTES = PLAIN_BYTES + 16
PARCEL_BYTES = 2 * KEY_BYTES + SEALED_BYTES
OWN_SEED, MASK_KEY = b"\x00", b"\x01"
REVEALED_BYTES = 1 + SHARE_BYTES


class Malformed(ValueError):
    """A message that is not what it should be; who sent it has no part in the round from there on."""


class Offer(NamedTuple):
    """The public mask key, the digest of the own mask's seed, and a sealed parcel for each neighbour."""

    mask_key: bytes
    commitment: bytes
    parcels: Mapping[int, bytes]

    def to_bytes(self) -> bytes:
        """As it travels."""
        return self.mask_key + self.commitment + to_records(self.parcels)

    @classmethod
    def of_bytes(cls, content: bytes) -> Offer:
        """Raises Malformed."""
        parcels = of_records(content[2 * KEY_BYTES :], SEALED_BYTES)
        return cls(content[:KEY_BYTES], content[KEY_BYTES : 2 * KEY_BYTES], parcels)


class Parcel(NamedTuple):
    """What one neighbour sent to a device, as the server hands it over."""

    mask_key: bytes
    commitment: bytes
    sealed: bytes

    @classmethod
    def of_bytes(cls, content: bytes) -> Parcel:
        """From PARCEL_BYTES."""
        return cls(content[:KEY_BYTES], content[KEY_BYTES : 2 * KEY_BYTES], content[2 * KEY_BYTES :])

    def to_bytes(self) -> bytes:
        """As it travels."""
        return self.mask_key + self.commitment + self.sealed


def to_records(records: Mapping[int, bytes]) -> bytes:
    """Records of one width by device, in the order of devices."""
    return b"".join(struct.pack("<I", device) + records[device] for device in sorted(records))


def of_records(content: bytes, width: int) -> dict[int, bytes]:
    """Records by device. Raises Malformed for a torn one, or devices that do not ascend."""
    step = 4 + width
    if len(content) % step:
        raise Malformed("records are torn")
    devices = [struct.unpack_from("<I", content, at)[0] for at in range(0, len(content), step)]
    if any(later <= earlier for earlier, later in pairwise(devices)):
        raise Malformed("devices do not ascend")
    return {device: content[n * step + 4 : (n + 1) * step] for n, device in enumerate(devices)}


def to_bits(devices: Iterable[int], clients: int) -> bytes:
    """A bit for each enrolled device, 1 for those given."""
    bits = np.zeros(clients, np.uint8)
    bits[list(devices)] = 1
    return np.packbits(bits).tobytes()


def of_bits(content: bytes, clients: int) -> frozenset[int]:
    """The devices of `to_bits`. Raises Malformed for another length, or bits past the last device."""
    bits = np.unpackbits(np.frombuffer(content, np.uint8))
    if len(content) != -(-clients // 8) or bits[clients:].any():
        raise Malformed("the list of survivors has another length")
    return frozenset(np.flatnonzero(bits).tolist())


def enveloped(round_digest: bytes, body: bytes) -> bytes:
    """A message of a round."""
    return round_digest + body


def body_of(message: bytes, round_digest: bytes) -> bytes:
    """What a message of this round says. Raises Malformed for one of another."""
    if message[:DIGEST_BYTES] != round_digest:
        raise Malformed("a message of another round")
    return message[DIGEST_BYTES:]
