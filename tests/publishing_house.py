"""A tiny house with a table of each kind, whose every row carries the generation it was made in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from multiprocessing.synchronize import Event
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.keys import pseudonym
from media_privacy_pipeline.privacy import Charge
from media_privacy_pipeline.privacy.charges import Spend
from media_privacy_pipeline.published import steps
from media_privacy_pipeline.published.evidence import Code, Evidence
from media_privacy_pipeline.published.gate import Verdict
from media_privacy_pipeline.settings import Settings

CONTRACTS = """
version: 2
models:
  - name: accepted_titles
    description: The catalogue.
    meta: {group: landing, grain: [title_id]}
    columns:
      - {name: title_id, data_type: varchar, description: Id., meta: {privacy: public}}
      - {name: title, data_type: varchar, description: Name., meta: {privacy: public}}
  - name: title_daily
    description: Noisy plays.
    meta: {group: anonymised, access: open, protected_by: dp, partition_by: day, grain: [day, title_id]}
    columns:
      - {name: day, data_type: date, description: Day., data_tests: [not_null]}
      - {name: title_id, data_type: varchar, description: Title., data_tests: [not_null]}
      - {name: plays, data_type: double, description: Plays., data_tests: [not_null]}
      - {name: plays_low, data_type: double, description: Low.}
      - {name: plays_high, data_type: double, description: High.}
  - name: recommendations
    description: Recommendations.
    meta: {group: models, access: restricted, purpose: personalisation, grain: [viewer_key, rank]}
    columns:
      - {name: viewer_key, data_type: varchar, description: Viewer., meta: {privacy: pseudonym}}
      - {name: rank, data_type: integer, description: Rank., meta: {privacy: behaviour}}
      - {name: title_id, data_type: varchar, description: Title., meta: {privacy: behaviour}}
      - {name: generation, data_type: bigint, description: Generation., meta: {privacy: behaviour}}
  - name: row_accounting
    description: Counts.
    meta: {group: published, access: open, protected_by: accounting, grain: [arrival_day, source, stage, reason]}
    columns:
      - {name: arrival_day, data_type: date, description: Day.}
      - {name: source, data_type: varchar, description: Source.}
      - {name: stage, data_type: varchar, description: Stage.}
      - {name: reason, data_type: varchar, description: Reason.}
      - {name: rows, data_type: bigint, description: Rows.}
  - name: column_findings
    description: Columns that look personal.
    meta: {group: landing, grain: [arrival_day, source, column_name, kind]}
    columns:
      - {name: arrival_day, data_type: date, description: Day., meta: {privacy: public}}
      - {name: source, data_type: varchar, description: Source., meta: {privacy: public}}
      - {name: column_name, data_type: varchar, description: Column., meta: {privacy: public}}
      - {name: declared, data_type: boolean, description: Declared., meta: {privacy: public}}
      - {name: kind, data_type: varchar, description: Kind., meta: {privacy: public}}
      - {name: proposed_class, data_type: varchar, description: Class., meta: {privacy: public}}
      - {name: share, data_type: double, description: Share., meta: {privacy: public}}
  - name: audit_findings
    description: Findings.
    meta: {group: published, access: open, grain: [run_day, check, target]}
    columns:
      - {name: run_day, data_type: date, description: Day., meta: {privacy: public}}
      - {name: check, data_type: varchar, description: Check., meta: {privacy: public}}
      - {name: target, data_type: varchar, description: Target., meta: {privacy: public}}
      - {name: estimate, data_type: double, description: Estimate., meta: {privacy: public}}
      - {name: low, data_type: double, description: Low., meta: {privacy: public}}
      - {name: high, data_type: double, description: High., meta: {privacy: public}}
      - {name: limit, data_type: double, description: Limit., meta: {privacy: public}}
      - {name: passed, data_type: boolean, description: Passed., meta: {privacy: public}}
