"""What a run ends with, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from ..reports.summary_parts import Metric, Summary, TableSummary

_HEADLINE = ("ndcg", 10)


def told(found: Summary, home: Path, landing: Path) -> Iterator[str]:
    """Lines for a person: rows, tables and their cost, model quality, checks, and where to look next."""
    yield f"Release {found.release_id}, {found.first_day} to {found.last_day}, as of {found.as_of} UTC"
    yield ""
    yield "Rows"
    yield _row("landed", found.landing["landed"])
    for stage in ("accepted", "duplicate", "superseded", "dropped"):
        if found.landing[stage]:
            yield _row(stage, found.landing[stage])
    yield _row("quarantined", found.landing["quarantined"], _reasons(found.quarantined))
    if found.unreadable_files:
        yield _row("unreadable files", found.unreadable_files)
    for each in found.findings:
        what = "declared, and its class says otherwise" if each.declared else "undeclared, not stored"
        yield f"  {each.source}.{each.column} looks like {each.kind} ({each.share:.0%} of a sample; {what})"
    yield ""
    yield "Used and withheld, by purpose"
    for purpose in found.purposes:
        if purpose.sees_rows:
            withheld = sum(purpose.withheld.values())
            why = _reasons(purpose.withheld)
            yield f"  {purpose.purpose:<18}{purpose.used:>12,} used {withheld:>12,} withheld{why}"
    blind = [purpose.purpose for purpose in found.purposes if not purpose.sees_rows]
    if blind:
        yield f"  the policy shows no rows to: {', '.join(blind)}"
    yield ""
    yield "Tables"
    for table in sorted(found.tables, key=lambda each: (each.access, each.name)):
        yield _table(table)
    for name, why in sorted(found.left_out.items()):
        yield f"  without {name}: {why}"
    spent = 0.0 if found.epsilon_year is None else found.epsilon_year
    yield f"  spent this year: epsilon {spent:.2f} of {found.epsilon_cap:.2f} at delta {found.delta:g}, per account"
    yield ""
    yield "Models"
    headline = [metric for metric in found.metrics if (metric.metric, metric.k) == _HEADLINE]
    yield from map(_metric, headline)
    if not headline:
        yield "  not measured: too few viewers with titles on both sides of the split"
    yield ""
    failed = f", {len(found.failed)} of them failed without blocking" if found.failed else ", all passed"
    yield f"Checks: {found.checks}{failed}; audit: {found.audits - found.audits_failed} of {found.audits} passed"
    for check in found.failed[:5]:
        yield f"  {check.table}: {check.name}: {check.unexpected:,} of {check.total:,}"
    yield ""
    place = home if "://" not in found.places["published"] else found.places["published"]
    yield "Next"
    yield f"  report       {found.places['report']}"
    yield f"  Dagster UI   media-privacy ui --landing {landing} --home {home}"
    yield f"  terminal     media-privacy read title_daily --home {home}"
    yield f'  Python       from media_privacy_pipeline.published import open_release; r = open_release("{place}")'
    yield '               r.duckdb("title_daily"), r.pandas("title_daily"), r.arrow(...), r.spark(spark, ...)'


def _row(name: str, rows: int, more: str = "") -> str:
    return f"  {name:<18}{rows:>12,}{more}"


def _reasons(counts: Mapping[str, int]) -> str:
    told = ", ".join(f"{reason} {rows:,}" for reason, rows in list(counts.items())[:6] if rows)
    rest = sum(list(counts.values())[6:])
    return f"  ({told}{f', other {rest:,}' if rest else ''})" if told else ""


def _table(table: TableSummary) -> str:
    whom = table.access if table.purpose is None else f"{table.access}: {table.purpose}"
    days = f"{table.days} days" if table.days else "snapshot"
    cost = "" if table.epsilon is None else f"epsilon {table.epsilon:.3g} per {table.unit}"
    return f"  {table.name:<20}{table.rows:>12,}  {days:<10}{whom:<28}{cost}".rstrip()


def _metric(metric: Metric) -> str:
    interval = "" if metric.low is None or metric.high is None else f"  ({metric.low:.3f} to {metric.high:.3f})"
    return f"  {metric.model:<26}{metric.metric}@{metric.k} {metric.value:.3f}{interval}  {metric.protocol}"
