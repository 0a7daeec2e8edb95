"""From a statement to integers: the centre, the sensitivity and the scale of the noise of everything that is released.

A measure is summed around the middle c of its clips, as weight · (value - c), wherever the statement also counts
accounts: half the sensitivity, and c · (the noisy count) gives the sum back (docs/privacy-proofs.md, 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, prod, sqrt

import pyarrow as pa

from ..release_policy import CUT, Allowance, Budget, TableStatement
from .accountant import compose, mu_of, sigma_for
from .certificate import NoisyPart, Terms
from .charges import Spend
from .periods import times_within, within
from .sampling import sample_table
from .sparse_threshold import least_threshold
from .weights import ONE, TOTALS, cuts_sensitivity, largest_ratio, totals_sensitivity, weight_table, with_beyond

_ROUNDING = 1e-9


@dataclass(frozen=True)
class NoisySum:
    """One vector over the cells: values are centred by `centre`; an account moves it by `sensitivity` in L2 (64ths);
    `sigma` is the whole scale of its noise, in the same 64ths."""

    name: str
    centre: int
    sensitivity: float
    sigma: int


@dataclass(frozen=True)
class Mechanism:
    """Everything that is drawn for one partition: a vector over the cells per measure, and two totals; with a rollup
    also `levels`, each a vector over groups of cells per measure, from the finest to the total.

    `counts` is the name of the measure that counts accounts, None where no measure does. `largest_ratio` bounds the
    ratio of all cells to weighted cells, whatever the data are. `cut`: what weighting took from each cell's count of
    accounts, where the statement pays for that, and then a third total counts accounts with more than K cells, each as
    `beyond` (64ths; 0 where no account can have as many). `threshold` (64ths) is what the noisy count of a cell
    must reach to be told, where keys are not known beforehand.
    """

    sums: tuple[NoisySum, ...]
    counts: str | None
    totals_sensitivity: float
    totals_sigma: int
    largest_ratio: float
    threshold: int = 0
    levels: tuple[tuple[NoisySum, ...], ...] = ()
    cut: NoisySum | None = None
    beyond: int = 0

    @property
    def totals(self) -> tuple[str, ...]:
        """The names of `BoundedSums.totals`, in their order."""
        return TOTALS[:2] if self.cut is None else TOTALS

    @property
    def over_cells(self) -> tuple[NoisySum, ...]:
        """Every vector over the cells, in the order of `BoundedSums.values`: one a measure, and what was cut."""
        return self.sums if self.cut is None else (*self.sums, self.cut)

    @property
    def counts_place(self) -> int:
        """Place among `sums` of the measure that counts accounts. Raises ValueError where no measure does."""
        if self.counts is None:
            raise ValueError("no measure of the statement counts accounts")
        return [part.name for part in self.sums].index(self.counts)

    @property
    def counts_sigma(self) -> int:
        """The scale of the noise of the count of accounts; 0 where no measure counts them."""
        return 0 if self.counts is None else self.sums[self.counts_place].sigma

    @property
    def mu(self) -> float:
        """What one partition costs an account: all vectors and totals together."""
        vectors = [*self.over_cells, *(part for level in self.levels for part in level)]
        parts = [mu_of(part.sensitivity, part.sigma) for part in vectors]
        return compose([*parts, mu_of(self.totals_sensitivity, self.totals_sigma)])


@lru_cache(maxsize=64)
def _mechanism(statement_json: str) -> Mechanism:
    statement = TableStatement.model_validate_json(statement_json)
    counts = next((name for name, measure in statement.measures.items() if measure.of is None), None)
    sums = []
    for name, measure in statement.measures.items():
        centre = 0 if counts is None or name == counts else (measure.least + measure.most) // 2
        reach = max(abs(measure.least - centre), abs(measure.most - centre))
        sensitivity = ONE * reach * sqrt(statement.squared_norm)
        sums.append(NoisySum(name, centre, sensitivity, sigma_for(sensitivity, statement.mu * sqrt(measure.budget))))
    weights = weights_of(statement)
    moved = totals_sensitivity(weights)
    beyond = 0 if statement.cut_budget is None else max(weights["beyond"].to_pylist())
    totals_sigma = sigma_for(moved, statement.mu * sqrt(statement.totals_budget))
    threshold = 0
    if statement.threshold_delta is not None:
        counted = next(part.sigma for part in sums if part.name == counts)
        threshold = least_threshold(weights, counted, statement.threshold_delta)
    levels = _levels(statement, sums, weights)
    cut = None
    if statement.cut_budget is not None:
        # Where nothing is ever cut there is nothing to protect; a step's move is then more than any account makes.
        farthest = max(1.0, cuts_sensitivity(weights))
        cut = NoisySum(CUT, 0, farthest, sigma_for(farthest, statement.mu * sqrt(statement.cut_budget)))
    return Mechanism(tuple(sums), counts, moved, totals_sigma, largest_ratio(weights), threshold, levels, cut, beyond)


def _levels(statement: TableStatement, sums: list[NoisySum], weights: pa.Table) -> tuple[tuple[NoisySum, ...], ...]:
    """Sums over groups of cells: all of an account's cells may be in one group, so that its L1 norm bounds it."""
    if statement.rollup is None:
        return ()
    shared = sum(measure.budget for measure in statement.measures.values())
    most_kept = max(weights["kept"].to_pylist())
    levels = []
    for budget in (statement.rollup.by_budget, statement.rollup.total_budget):
        level = []
        for part in sums:
            measure = statement.measures[part.name]
            sensitivity = most_kept * max(abs(measure.least - part.centre), abs(measure.most - part.centre))
            mu = statement.mu * sqrt(budget * measure.budget / shared)
            level.append(NoisySum(part.name, part.centre, sensitivity, sigma_for(sensitivity, mu)))
        levels.append(tuple(level))
    return tuple(levels)


