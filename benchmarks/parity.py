"""`python -m benchmarks.parity --landing ZONE`: the whole pipeline on both engines, and all in which they differ.

Both homes have the same keys and no noise, so that every table, the consent ledger's chain, the charges, the model in
service and the outcome of every check must be the same; figures that a model learned within 1e-6. Says what each side
took, and ends with 1 where anything differs.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.orchestration.catalogue import catalogue
from media_privacy_pipeline.orchestration.days import first_and_last
from media_privacy_pipeline.quality.runner import CheckOutcome

from .nightly import machine
from .parity_homes import Audit, home_of, night, vault_for_all
from .parity_tables import Difference, differences

_LEARNING = ("models", "published")


class Side(NamedTuple):
    """One engine's night: its session, what its checks found, and its steps with the seconds of each."""

    session: Session
    checks: dict[str, CheckOutcome]
    seconds: dict[str, float]


def both(
    zone: Path, work: Path, span: Span, *, quiet: bool = True, audit: Audit | None = None, **settings: Any
) -> tuple[Side, Side]:
    """The night of a landing zone on DuckDB and on Spark, in two homes under a folder."""
    seed = home_of(work, "seed", zone, **settings)
    vault = vault_for_all(seed, span)
    seed.close()
    left, right = (
        _side(home_of(work, name, zone, engine=name, **settings), span, vault, quiet, audit)
        for name in ("duckdb", "spark")
    )
    return left, right


def _side(session: Session, span: Span, vault: Path, quiet: bool, audit: Audit | None) -> Side:
    seconds: dict[str, float] = {}
    last = time.perf_counter()

    def done(name: str) -> None:
        nonlocal last
        now = time.perf_counter()
        seconds[name], last = now - last, now
        if not quiet:
            print(f"{session.settings.engine}: {name} {seconds[name]:.1f} s", file=sys.stderr, flush=True)

    return Side(session, night(session, span, vault, done=done, audit=audit), seconds)


def compared(left: Side, right: Side) -> list[Difference]:
    """All in which two sides differ."""
    steps = catalogue(left.session.policy, left.session.project)
    learned = [table for step in steps if step.group in _LEARNING for table in step.tables]
    return list(differences(left.session, right.session, (left.checks, right.checks), learned))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both sides, print what they took and what differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parity", description=__doc__)
    parser.add_argument("--landing", type=Path, required=True, help="the landing zone")
    parser.add_argument("--from", dest="first", type=date.fromisoformat, help="first arrival day; the earliest landed")
    parser.add_argument("--to", dest="last", type=date.fromisoformat, help="last arrival day; the latest landed")
    parser.add_argument("--work", type=Path, help="where the homes are made and left; a temporary folder otherwise")
    parser.add_argument("--memory-limit", default="2GB", help="of either engine")
    parser.add_argument("--policy", type=Path, help="the policy; the packaged one")
    parser.add_argument("--spark-master", default="local[2]")
    parser.add_argument("--audit-size", default="small", help="small or full: what the audit draws is not compared")
    chosen = parser.parse_args(arguments)
    landed = first_and_last(chosen.landing)
    span = Span.of(chosen.first or landed[0], chosen.last or landed[1])
    work = chosen.work or Path(tempfile.mkdtemp(prefix="parity-"))
    work.mkdir(parents=True, exist_ok=True)
    try:
        left, right = both(
            chosen.landing.resolve(),
            work.resolve(),
            span,
            quiet=False,
            memory_limit=chosen.memory_limit,
            policy=chosen.policy,
            spark_master=chosen.spark_master,
            audit_size=chosen.audit_size,
        )
        found = compared(left, right)
        print(_told(left, right, found))
    finally:
        if chosen.work is None:
            shutil.rmtree(work)
    return 1 if found else 0


def _told(left: Side, right: Side, found: Sequence[Difference]) -> str:
    rows = sum(left.session.lake.rows(table) for table in left.session.lake.tables())
    tables = len(left.session.lake.tables())
    lines = [machine(), "", "| step | DuckDB, s | Spark, s |", "|---|---:|---:|"]
    lines += [
        f"| {name} | {took:.1f} | {right.seconds.get(name, 0.0):.1f} |"
        for name, took in left.seconds.items()
        if not name.startswith("check ")
    ]
    checks = [sum(took for name, took in side.seconds.items() if name.startswith("check ")) for side in (left, right)]
    lines.append(f"| {len(left.checks)} checks | {checks[0]:.1f} | {checks[1]:.1f} |")
    lines.append(f"| in all | {sum(left.seconds.values()):.1f} | {sum(right.seconds.values()):.1f} |")
    lines += ["", f"{tables} tables of {rows:,} rows, {len(left.checks)} checks; {len(found)} differences"]
    return "\n".join([*lines, *(f"* {each.place}: {each.what}" for each in found)])


if __name__ == "__main__":
    sys.exit(main())
