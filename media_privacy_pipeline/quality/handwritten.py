"""What contracts cannot say: intervals around their measure, gapless ranks, whole domains, balanced accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..sql import Access, Contract, PrivacyClass, ProtectedBy
from .spec import ExpectationSpec, quoted

PSEUDONYMS = ("viewer_key", "account_key", "account_ref", "profile_ref", "subject_ref")
"""Columns that hold keyed pseudonyms: 128 bits in hexadecimal (keys.pseudonym)."""


def handwritten(contract: Contract, contracts: Mapping[str, Contract]) -> Iterator[ExpectationSpec]:
    """The expectations that follow from what a table is rather than from one column's contract."""
    yield from _intervals(contract)
    yield from _pseudonyms(contract)
    if contract.meta.access is not Access.internal:
        yield _no_identifier(contract, contracts)
    if contract.meta.protected_by is ProtectedBy.dp and "day" in contract.types and len(contract.meta.grain) > 1:
        yield _whole_domain(contract)
    yield from _BY_TABLE.get(contract.name, ())


def _intervals(contract: Contract) -> Iterator[ExpectationSpec]:
    for name in contract.types:
        for side in ("low", "high"):
            bound = f"{name}_{side}"
            if bound in contract.types:
                above, below = (name, bound) if side == "low" else (bound, name)
                yield ExpectationSpec(
                    f"{bound}_holds_{name}",
                    "at_least",
                    {"column_A": above, "column_B": below},
                    meaning=f"{name} lies within its interval.",
                )


def _pseudonyms(contract: Contract) -> Iterator[ExpectationSpec]:
    for name in PSEUDONYMS:
        if name in contract.types:
            yield ExpectationSpec(
                f"{name}_is_keyed",
                "regex",
                {"column": name, "regex": "^[0-9a-f]{32}$"},
                meaning="A keyed pseudonym, and not an id that slipped through.",
            )


def _no_identifier(contract: Contract, contracts: Mapping[str, Contract]) -> ExpectationSpec:
    """Columns that are an identifier anywhere, minus those that this table itself declares public under that name."""
    banned = {PrivacyClass.direct_identifier}
    if contract.meta.access is Access.open:
        banned.add(PrivacyClass.pseudonym)
    declared_public = {c.name for c in contract.columns if c.privacy is PrivacyClass.public}
    names = {c.name for other in contracts.values() for c in other.columns if c.privacy in banned}
    own = {c.name for c in contract.columns if c.privacy in banned}
    return ExpectationSpec(
        "no_identifier",
        "schema",
        {"absent": sorted((names - declared_public) | own)},
        meaning="No column that identifies a person, by its name or by its class.",
    )


def _whole_domain(contract: Contract) -> ExpectationSpec:
    """A cell that was published once is there on every later day: no cell is left out because nobody was in it."""
    table, keys = contract.name, ", ".join(quoted(key) for key in contract.meta.grain if key != "day")
    sql = f"""
        with cells as (select {keys}, min(day) as first_day from {table} group by {keys}),
        days as (select day, count(*) as cells from {table} group by day),
        wanted as (
            select days.day, count(*) as cells
            from days join cells on cells.first_day <= days.day
            group by days.day
        )
        select cast(coalesce(sum(abs(wanted.cells - days.cells)), 0) as bigint) as unexpected,
               cast(coalesce(sum(wanted.cells), 0) as bigint) as total
        from days join wanted on wanted.day = days.day"""
    return ExpectationSpec(
        "whole_domain", "query", {"sql": sql, "inputs": []}, meaning="Every day holds every cell of the domain."
    )


_RANKS = """
    with viewers as (
        select viewer_key, min(rank) as lowest, max(rank) as highest, count(*) as n, count(distinct rank) as ranks
        from recommendations group by viewer_key
    )
    select cast(count(*) filter (where lowest <> 1 or highest <> n or ranks <> n) as bigint) as unexpected,
           cast(count(*) as bigint) as total
    from viewers"""

