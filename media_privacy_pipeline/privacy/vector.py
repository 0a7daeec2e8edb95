"""Noisy sums of one bounded vector per account: what cluster centres and sizes are made of."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..errors import UsageError
from ..release_policy import Budget, VectorStatement
from .accountant import mu_of, sigma_for
from .certificate import NoisyPart, Terms
from .charges import Spend
from .desk import Desk, Order, Stored
from .noise import Integers, Noise

_PERIODS_A_YEAR = 12
_MARGIN = 1 - 1e-12
"""Rows are clipped to this fraction of the norm, so that rounding in the clip itself cannot lift one above it."""


def part_sigma(statement: VectorStatement) -> float:
    """Standard deviation of the noise on each returned sum, in the sums' own unit."""
    return part_scale(statement) / statement.resolution


def release_vector(
    desk: Desk,
    name: str,
    statement: VectorStatement,
    contributions: NDArray[np.float64] | Iterable[NDArray[np.float64]],
    *,
    partition: str,
    part: int,
    day: date,
) -> NDArray[np.float64]:
    """Column sums of `contributions`, shape (accounts, columns), with discrete Gaussian noise of `part_sigma`.

    One row is everything that one account (not profile) contributes; rows longer than statement.norm in L2 are scaled
    down to it, here. `contributions` may come in blocks of rows, so that memory need not hold all accounts at once.
    Each (name, partition, part) is charged once, counted at `day`, and released once: a later call returns the stored
    sums, whatever the contributions are by then, and pays nothing. Parts are 0..statement.parts - 1; a part may depend
    on the results of those before it. Returns shape (columns,).

    Raises UsageError for a matrix with NaN or infinity, of another shape than (accounts, columns), or a part outside
    the statement; Refused where the budget does not allow it.
    """
    if not 0 <= part < statement.parts:
        raise UsageError(f"{name}: part {part} is not among the {statement.parts} that its statement pays for")
    blocks = [contributions] if isinstance(contributions, np.ndarray) else contributions
    sums = _sums(name, statement, blocks)
    sigma = part_scale(statement)
    spend = Spend(
        unit="account",
        mechanism=f"discrete Gaussian on integers, scale {sigma} of 1/{statement.resolution}",
        bounds=f"one vector an account, L2 norm at most {statement.norm:g}, part {part + 1} of {statement.parts}",
        mu=mu_of(statement.norm * statement.resolution, sigma),
    )
    budget = desk.ledger.budget
    terms = Terms(
        statement.model_dump(mode="json"),
        (NoisyPart("sums", statement.norm * statement.resolution, sigma, statement.resolution),),
        statement.parts * periods(budget),
    )

    def make(noise: Noise) -> pa.Table:
        return pa.table({"steps": pa.array(noise(sums, sigma))})

    stored = desk.once(Order(name, f"{partition}.{part}", day, spend, make, terms))
    steps = _read(stored)
    if steps.shape != sums.shape:
        raise UsageError(f"{name} {partition}.{part}: was released with {steps.size} columns, not {sums.size}")
    return steps / statement.resolution


def _sums(name: str, statement: VectorStatement, blocks: Iterable[NDArray[np.float64]]) -> Integers:
    """Column sums of the bounded rows of all blocks; there must be one block at least, to say how many columns."""
    total: Integers | None = None
    for block in blocks:
        if block.ndim != 2 or block.shape[1] == 0 or not np.isfinite(block).all():
            raise UsageError(f"{name}: contributions must be finite, one row an account and one column a sum")
        part = bounded_rows(block, statement).sum(axis=0)
        total = part if total is None else total + part
    if total is None:
        raise UsageError(f"{name}: no contributions were given: give a block without rows where there are none")
    return total


def find_vector(
    desk: Desk, name: str, statement: VectorStatement, *, partition: str, part: int
) -> NDArray[np.float64] | None:
    """The sums of a part that was released before, shape (columns,), or None: then nobody has paid for it yet."""
    stored = desk.find(name, f"{partition}.{part}")
    return None if stored is None else _read(stored) / statement.resolution


def bounded_rows(contributions: NDArray[np.float64], statement: VectorStatement) -> Integers:
    """Each row as whole 1/resolution steps, cut towards zero, of an L2 norm of at most norm * resolution."""
    norms = np.linalg.norm(contributions, axis=1, keepdims=True)
    shrink = np.minimum(1.0, statement.norm * _MARGIN / np.maximum(norms, np.finfo(np.float64).tiny))
    steps: Integers = np.trunc(contributions * shrink * statement.resolution).astype(np.int64)
    limit = math.floor((statement.norm * statement.resolution) ** 2)
    if steps.size and int((steps * steps).sum(axis=1).max()) > limit:
        raise AssertionError("a clipped row is longer than the declared norm")
    return steps


def periods(budget: Budget) -> int:
    """How many months the budget's days are: a vector is released once in each."""
    return max(1, round(_PERIODS_A_YEAR * budget.days / 365))


def part_scale(statement: VectorStatement) -> int:
    """Scale of the noise of one part, in steps of 1 / resolution."""
    return sigma_for(statement.norm * statement.resolution, statement.mu / math.sqrt(statement.parts))


def _read(stored: Stored) -> Integers:
    steps: Integers = pq.read_table(stored.path).column("steps").to_numpy()
    return steps
