"""Every row that landed went somewhere, and was decided about for every purpose: to the row. Exact."""

from __future__ import annotations

from ..engines import Session, Span
from .finding import Finding, exact

_LANDED = """
select source, count(*) filter (where landed <> gone) as wrong
from (
  select arrival_day, source,
    sum(case when stage = 'landed' then rows else 0 end) as landed,
    sum(case when stage in ('accepted', 'duplicate', 'superseded', 'quarantined', 'dropped') then rows else 0 end)
      as gone
  from landing_accounting
  group by arrival_day, source
) as days
group by source
order by source
"""

_DECIDED = """
with accepted as (
  select arrival_day, source, sum(rows) as rows
  from landing_accounting where stage = 'accepted' group by arrival_day, source
),
decided as (
  select arrival_day, source, substr(stage, strpos(stage, '/') + 1) as purpose, sum(rows) as rows
  from decision_accounting group by arrival_day, source, substr(stage, strpos(stage, '/') + 1)
)
select decided.source as source, count(*) filter (where decided.rows <> coalesce(accepted.rows, 0)) as wrong
from decided
left join accepted on decided.arrival_day = accepted.arrival_day and decided.source = accepted.source
group by decided.source
order by decided.source
"""


def check_balance(session: Session, span: Span) -> list[Finding]:
    """By source: on how many days of the span the rows do not add up. Tables that were not made yet are left out."""
    findings = []
    for check, sql, tables in (
        ("rows_landed", _LANDED, ("landing_accounting",)),
        ("rows_decided", _DECIDED, ("landing_accounting", "decision_accounting")),
    ):
        if all(session.lake.has(table) for table in tables):
            found = session.engine.fetch(sql, {table: session.folder(table, span.days) for table in tables})
            findings += [exact(check, row["source"], float(row["wrong"]), 0.0) for row in found.to_pylist()]
    return findings
