"""Charges: the table of the budget ledger, its lines as values, and what the charges of some days add up to."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import sqlalchemy as sa

METADATA = sa.MetaData()
CHARGES = sa.Table(
    "privacy_charges",
    METADATA,
    sa.Column("charge_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("partition", sa.String(200), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("day", sa.Date, nullable=False, index=True),
    sa.Column("unit", sa.String(40), nullable=False),
    sa.Column("mechanism", sa.Text, nullable=False),
    sa.Column("bounds", sa.Text, nullable=False),
    sa.Column("mu", sa.Float, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=True),
    sa.Column("threshold_delta", sa.Float, nullable=False, server_default="0"),
    sa.Column("reason", sa.Text, nullable=True),
    sa.Column("superseded_by", sa.Integer, nullable=True),
    sa.Column("family", sa.String(240), nullable=True),
    sa.Column("standing", sa.Float, nullable=False, server_default="0"),
    sa.UniqueConstraint("name", "partition", "attempt"),
)
STANDS = sa.and_(CHARGES.c.sha256.is_not(None), CHARGES.c.superseded_by.is_(None))
# The database itself holds that of nothing two releases stand, whoever writes to it.
sa.Index(
    "privacy_one_release_stands",
    CHARGES.c.name,
    CHARGES.c.partition,
    unique=True,
    sqlite_where=STANDS,
    postgresql_where=STANDS,
)


@dataclass(frozen=True)
class Spend:
    """What a release costs and why: for which unit, the mechanism and the bounds in words, its mu, and the probability
    of telling a key that is one account's alone, where keys are not known beforehand.

    The unit is account-day where the release is made of one day's events, account where it is made of more. Charges of
    a `family` cost an account `standing` (squared mu) at most beyond the sum of their squared mus, whichever of them
    are looked at, as long as they follow one another.
    """

    unit: str
    mechanism: str
    bounds: str
    mu: float
    threshold_delta: float = 0.0
    family: str | None = None
    standing: float = 0.0


@dataclass(frozen=True)
class Charge:
    """One line of the ledger. `sha256` is the digest of the stored release; None: nothing came of the charge.

    `reason` says why it was to supersede the release before it; `superseded_by` is the charge of the one after it.
    """

    charge_id: int
    name: str
    partition: str
    attempt: int
    day: date
    spend: Spend
    sha256: str | None
    reason: str | None = None
    superseded_by: int | None = None


def outcome(charge: Charge) -> str:
    """What came of a charge, in a word."""
    if charge.sha256 is None:
        return "wasted"
    return "released" if charge.superseded_by is None else "superseded"


SQUARE = CHARGES.c.mu * CHARGES.c.mu
_ALL = sa.true()


def sums(connection: sa.Connection, column: Any, first: date, last: date, of: Any = _ALL) -> dict[date, float]:
    """Sum of what the charges of each day cost in a column, both ends included; `of` some of them."""
    days = sa.select(CHARGES.c.day, sa.func.sum(column)).where(CHARGES.c.day.between(first, last), of)
    return {day: float(total) for day, total in connection.execute(days.group_by(CHARGES.c.day))}


def standing_charges(
    connection: sa.Connection, first: date, last: date, of: Any = _ALL
) -> dict[date, dict[str, float]]:
    """Standing charges by day and whose allowance it is, both ends included; `of` some of them."""
    columns = (CHARGES.c.day, CHARGES.c.family, sa.func.max(CHARGES.c.standing))
    query = sa.select(*columns).where(CHARGES.c.day.between(first, last), CHARGES.c.family.is_not(None), of)
    found: dict[date, dict[str, float]] = {}
    for day, family, standing in connection.execute(query.group_by(CHARGES.c.day, CHARGES.c.family)):
        found.setdefault(day, {})[family] = float(standing)
    return found


def charge_of(row: Any) -> Charge:
    """A row of the table as a line of the ledger."""
    spend = Spend(**{each.name: row[each.name] for each in fields(Spend)})
    return Charge(**{each.name: row[each.name] for each in fields(Charge) if each.name != "spend"}, spend=spend)
