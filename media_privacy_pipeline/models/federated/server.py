"""What the server does in a round: passes parcels on, adds up, finds out who is in the sum, takes the masks off.

It holds nothing that could tell one device's part from the sum. Who sends what cannot be read has no part in the round
from there on, and `excluded` says why; who does not send is a drop-out. The round goes on without them or is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256

import numpy as np

from ...errors import Refused
from . import masks, messages, shamir
from .messages import MASK_KEY, OWN_SEED, Malformed, Offer, Parcel
from .neighbours import graph_of
from .terms import Terms
from .words import Integers, centred, of_bytes

Sums = dict[str, Integers]


class Server:
    """One round. Messages come by the place of who sent them, which the transport vouches for."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.near = graph_of(terms.digest, terms.crowd.clients, terms.sizes.degree)
        self.excluded: dict[int, str] = {}
        self._probe = masks.loaded(masks.new_private_key())
        self._offers: dict[int, Offer] = {}
        self._total = np.zeros(terms.size, np.uint64)
        self._summed: set[int] = set()
        self._tags: dict[int, dict[int, bytes]] = {}
        self._revealed: dict[int, dict[int, bytes]] = {}
        self._phase = 0

    def take_offers(self, sent: Iterable[tuple[int, bytes]]) -> None:
        """Phase 1, once. Raises Refused where too few devices are left."""
        self._enter(1)
        for device, message in sent:
            if self._is_new(device, self._offers) and (body := self._body(device, message)) is not None:
                try:
                    offer = Offer.of_bytes(body)
                    if set(offer.parcels) != set(self.near[device]):
                        raise Malformed("parcels for others than its neighbours")
                    masks.agree(self._probe, offer.mask_key)
                except ValueError as error:
                    self._exclude(device, error)
                else:
                    self._offers[device] = offer
        self._enough(len(self._offers))

    def parcels_for(self, device: int) -> bytes:
        """What a device is handed of its neighbours' offers."""
        parcels = {
            v: Parcel(offer.mask_key, offer.commitment, offer.parcels[device]).to_bytes()
            for v in self.near[device]
            if (offer := self._offers.get(v)) is not None
        }
        return self._enveloped(messages.to_records(parcels))

    def take_vectors(self, sent: Iterable[tuple[int, bytes]]) -> None:
        """Phase 2, once: adds up as they come. Raises Refused where too few devices are left."""
        self._enter(2)
        for device, message in sent:
            if self._may_send(device, self._offers, self._summed) and (body := self._body(device, message)) is not None:
                try:
                    vector = of_bytes(body, self.terms.size, self.terms.word_bytes)
                except ValueError as error:
                    self._exclude(device, error)
                else:
                    self._total += vector
                    self._summed.add(device)
        self._enough(len(self._summed))

    @property
    def taking_part(self) -> list[int]:
        """Devices whose offers came."""
        return sorted(self._offers)

    @property
    def survivors(self) -> list[int]:
        """Devices whose vectors are in the sum."""
        return sorted(self._summed)

    def survivors_message(self) -> bytes:
        """What every survivor is told."""
        return self._enveloped(messages.to_bits(self._summed, self.terms.crowd.clients))

    def take_tags(self, sent: Iterable[tuple[int, bytes]]) -> None:
        """Phase 3, once."""
        self._enter(3)
        for device, message in sent:
            if self._may_send(device, self._summed, self._tags) and (body := self._body(device, message)) is not None:
                try:
                    self._tags[device] = messages.of_records(body, masks.TAG_BYTES)
                except ValueError as error:
                    self._exclude(device, error)

    def tags_for(self, device: int) -> bytes:
        """The confirmations of a device's neighbours."""
        tags = {v: self._tags[v][device] for v in self.near[device] if device in self._tags.get(v, {})}
        return self._enveloped(messages.to_records(tags))

    @property
    def confirmed(self) -> list[int]:
        """Devices that confirmed the survivors."""
        return sorted(self._tags)

    def take_reveals(self, sent: Iterable[tuple[int, bytes]]) -> None:
        """Phase 4, once."""
        self._enter(4)
        for device, message in sent:
            if self._may_send(device, self._tags, self._revealed) and (body := self._body(device, message)) is not None:
                try:
                    shares = messages.of_records(body, messages.REVEALED_BYTES)
                    self._check_shares(device, shares)
                except ValueError as error:
                    self._exclude(device, error)
                else:
                    self._revealed[device] = shares

    def sums(self) -> Sums:
        """The sum of the survivors' parts with their noise, by block. Raises Refused where shares do not suffice."""
        self._enter(5)
        streams, name = masks.Streams(self.terms.size), self.terms.digest
        for device in self.survivors:
            seed = self._secret(device, OWN_SEED)
            streams.add(self._total, masks.own_stream_key(seed, name), -1)
        for device in sorted(self._offers.keys() - self._summed):
            self._unmask(device, streams)
        total = centred(self._total, self.terms.word_bytes)
        sums, at = {}, 0
        for block in self.terms.blocks:
            sums[block.name] = total[at : at + block.size]
            at += block.size
        return sums

    def _unmask(self, dropped: int, streams: masks.Streams) -> None:
        """Take off what survivors added for a device that dropped out after its offer."""
        key, name = None, self.terms.digest
        for v in self.near[dropped]:
            if v in self._summed:
                key = key or masks.loaded(self._secret(dropped, MASK_KEY))
                pair = masks.pair_stream_key(key, self._offers[v].mask_key, name)
                streams.add(self._total, pair, -1 if v < dropped else 1)

    def _secret(self, device: int, kind: bytes) -> bytes:
        shares = {
            v + 1: shamir.read_share(self._revealed[v][device][1:])
            for v in self.near[device]
            if device in self._revealed.get(v, {})
        }
        offer = self._offers[device]

        def is_it(secret: bytes) -> bool:
            if kind == OWN_SEED:
                return sha256(secret).digest() == offer.commitment
            return masks.public_key(secret) == offer.mask_key

        return shamir.join(shares, self.terms.sizes.threshold, is_it)

    def _check_shares(self, device: int, shares: Mapping[int, bytes]) -> None:
        """Raises Malformed for shares of others than its neighbours, of the wrong secret, or outside the field."""
        for v, share in shares.items():
            wanted = OWN_SEED if v in self._summed else MASK_KEY
            if v not in self._offers or v not in self.near[device] or share[:1] != wanted:
                raise Malformed("shares that were not asked for")
            shamir.read_share(share[1:])

    def _enter(self, phase: int) -> None:
        if self._phase != phase - 1:
            raise Refused(f"round {self.terms.number}: phase {phase} after {self._phase}: each comes once, in order")
        self._phase = phase

    def _may_send(self, device: int, before: Iterable[int], already: Iterable[int]) -> bool:
        if device in self.excluded:
            return False
        if device not in before:
            self._exclude(device, Malformed("has no part in this phase"))
            return False
        return self._is_new(device, already)

    def _is_new(self, device: int, already: Iterable[int]) -> bool:
        # A second message changes nothing: the first one was counted, and others rely on it.
        return 0 <= device < self.terms.crowd.clients and device not in already and device not in self.excluded

    def _body(self, device: int, message: bytes) -> bytes | None:
        try:
            return messages.body_of(message, self.terms.digest)
        except Malformed as error:
            self._exclude(device, error)
            return None

    def _exclude(self, device: int, why: Exception) -> None:
        self.excluded[device] = str(why)

    def _enveloped(self, body: bytes) -> bytes:
        return messages.enveloped(self.terms.digest, body)

    def _enough(self, there: int) -> None:
        if there < (least := self.terms.crowd.survivors):
            raise Refused(f"round {self.terms.number}: {there} devices are left, {least} must be in the sum: refused")