_LANDED = """
    with days as (
        select arrival_day, source,
               coalesce(sum(rows) filter (where stage = 'landed'), 0) as landed,
               coalesce(sum(rows) filter (
                   where stage in ('accepted', 'duplicate', 'superseded', 'quarantined', 'dropped')), 0) as told
        from row_accounting group by arrival_day, source
    )
    select cast(count(*) filter (where landed <> told) as bigint) as unexpected, cast(count(*) as bigint) as total
    from days"""

_DECIDED = """
    with decisions as (
        select arrival_day, source, regexp_replace(stage, '^[a-z]+/', '') as purpose, rows
        from row_accounting where stage like 'used/%' or stage like 'withheld/%'
    ),
    told as (
        select arrival_day, source, purpose, sum(rows) as rows from decisions group by arrival_day, source, purpose
    ),
    decided as (select distinct source, purpose from decisions),
    days as (
        select arrival_day, source, coalesce(sum(rows) filter (where stage = 'accepted'), 0) as accepted
        from row_accounting group by arrival_day, source
    ),
    compared as (
        select days.accepted, coalesce(told.rows, 0) as told
        from days
        join decided on decided.source = days.source
        left join told
            on told.arrival_day = days.arrival_day and told.source = days.source and told.purpose = decided.purpose
    )
    select cast(count(*) filter (where accepted <> told) as bigint) as unexpected, cast(count(*) as bigint) as total
    from compared"""

_OVERDUE = """
    select cast(count(*) filter (where not ok) as bigint) as unexpected, cast(count(*) as bigint) as total
    from retention_proof"""

_ONE_WEEK = """
    select
        cast(count(*) filter (
            where week <> (select min(week) from weekly_discovery) or date_diff('day', date '1970-01-05', week) % 7 <> 0
        ) as bigint) as unexpected,
        cast(count(*) as bigint) as total
    from weekly_discovery"""

_BY_TABLE: Mapping[str, tuple[ExpectationSpec, ...]] = {
    "recommendations": (
        ExpectationSpec(
            "ranks_without_gap", "query", {"sql": _RANKS, "inputs": []}, meaning="Each viewer's ranks are 1 to n."
        ),
        ExpectationSpec(
            "title_once_a_viewer",
            "unique_together",
            {"column_list": ["viewer_key", "title_id"]},
            meaning="No title is recommended to a viewer twice.",
        ),
    ),
    "weekly_discovery": (
        ExpectationSpec(
            "title_once_a_viewer",
            "unique_together",
            {"column_list": ["viewer_key", "title_id"]},
            meaning="No title is shown to a viewer twice in a week.",
        ),
        ExpectationSpec(
            "one_week",
            "query",
            {"sql": _ONE_WEEK, "inputs": []},
            meaning="All lists are of one ISO week, which begins on a Monday.",
        ),
    ),
    "row_accounting": (
        ExpectationSpec(
            "landed_balances",
            "query",
            {"sql": _LANDED, "inputs": []},
            meaning="landed = accepted + duplicate + superseded + quarantined + dropped, for each day and source.",
        ),
        ExpectationSpec(
            "decided_balances",
            "query",
            {"sql": _DECIDED, "inputs": []},
            meaning="accepted = used + withheld, for each day, source and purpose.",
        ),
    ),
    "retention_proof": (
        ExpectationSpec(
            "nothing_overdue",
            "query",
            {"sql": _OVERDUE, "inputs": []},
            meaning="Nothing that is stored is past the window that the policy gives it, but for legal holds.",
        ),
    ),
    "audit_findings": (
        ExpectationSpec("low_below_estimate", "at_least", {"column_A": "estimate", "column_B": "low"}),
        ExpectationSpec("estimate_below_high", "at_least", {"column_A": "high", "column_B": "estimate"}),
    ),
}
