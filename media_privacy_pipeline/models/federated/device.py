"""What a viewer's device does in a round: computes from its own history, hides it, and refuses what would bare it.

    offer     makes a key and a seed for this round and leaves shares of both, sealed, with its neighbours
    vector    its part of the sum, with its share of noise, under the masks that it has with its neighbours and its own
    confirm   says to each neighbour which survivors it was told
    reveal    once enough neighbours were told the same: for each neighbour its share of one of the two secrets, the
              seed of who is in the sum, the key of who dropped out; never both, and never twice

Double masking as in Bonawitz et al. 2017 (Practical Secure Aggregation for Privacy-Preserving Machine Learning).
Whatever a device refuses ends the round for it: it raises Refused and says nothing more of that round.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from ...errors import Refused, UsageError
from . import masks, messages, shamir
from .messages import MASK_KEY, OWN_SEED, Malformed, Offer, Parcel
from .neighbours import graph_of
from .noise import Draw, draw
from .terms import Directory, Terms
from .words import Integers, to_bytes

Parts = Mapping[str, Integers]
"""A device's part of each block, by name."""


@dataclass
class Round:
    """What a device remembers of the round it is in. Secrets: never leaves the device."""

    terms: Terms
    mask_key: bytes = field(repr=False)
    seed: bytes = field(repr=False)
    pairs: dict[int, masks.PairKeys] = field(repr=False)
    done: str = "offer"
    held: dict[int, bytes] = field(default_factory=dict, repr=False)
    survivors: frozenset[int] = frozenset()
    """Of the neighbours alone: all that is asked of the list once it was confirmed."""
    told: bytes = b""