"""

FIRST, SECOND = date(2024, 1, 1), date(2024, 1, 2)
VIEWERS = [pseudonym(b"k" * 32, str(n)) for n in range(3)]


def write_contracts(folder: Path) -> None:
    (folder / "contracts").mkdir(parents=True)
    (folder / "contracts" / "all.yml").write_text(CONTRACTS)


def span(last: date = SECOND) -> Span:
    return Span.of(FIRST, last)


def put(session: Session, table: str, rows: dict[str, Sequence[object]], **types: pa.DataType) -> None:
    """Make a snapshot hold these rows."""
    with session.lake.write(table, repr(rows)) as staging:
        pq.write_table(pa.table({n: pa.array(v, types.get(n)) for n, v in rows.items()}), staging / "part-0.parquet")


def put_day(session: Session, day: date, plays: Sequence[float]) -> None:
    """Release one day of title_daily."""
    titles = [f"t{n}" for n in range(len(plays))]
    with session.lake.write("title_daily", f"{day}{plays}", [day], by="day") as staging:
        folder = staging / f"day={day}"
        folder.mkdir()
        low, high = [n - 1 for n in plays], [n + 1 for n in plays]
        rows = pa.table({"title_id": titles, "plays": plays, "plays_low": low, "plays_high": high})
        pq.write_table(rows, folder / "part-0.parquet")


def put_recommendations(session: Session, generation: int, viewers: Sequence[str] = VIEWERS) -> None:
    n = len(viewers)
    rows = {"viewer_key": viewers, "rank": [1] * n, "title_id": ["t1"] * n, "generation": [generation] * n}
    put(session, "recommendations", rows, rank=pa.int32())


def put_accounting(session: Session, used: int = 8) -> None:
    stages = ["landed", "accepted", "duplicate", "used/analytics", "withheld/analytics"]
    reasons = ["", "", "", "", "unknown"]
    rows = [11, 10, 1, used, 10 - used]
    put(
        session,
        "row_accounting",
        {
            "arrival_day": [FIRST] * 5,
            "source": ["viewing_events"] * 5,
            "stage": stages,
            "reason": reasons,
            "rows": rows,
        },
    )


def put_audit(session: Session, run_day: date = SECOND, *, passed: bool = True) -> None:
    rows: dict[str, Sequence[object]] = {"run_day": [run_day], "check": ["sensitivity"], "target": ["title_daily"]}
    rows |= {"estimate": [0.5], "low": [0.1], "high": [0.9], "limit": [1.0], "passed": [passed]}
    put(session, "audit_findings", rows)


def put_all(session: Session, generation: int = 1) -> None:
    put_day(session, FIRST, [1.0, float(generation)])
    put_recommendations(session, generation)
    put_accounting(session)
    put_audit(session)


def write_generations(home: Path, sql: Path, first: int, ready: Event) -> None:
    """Publish one generation after another until killed. The gate's own look is left out: it writes nothing."""
    house = House()
    steps.gather = house.gather  # type: ignore[assignment]
    steps.verify = lambda *_: Verdict((), ())  # type: ignore[assignment]
    for generation in range(first, first + 1_000_000):
        session = Session(Settings(home=home, keys=home.with_suffix(".keys"), sql=sql))
        put_all(session, generation)
        steps.candidate(session, span())
        steps.publish(session, span())
        ready.set()


@dataclass
class House:
    """What the other rooms would say; a test changes it."""

    paid: set[date] = field(default_factory=lambda: {FIRST, SECOND, date(2024, 1, 3)})
    refusals: dict[Code, str] = field(default_factory=dict)
    standing: Collection[str] = tuple(VIEWERS)
    seq: int = 1

    def gather(self, session: Session, span: Span) -> Evidence:
        spend = Spend("account-day", "gaussian", "one", 0.05)
        charges = [
            Charge(n, "title_daily", day.isoformat(), 1, day, spend, "00") for n, day in enumerate(sorted(self.paid))
        ]
        return Evidence(
            charges, {"rows": self.seq, "seq": self.seq, "hash": "h"}, self.refusals, lambda _: self.standing
        )
