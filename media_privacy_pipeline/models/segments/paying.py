"""What a segmentation is paid by: its parts at the desk, under the policy's statement, each released once a month."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import numpy as np

from ...engines import Session
from ...errors import UsageError
from ...privacy import Desk, find_vector, part_sigma, release_vector
from ...privacy.open import open_desk
from ...release_policy import VectorStatement
from ..interactions import Floats

STATEMENT = "segment_profile"
"""Name of the release, and of its statement in the policy's releases.vectors."""


class PaidSums:
    """Release of a plan's parts at the desk, under the policy's statement. See segments.Release."""

    def __init__(self, desk: Desk, statement: VectorStatement, period: str, day: date) -> None:
        self._desk, self._statement, self._period, self._day = desk, statement, period, day
        self.sigma = part_sigma(statement)

    @property
    def begun(self) -> bool:
        """Whether the first part has been released."""
        return find_vector(self._desk, STATEMENT, self._statement, partition=self._period, part=0) is not None

    def __call__(self, part: int, contributions: Callable[[], Iterator[Floats]]) -> Floats:
        """See segments.Release."""
        stored = find_vector(self._desk, STATEMENT, self._statement, partition=self._period, part=part)
        if stored is not None:
            return stored
        rows = (block.astype(np.float64, copy=False) for block in contributions())
        return release_vector(
            self._desk, STATEMENT, self._statement, rows, partition=self._period, part=part, day=self._day
        )


@contextmanager
def paid_at(session: Session) -> Iterator[tuple[Desk, VectorStatement]]:
    """The desk and the statement. Raises UsageError where the policy has none."""
    statement = session.policy.releases.vectors.get(STATEMENT)
    if statement is None:
        raise UsageError(f"policy: releases.vectors.{STATEMENT} is missing: nothing pays for a segmentation")
    desk = open_desk(session)
    try:
        yield desk, statement
    finally:
        desk.ledger.close()
