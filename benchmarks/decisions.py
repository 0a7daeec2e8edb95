"""`python -m benchmarks.decisions`: the consent decision of every event for three purposes, against a plain join.

Both sides read the same lake folders with the same engine and count the same events by purpose and outcome. The plain
side joins events to the stretches of each purpose by account, profile and time, and knows of nothing else. Ours decides
by all eight rules: subjects, private sessions, hidden titles, devices, windows and forms too.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from media_privacy_pipeline.consent import steps as consent
from media_privacy_pipeline.consent.rules import purpose_rules
from media_privacy_pipeline.engines import Engine, Folder, Input, Session, Span
from media_privacy_pipeline.landing import steps as landing
from media_privacy_pipeline.landing.sources import SOURCES
from media_privacy_pipeline.settings import Settings

from .nightly import keep, machine
from .zones import FIRST_DAY, zone_of

PURPOSES = ("analytics", "personalisation", "training")
GOAL = 1.5
_SPANS = """
select u.account_id, u.profile_id, s.purpose, s.valid_from, s.valid_until, s.letter
from consent_spans as s join subjects as u on u.subject_no = s.subject_no
where s.device_id = '' and s.purpose in ('analytics', 'personalisation', 'training')"""
_PLAIN = """
select s.purpose, s.letter, count(*) as events
from accepted_viewing_events as e
join plain_spans as s
    on s.account_id = e.account_id and s.profile_id = e.profile_id
    and e.started_at >= s.valid_from and e.started_at < s.valid_until
group by s.purpose, s.letter"""
_TYPES = {
    "account_id": "varchar",
    "profile_id": "varchar",
    "purpose": "varchar",
    "valid_from": "timestamp",
    "valid_until": "timestamp",
    "letter": "varchar",
}


def prepared(zone: Path, work: Path, days: int) -> tuple[Session, Span]:
    """A home with everything that a decision rests on."""
    home = work / "home-decisions"
    shutil.rmtree(home, ignore_errors=True)
    home.with_name(f"{home.name}.keys").unlink(missing_ok=True)
    session = Session(Settings(landing=zone, home=home))
    span = Span.of(FIRST_DAY, FIRST_DAY + timedelta(days=days - 1))
    for source in SOURCES:
        landing.accept(session, span, source)
    for step in (consent.update_ledger, consent.identify, consent.timeline):
        step(session, span)
    return session, span


def sides(session: Session, span: Span, work: Path) -> dict[str, tuple[str, Mapping[str, Input]]]:
    """Text and inputs of both sides."""
    name = "int_consent__decided"
    stored = {"consent_spans": session.folder("consent_spans"), "subjects": session.folder("subjects")}
    spans = work / "plain_spans.parquet"
    pq.write_table(session.engine.fetch(_SPANS, stored), spans)
    events = session.folder("accepted_viewing_events")
    decided = session.project.render(name, consent.clock(span.as_of))
    ours = f"select d.purpose, d.reason, sum(d.events) as events from ({decided}) as d group by d.purpose, d.reason"
    rules = purpose_rules(session.policy)
    inputs: dict[str, Input] = {table: session.folder(table) for table in session.project.sources(name)}
    inputs["purpose_rules"] = rules.filter(pc.is_in(rules["purpose"], pa.array(PURPOSES)))
    return {
        "plain": (_PLAIN, {"accepted_viewing_events": events, "plain_spans": Folder(work, [spans], _TYPES)}),
        "ours": (ours, inputs),
    }


def compared(engine: Engine, asked: Mapping[str, tuple[str, Mapping[str, Input]]], repeats: int) -> dict[str, float]:
    """Median seconds of each side, in turn, after one run of each that does not count."""
    seconds: dict[str, list[float]] = {side: [] for side in asked}
    for turn in range(repeats + 1):
        for side, (sql, inputs) in asked.items():
            took = _seconds(lambda sql=sql, inputs=inputs: engine.fetch(sql, inputs))
            seconds[side] += [took] if turn else []
    return {side: statistics.median(taken) for side, taken in seconds.items()}


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and keep the figures."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decisions", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--days", type=int, default=30, help="arrival days")
    parser.add_argument("--work", type=Path, default=here / "work", help="where zones are kept and the home is made")
    parser.add_argument("--repeats", type=int, default=3, help="of each side, in turn; the median counts")
    parser.add_argument("--spark", action=argparse.BooleanOptionalAction, default=True, help="measure Spark, too")
    parser.add_argument("--keep", action=argparse.BooleanOptionalAction, default=True, help="write README.md")
    chosen = parser.parse_args(arguments)
    work = chosen.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    session, span = prepared(zone_of(work, chosen.events, chosen.days), work, chosen.days)
    asked = sides(session, span, work)
    found = {"DuckDB": compared(session.engine, asked, chosen.repeats)}
    if chosen.spark:
        from media_privacy_pipeline.engines.spark import SparkEngine

        found["Spark"] = compared(SparkEngine(work / "spark"), asked, chosen.repeats)
    lines = [f"| | plain join, s | {len(PURPOSES)} purposes decided, s | ratio |", "|---|---:|---:|---:|"]
    for engine, took in found.items():
        lines.append(
            f"| {engine} | {took['plain']:.2f} | {took['ours']:.2f} | **{took['ours'] / took['plain']:.2f}** |"
        )
    met = all(took["ours"] / took["plain"] < GOAL for took in found.values())
    text = "\n".join([machine(), "", *lines, "", f"Goal: under {GOAL:g} on each: {'met' if met else '**missed**'}."])
    print(text)
    if chosen.keep:
        keep(text, "decisions")
    session.close()
    shutil.rmtree(session.settings.home)


if __name__ == "__main__":
    main(sys.argv[1:])