@dataclass
class Device:
    """One viewer's device: its place in the directory, its private key, and what it has agreed to give.

    `most_squared_mu` bounds what all rounds together may cost, whatever a server asks; `spent` and `last` are the cost
    so far and the number of the last round, written before a round's first word is said.
    """

    me: int
    private: bytes = field(repr=False)
    directory: Directory
    most_squared_mu: float
    spent: float = 0.0
    last: int = 0
    round: Round | None = None
    draw: Draw = draw

    def offer(self, terms: Terms) -> bytes:
        """Take part in a round. Raises Refused for terms that the device did not agree to, and for a number that is
        not above the last one's."""
        self.round = None
        self._check(terms)
        self.last, self.spent = terms.number, self.spent + terms.squared_mu
        mask_key, seed = masks.new_private_key(), secrets.token_bytes(masks.KEY_BYTES)
        near = self._neighbours(terms)
        keys, name = self.directory.keys, terms.digest
        own = masks.loaded(self.private)
        pairs = {v: masks.pair_keys(own, keys[v], self.me, v, name) for v in near}
        holders = [v + 1 for v in near]
        of_seed = shamir.split(seed, holders, terms.sizes.threshold)
        of_key = shamir.split(mask_key, holders, terms.sizes.threshold)
        public, commitment = masks.public_key(mask_key), sha256(seed).digest()
        context = name + public + commitment
        parcels = {v: masks.sealed(pairs[v].seal, of_seed[v + 1] + of_key[v + 1], context) for v in near}
        self.round = Round(terms, mask_key, seed, pairs)
        return messages.enveloped(name, Offer(public, commitment, parcels).to_bytes())

    def vector(self, message: bytes, parts: Parts) -> bytes:
        """The masked vector, given the neighbours' parcels and one's own part of each block.

        Raises Refused where too few neighbours take part, or where a parcel was changed on its way.
        """
        round_ = self._take(after="offer")
        terms, name = round_.terms, round_.terms.digest
        parcels = {v: Parcel.of_bytes(c) for v, c in _records(message, name, messages.PARCEL_BYTES).items()}
        if not parcels.keys() <= round_.pairs.keys() or len(parcels) < terms.sizes.quorum:
            raise Refused("a round with too few of one's neighbours, or with others: refused")
        streams, total, own = masks.Streams(terms.size), self._steps(terms, parts), masks.loaded(round_.mask_key)
        for v, parcel in parcels.items():
            plain = masks.opened(round_.pairs[v].open, parcel.sealed, name + parcel.mask_key + parcel.commitment)
            if plain is None:
                raise Refused("a neighbour's parcel was changed on its way, or is of another round: refused")
            round_.held[v] = plain
            key = masks.pair_stream_key(own, parcel.mask_key, name)
            streams.add(total, key, 1 if self.me < v else -1)
        streams.add(total, masks.own_stream_key(round_.seed, name), 1)
        self._keep(round_, "vector")
        return messages.enveloped(name, to_bytes(total, terms.word_bytes))

    def confirm(self, message: bytes) -> bytes:
        """A tag for each neighbour in the sum over the list of survivors that the server told.

        Raises Refused for a list that is too short, without oneself, or with too few of one's neighbours.
        """
        round_ = self._take(after="vector")
        terms = round_.terms
        try:
            told = messages.body_of(message, terms.digest)
            survivors = messages.of_bits(told, terms.crowd.clients)
        except Malformed as error:
            raise Refused(f"{error}: refused") from None
        near = [v for v in round_.held if v in survivors]
        if len(survivors) < terms.crowd.survivors or self.me not in survivors or len(near) < terms.sizes.threshold:
            raise Refused("a sum over too few devices, or without this one: refused")
        if any(v in survivors for v in round_.pairs.keys() - round_.held.keys()):
            raise Refused("a survivor that this device has no mask with: refused")
        round_.survivors, round_.told = frozenset(near), sha256(terms.digest + told).digest()
        self._keep(round_, "confirm")
        tags = {v: masks.tag(round_.pairs[v].confirm, self.me, round_.told) for v in near}
        return messages.enveloped(terms.digest, messages.to_records(tags))

    def reveal(self, message: bytes) -> bytes:
        """A share of one secret of each neighbour. Raises Refused where too few neighbours were told the same list."""
        round_ = self._take(after="confirm")
        terms, survivors = round_.terms, round_.survivors
        tags = _records(message, terms.digest, masks.TAG_BYTES)
        agreed = [
            v
            for v, their in tags.items()
            if v in round_.held
            and v in survivors
            and secrets.compare_digest(their, masks.tag(round_.pairs[v].confirm, v, round_.told))
        ]
        if len(agreed) < terms.sizes.quorum:
            raise Refused("too few neighbours were told the same survivors: refused")
        # The round is over for this device: whoever asks again gets nothing.
        shares = {
            v: OWN_SEED + held[: shamir.SHARE_BYTES] if v in survivors else MASK_KEY + held[shamir.SHARE_BYTES :]
            for v, held in round_.held.items()
        }
        return messages.enveloped(terms.digest, messages.to_records(shares))

    def _check(self, terms: Terms) -> None:
        if terms.directory != self.directory.digest or terms.crowd != self.directory.crowd:
            raise Refused("a round among other devices than those enrolled, or of another crowd: refused")
        if terms.number <= self.last:
            raise Refused(f"round {terms.number} comes after round {self.last}: a round is never taken part in twice")
        if not self.spent + terms.squared_mu <= self.most_squared_mu:
            raise Refused("the round costs more privacy than this device has agreed to: refused")

    def _take(self, after: str) -> Round:
        """The round, out of the device's hands until the step is done, so that an error ends it."""
        round_, self.round = self.round, None
        if round_ is None or round_.done != after:
            raise Refused("this device is in no round, or in another phase of it: refused")
        return round_

    def _keep(self, round_: Round, done: str) -> None:
        round_.done, self.round = done, round_

    def _steps(self, terms: Terms, parts: Parts) -> masks.Words:
        """One's own part with a share of noise, modulo 2^64. Raises Refused for a part past its declared bound."""
        steps = []
        for block in terms.blocks:
            try:
                block.check(part := parts[block.name])
            except (UsageError, KeyError):
                # A server that declares a lower bound than the statistics have would have them under too little noise.
                raise Refused("terms that do not bound what this device computes: refused") from None
            own, beside = block.scales(terms.crowd.honest)
            noise, doubled = np.zeros(block.size, np.int64), block.doubled() == 2
            for scale, where in ((own, ~doubled), (beside, doubled)):
                if scale:
                    noise[where] = self.draw(scale, int(np.count_nonzero(where)))
            steps.append(part + noise)
        return np.concatenate(steps).view(np.uint64)

    def _neighbours(self, terms: Terms) -> tuple[int, ...]:
        return graph_of(terms.digest, terms.crowd.clients, terms.sizes.degree)[self.me]


def _records(message: bytes, round_digest: bytes, width: int) -> dict[int, bytes]:
    try:
        return messages.of_records(messages.body_of(message, round_digest), width)
    except Malformed as error:
        raise Refused(f"{error}: refused") from None
