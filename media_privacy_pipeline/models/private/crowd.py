"""Everybody of a training and of the comparison that decides of it: learners, and the tenth of accounts held out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

import numpy as np
import pyarrow as pa

from ...privacy.noise import Integers
from ..evaluation.split import holdout
from ..interactions import Bools, Interactions, Ints
from ..recommenders.popularity import Popularity
from .config import PrivateAlsConfig
from .learning import PrivateFactors
from .people import InMemory, People
from .plan import Plan
from .promotion import leads, recalls
from .recommender import PrivateAls

_HELD_OUT = 10


class Crowd(Protocol):
    """Everybody, wherever they are."""

    @property
    def learners(self) -> People:
        """Those whose accounts are not held out."""
        ...

    def leads(self, found: PrivateFactors, config: PrivateAlsConfig) -> Integers:
        """Leads over noisy popularity of those held out, which may be added up in parts."""
        ...


@dataclass(frozen=True)
class CrowdHere:
    """Everybody in this memory: histories over the plan's titles, how many viewers the account of each has, and
    whether it is held out."""

    histories: Interactions
    profiles: Ints
    tested: Bools

    @classmethod
    def of(cls, rows: pa.Table, plan: Plan) -> CrowdHere:
        """From rows of training_interactions."""
        histories = histories_of(rows, plan)
        accounts = accounts_of(rows, histories)
        _, at, sizes = np.unique(accounts, return_inverse=True, return_counts=True)
        return cls(histories, sizes[at], held_out(accounts, plan.period))

    @property
    def learners(self) -> InMemory:
        """See Crowd.learners."""
        kept = np.flatnonzero(~self.tested)
        return InMemory(self.histories.take(kept), self.profiles[kept])

    def leads(self, found: PrivateFactors, config: PrivateAlsConfig) -> Integers:
        """See Crowd.leads."""
        rows = np.flatnonzero(self.tested)
        return leads_of(found, config, self.histories.take(rows), self.profiles[rows], config.seed)


def histories_of(rows: pa.Table, plan: Plan) -> Interactions:
    """Histories over the plan's titles; who watched none of these has an empty one."""
    return Interactions.of(rows.column("viewer_key"), rows.column("title_id")).over(np.array(plan.titles, np.str_))


def accounts_of(rows: pa.Table, histories: Interactions) -> np.typing.NDArray[np.str_]:
    """The account's pseudonym of each viewer of the histories."""
    account_of = dict(zip(rows.column("viewer_key").to_pylist(), rows.column("account_key").to_pylist(), strict=True))
    return np.array([account_of[viewer] for viewer in histories.viewers.to_pylist()], dtype=np.str_)


def held_out(accounts: np.typing.NDArray[np.str_], period: str) -> Bools:
    """Whether each account is held out: that depends on its pseudonym alone, so that nobody's being there moves
    another to the other side."""
    names, at = np.unique(accounts, return_inverse=True)
    digests = [sha256(f"{period} {name}".encode()).digest()[0] for name in names.tolist()]
    return np.asarray((np.array(digests, np.int64) % _HELD_OUT == 0)[at])


def leads_of(
    found: PrivateFactors,
    config: PrivateAlsConfig,
    histories: Interactions,
    profiles: Ints,
    seed: int | np.random.Generator,
) -> Integers:
    """Leads of viewers who have enough titles to be asked for a fifth of them, drawn by a generator that may have drawn
    for others before."""
    shares: Mapping[str, int] = dict(zip(histories.viewers.to_pylist(), profiles.tolist(), strict=True))
    split = holdout(histories, 0.2, seed)
    if not len(split.test):
        return np.zeros(0, np.int64)
    floor = recalls(Popularity(found.titles, found.counts), split)
    # Without one direction that stands out of the noise there is nothing to rank by.
    own = recalls(PrivateAls.of(found, config), split) if found.factors.shape[1] else np.zeros(len(floor))
    return leads(own, floor, np.array([shares[viewer] for viewer in split.test.viewers.to_pylist()], np.int64))
