"""Rows of user, title, rating and time as they were read, and the interactions that are made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...errors import Refused, UsageError
from ..config import ConfidenceConfig
from ..interactions import Bools, Floats, Interactions, Ints, confidence


@dataclass(frozen=True)
class Ratings:
    """One row a pair. `users` and `titles` are texts; `ratings` and `times` (seconds, or any other unit that only
    orders) are float64 and finite, or None where the file has no such column. No pair comes twice."""

    users: pa.StringArray
    titles: pa.StringArray
    ratings: Floats | None = None
    times: Floats | None = None

    def __len__(self) -> int:
        return len(self.users)

    def where(self, kept: Bools) -> Self:
        """The marked rows."""
        return self.take(np.flatnonzero(kept))

    def take(self, rows: Ints) -> Self:
        """These rows, in their order."""
        at = pa.array(rows)
        ratings = None if self.ratings is None else self.ratings[rows]
        times = None if self.times is None else self.times[rows]
        return type(self)(self.users.take(at), self.titles.take(at), ratings, times)

    def at_least(self, threshold: float | None) -> Self:
        """Rows rated so high or higher; all where there is no threshold. Raises UsageError without ratings."""
        if threshold is None:
            return self
        if self.ratings is None:
            raise UsageError("--threshold: the data has no ratings that it could apply to")
        return self.where(self.ratings >= threshold)

    def with_at_least(self, per_title: int, per_user: int) -> Self:
        """Without the titles that have fewer rows, and then without the users that have fewer, once each."""
        kept = self.where(_counts(self.titles) >= per_title)
        return kept.where(_counts(kept.users) >= per_user)

    def interactions(self, latest: float | None = None) -> Interactions:
        """Implicit use: every pair has the confidence of one play, however it was rated.

        With times, taken for seconds, and the `latest` of all that may be known, pairs have their ages in days.
        """
        ages = None if self.times is None or latest is None else (latest - self.times) / 86_400
        one, none = np.ones(len(self), np.int64), np.zeros(len(self), np.int64)
        return Interactions.of(self.users, self.titles, confidence(one, none, none, ConfidenceConfig()), ages=ages)

    def codes(self) -> tuple[Ints, pa.StringArray]:
        """The number of each row's user among the users in the order of their text, and these."""
        users = pc.unique(self.users)
        users = users.take(pc.sort_indices(users))
        return pc.index_in(self.users, users).to_numpy(zero_copy_only=False).astype(np.int64), users

    def dated(self, protocol: str) -> Floats:
        """The times. Raises Refused where there are none."""
        if self.times is None:
            raise Refused(f"--protocol {protocol} goes by time, and the data has no timestamps")
        return self.times


def _counts(values: pa.StringArray) -> Ints:
    """How often each row's value comes."""
    if not len(values):
        return np.zeros(0, np.int64)
    codes = values.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    return np.asarray(np.bincount(codes)[codes])