def weights_of(statement: TableStatement) -> pa.Table:
    """The weights of a statement's accounts by their number of cells."""
    if statement.bounding == "sample":
        return sample_table(statement.squared_norm, statement.most_cells)
    statement = within(statement)
    listed = [len(column.values) for column in statement.cells.values() if column.values]
    domain = prod(listed) if len(listed) == len(statement.cells) else None
    table = weight_table(statement.squared_norm, statement.most_cells, domain)
    return table if statement.cut_budget is None else with_beyond(table, statement.most_cells)


def mechanism_of(statement: TableStatement) -> Mechanism:
    """The mechanism of a statement: a function of the statement alone, never of data."""
    return _mechanism(within(statement).model_dump_json())


def spend_of(statement: TableStatement) -> Spend:
    """What the ledger is told of one partition of a statement."""
    mechanism = mechanism_of(statement)
    scales = ", ".join(f"{part.name} {part.sigma / ONE:.6g}" for part in mechanism.over_cells)
    clips = ", ".join(
        f"{measure.of} {measure.least}..{measure.most} a cell"
        for measure in statement.measures.values()
        if measure.of is not None
    )
    levels = "".join(f", {part.name} {part.sigma / ONE:.6g}" for level in mechanism.levels for part in level)
    hidden = f"; cells from a noisy count of {mechanism.threshold / ONE:.6g} on" if statement.unknown_keys else ""
    days = "" if statement.period is None else f" of {statement.period.days} days"
    bounds = f"weights with squares up to {statement.squared_norm} over cells{days}, {statement.most_cells} cells"
    if statement.bounding == "sample":
        bounds = f"{statement.squared_norm} cells{days} of each account, sampled by a keyed hash"
    return Spend(
        unit="account-day" if statement.period is None else "account",
        mechanism=f"discrete Gaussian, scales: {scales}{levels and f'; of groups and total{levels}'}, "
        f"totals {mechanism.totals_sigma / ONE:.6g}{hidden}",
        bounds=f"{bounds}; {clips}",
        mu=mechanism.mu,
        threshold_delta=statement.threshold_delta or 0.0,
    )


def _carried(allowance: Allowance, mu: float) -> int:
    """How many releases' worth more than its own charge an account may spend, rounded up."""
    if allowance.shared is None:
        return (allowance.carry_days or 1) - 1
    return ceil((allowance.shared.mu / mu) ** 2 + _ROUNDING) - 1


def certified_terms(statement: TableStatement, budget: Budget) -> Terms:
    """What the certificate of a released partition tells of its mechanism."""
    mechanism = mechanism_of(statement)
    drawn = [*mechanism.over_cells, *(part for level in mechanism.levels for part in level)]
    parts = [NoisyPart(part.name, part.sensitivity, part.sigma, ONE, part.centre) for part in drawn]
    parts.append(NoisyPart("totals", mechanism.totals_sensitivity, mechanism.totals_sigma, ONE))
    threshold = mechanism.threshold if statement.unknown_keys else None
    carried = 0 if statement.allowance is None else _carried(statement.allowance, mechanism.mu)
    times = times_within(statement, budget.days)
    return Terms(statement.model_dump(mode="json"), tuple(parts), times, threshold, carried)
