"""What a summary holds: a release in figures, as the release report and the end of `make run` show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class PurposeRows:
    """Accepted rows of one purpose: used, withheld by reason, and whether the policy shows it any of them at all."""

    purpose: str
    title: str
    used: int
    withheld: Mapping[str, int]
    sees_rows: bool


@dataclass(frozen=True)
class TableSummary:
    """One table: rows, days, and its cost: `epsilon` for a `unit` a release, `epsilon_year` for an account-year."""

    name: str
    access: str
    purpose: str | None
    rows: int
    days: int
    first_day: str | None
    last_day: str | None
    releases: int
    unit: str | None
    epsilon: float | None
    epsilon_year: float | None
    delta: float | None
    expires_at: str | None


@dataclass(frozen=True)
class Metric:
    """A figure of model quality with its 95 % interval, where it has one."""

    model: str
    protocol: str
    metric: str
    k: int
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Reranked:
    """What lists of weekly_discovery are like: (mean, low, high) by metric; `calibration` None: not re-ranked."""

    calibration: float | None
    figures: dict[str, tuple[float, float, float]]


@dataclass(frozen=True)
class Exposed:
    """A group of titles: (share, low, high) of recommended plays and of watching, and the gap; None: too few."""

    facet: str
    name: str
    figures: dict[str, tuple[float, float, float]] | None


@dataclass(frozen=True)
class Exposure:
    """The month that plays were counted in; groups; and creators: led to more than watched and less, by intervals that
    do not reach 0, neither, and under the minimum audience."""

    period: str
    groups: tuple[Exposed, ...]
    creators: dict[str, int]


@dataclass(frozen=True)
class Tried:
    """A recipe that was before the promotion gate: what became of it, and why."""

    kind: str
    outcome: str
    reason: str


@dataclass(frozen=True)
class Finding:
    """One check that failed."""

    name: str
    table: str
    severity: str
    unexpected: int
    total: int


@dataclass(frozen=True)
class ColumnFinding:
    """A column that looked personal: on how many of the run's days, and the highest share of a day's sample."""

    source: str
    column: str
    declared: bool
    kind: str
    proposed_class: str
    share: float
    days: int


@dataclass(frozen=True)
class Store:
    """For how long something stored is kept, and whether anything in it is overdue; how much it is, is not told."""

    name: str
    category: str
    window_days: int | None
    oldest_day: str | None
    ok: bool


@dataclass(frozen=True)
class HandedOver:
    """What a recipient was handed for a purpose. people: at most so many in one table; None where too few to tell."""

    recipient: str
    purpose: str
    tables: str
    disclosures: int
    people: int | None
    last_day: str


@dataclass(frozen=True)
class Summary:
    """Everything in words and numbers; no value of any person. `landing` counts rows of the run's days by stage."""

    release_id: str
    as_of: str
    first_day: str
    last_day: str
    landing: Mapping[str, int]
    quarantined: Mapping[str, int]
    unreadable_files: int
    findings: tuple[ColumnFinding, ...]
    purposes: tuple[PurposeRows, ...]
    tables: tuple[TableSummary, ...]
    left_out: Mapping[str, str]
    epsilon_year: float | None
    epsilon_cap: float
    delta: float
    metrics: tuple[Metric, ...]
    reranked: tuple[Reranked, ...]
    exposure: Exposure | None
    tried: tuple[Tried, ...]
    checks: int
    failed: tuple[Finding, ...]
    audits: int
    audits_failed: int
    kept: tuple[Store, ...]
    handed_over: tuple[HandedOver, ...]
    places: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Plain data for `json.dumps`."""
        return asdict(self)
