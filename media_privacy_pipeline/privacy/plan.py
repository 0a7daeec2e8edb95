"""What a year of releases would cost before anything runs: the figures that a privacy officer signs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import fsum, sqrt

from ..release_policy import FACTORS, Releases
from .accountant import epsilon_of, mu_of
from .allowances import allowance_spend
from .families import squared_share
from .mechanism import mechanism_of, spend_of
from .periods import times_within
from .statement_words import bounds_of, keys_of, unit_of
from .vector import part_scale, periods
from .weights import ONE


@dataclass(frozen=True)
class PlanLine:
    """One release: its cost to one account, once and over a year, and the noise on what is published.

    mu: what the ledger is charged for one. epsilon: the most that one may cost an account, which within allowances is
    more than that. standing: squared mu that a year costs beyond its charges.
    scales: standard deviation of the noise of each measure before debiasing, in the measure's unit. unit: whose
    privacy, and over which period one release costs epsilon. keys and bounds are words. threshold: the noisy count of
    accounts from which a key is told, threshold_delta what a year of them may let through; 0 where keys are known.
    """

    name: str
    times_a_year: int
    mu: float
    epsilon: float
    epsilon_year: float
    scales: dict[str, float]
    title: str
    unit: str
    keys: str
    bounds: str
    threshold: float
    threshold_delta: float
    standing: float = 0.0


@dataclass(frozen=True)
class FamilyLine:
    """A family of releases: what a year of its members together costs an account, and what it may cost, as epsilon at
    the budget's delta; allowance: the most that an account may have saved up for its tables, as epsilon, 0 for none."""

    name: str
    title: str
    members: tuple[str, ...]
    share: float
    epsilon_year: float
    cap: float
    allowance: float

    @property
    def holds(self) -> bool:
        """Whether the family's share pays for its members."""
        return self.epsilon_year <= self.cap


@dataclass(frozen=True)
class Plan:
    """Every release of a policy, and what they cost an account together over the budget's days at its delta."""

    lines: tuple[PlanLine, ...]
    delta: float
    epsilon_year: float
    cap: float
    days: int
    families: tuple[FamilyLine, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the budget pays for all of it, and each family's share for its own."""
        return self.epsilon_year <= self.cap and all(family.holds for family in self.families)


def plan(releases: Releases) -> Plan:
    """What a policy's releases cost one account when every day has its tables and every month its vectors."""
    budget = releases.budget
    lines: list[PlanLine] = []
    standings: dict[str, float] = {}
    owners: dict[str, str] = {}
    for name, statement in releases.tables.items():
        mechanism = mechanism_of(statement)
        counted = mechanism.counts_sigma
        scales = {
            part.name: sqrt(part.sigma**2 + (part.centre * counted) ** 2) / ONE / statement.measures[part.name].per
            for part in mechanism.sums
        }
        told, times = mechanism.threshold / ONE, times_within(statement, budget.days)
        delta = statement.threshold_delta or 0.0
        spend = spend_of(statement) if statement.allowance is None else allowance_spend(name, statement)
        standing = spend.standing
        if spend.family is not None:
            standings[spend.family] = max(standing, standings.get(spend.family, 0.0))
            owners[name] = spend.family
        words = (statement.title, unit_of(statement), keys_of(statement), bounds_of(statement))
        figures = _figures(times, spend.mu, budget.delta, delta, standing)
        lines.append(PlanLine(name, *figures, scales, *words, told, times * delta, standing))
    for name, vector in releases.vectors.items():
        scale = part_scale(vector)
        mu = sqrt(vector.parts) * mu_of(vector.norm * vector.resolution, scale)
        figures = _figures(periods(budget), mu, budget.delta)
        bounds = f"L2 norm {vector.norm:g}, {vector.parts} parts"
        words = (vector.title, "account", "known, columns of a vector", bounds)
        lines.append(PlanLine(name, *figures, {"sums": scale / vector.resolution}, *words, 0.0, 0.0))
    if releases.factors is not None:
        factors = releases.factors
        times = max(1, periods(budget) // factors.months)
        words = (factors.title, "account", "known, the catalogue's", "one row of the matrix of L2 norm 1, and counts")
        lines.append(PlanLine(FACTORS, *_figures(times, factors.mu, budget.delta), {}, *words, 0.0, 0.0))

    def together(names: Collection[str]) -> float:
        """The epsilon of a year of some releases; what several may have saved up in common is in it once."""
        counted = [line for line in lines if line.name in names]
        saved = {owners[name]: standings[owners[name]] for name in names if name in owners}
        year = fsum([*(line.times_a_year * line.mu**2 for line in counted), *saved.values()])
        return epsilon_of(sqrt(year), budget.delta, sum(line.threshold_delta for line in counted))

    families = tuple(
        FamilyLine(
            name,
            family.title,
            family.members,
            family.share,
            together(family.members),
            epsilon_of(sqrt(squared_share(budget, name)), budget.delta),
            0.0 if family.allowance is None else epsilon_of(family.allowance.mu, budget.delta),
        )
        for name, family in budget.families.items()
    )
    return Plan(
        tuple(lines), budget.delta, together([line.name for line in lines]), budget.epsilon, budget.days, families
    )


def _figures(
    times: int, mu: float, delta: float, threshold_delta: float = 0.0, standing: float = 0.0
) -> tuple[int, float, float, float]:
    once, year = (epsilon_of(sqrt(n * mu**2 + standing), delta, n * threshold_delta) for n in (1, times))
    return times, mu, once, year
