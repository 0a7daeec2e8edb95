"""What a year of releases would cost before anything runs: the figures that a privacy officer signs."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from ..release_policy import Releases
from .accountant import epsilon_of, mu_of
from .mechanism import mechanism_of
from .vector import part_scale, periods
from .weights import ONE


@dataclass(frozen=True)
class PlanLine:
    """One release: its cost to one account, once and over a year, and the noise on what is published.

    scales: standard deviation of the noise of each measure before debiasing, in the measure's unit.
    """

    name: str
    times_a_year: int
    mu: float
    epsilon: float
    epsilon_year: float
    scales: dict[str, float]


@dataclass(frozen=True)
class Plan:
    """Every release of a policy, and what they cost an account together over the budget's days at its delta."""

    lines: tuple[PlanLine, ...]
    delta: float
    epsilon_year: float
    cap: float


def plan(releases: Releases) -> Plan:
    """What a policy's releases cost one account when every day has its tables and every month its vectors."""
    budget = releases.budget
    lines = []
    for name, statement in releases.tables.items():
        mechanism = mechanism_of(statement)
        counted = next((part.sigma for part in mechanism.sums if part.name == mechanism.counts), 0)
        scales = {
            part.name: sqrt(part.sigma**2 + (part.centre * counted) ** 2) / ONE / statement.measures[part.name].per
            for part in mechanism.sums
        }
        lines.append(_line(name, budget.days, mechanism.mu, budget.delta, scales))
    for name, vector in releases.vectors.items():
        scale = part_scale(vector)
        mu = sqrt(vector.parts) * mu_of(vector.norm * vector.resolution, scale)
        lines.append(_line(name, periods(budget), mu, budget.delta, {"sums": scale / vector.resolution}))
    year = sqrt(sum(line.times_a_year * line.mu**2 for line in lines))
    return Plan(tuple(lines), budget.delta, epsilon_of(year, budget.delta), budget.epsilon)


def _line(name: str, times: int, mu: float, delta: float, scales: dict[str, float]) -> PlanLine:
    return PlanLine(name, times, mu, epsilon_of(mu, delta), epsilon_of(mu * sqrt(times), delta), scales)
