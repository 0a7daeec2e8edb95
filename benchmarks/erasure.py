"""`python -m benchmarks.erasure`: a thousand erasures at once, against one, and against rewriting the same files.

A home is made from a simulated zone once: every input taken in, and what four purposes may use written. Each side runs
in a fresh process on a copy of it. `rewrite` reads and writes every partition that the thousand people are in, and
takes nobody out: no erasure by rewriting can cost less. Prints a table and keeps it in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from .nightly import HERE, README, machine
from .zones import FIRST_DAY, zone_of

START, END = "<!-- figures: erasure -->", "<!-- end of erasure figures -->"
_PURPOSES = ("analytics", "personalisation", "training", "fairness_audit")
_MANY = 1_000


def make_home(zone: Path, home: Path, days: int) -> None:
    """Take everything in and permit it, once."""
    from media_privacy_pipeline.consent import steps as consent
    from media_privacy_pipeline.landing import steps as landing
    from media_privacy_pipeline.landing.sources import SOURCES

    session, span = _open(home, days)
    for source in SOURCES:
        landing.accept(type(session)(session.settings.model_copy(update={"landing": zone})), span, source)
    for step in (consent.update_ledger, consent.identify, consent.timeline):
        step(session, span)
    for purpose in _PURPOSES:
        consent.permit(session, span, purpose)


def erase(home: Path, days: int, people: int) -> dict[str, float]:
    """Erase so many accounts that have something to lose, and look for them everywhere."""
    from media_privacy_pipeline.consent.erasures import Erasure
    from media_privacy_pipeline.rights.erasure.erasing import erase as carry_out
    from media_privacy_pipeline.rights.erasure.scan import scan

    session, span = _open(home, days)
    due = [Erasure(f"r-{each}", each, None, span.as_of) for each in _accounts(session, people)]
    # The engine and the contracts are read on first use, by whatever comes first.
    session.engine.fetch("select 1 as one", {})
    assert session.project.graph
    journal, took = _timed("erase", lambda: carry_out(session, span.as_of, due))
    found, looked = _timed("scan", lambda: scan(session, journal.people, range(len(journal.people.persons))))
    assert not found.found
    assert not found.unreadable
    entries = journal.every("rewrite")
    return {
        **took,
        **looked,
        "files": sum(len(entry["files"]) for entry in entries),
        "rows gone": sum(rows for entry in entries for rows in entry["rows"].values()),
        "rows rewritten": sum(file["rows_after"] for entry in entries for file in entry["files"]),
        "scanned files": found.coverage()["files"],
        "scanned bytes": found.coverage()["bytes"],
        "opened bytes": found.coverage()["opened_bytes"],
    }


def rewrite(home: Path, days: int, people: int) -> dict[str, float]:
    """Read and write every file that the same people are in, row group by row group, and nothing else."""
    import pyarrow.parquet as pq

    from media_privacy_pipeline.rights.erasure.finding import owners_of
    from media_privacy_pipeline.rights.erasure.people import People, Person
    from media_privacy_pipeline.rights.places import How, places

    session, _ = _open(home, days)
    profiles: dict[str, list[str]] = {}
    for row in session.engine.fetch("select * from subjects", {"subjects": session.folder("subjects")}).to_pylist():
        profiles.setdefault(row["account_id"], []).append(row["profile_id"])
    who = People([Person(each, None, tuple(profiles[each])) for each in _accounts(session, people)])
    files = []
    for place in places(session):
        if place.how in (How.by_account, How.by_key):
            owners = owners_of(session, place, who)
            for file in session.lake.files(place.table):
                if owners(pq.ParquetFile(file).read(list(place.columns))).null_count < pq.read_metadata(file).num_rows:
                    files.append(file)

    def run() -> None:
        for file in files:
            with (
                pq.ParquetFile(file) as source,
                pq.ParquetWriter(home / "rewritten.parquet", source.schema_arrow, compression="zstd") as writer,
            ):
                for group in range(source.num_row_groups):
                    writer.write_table(source.read_row_group(group))

    _, took = _timed("rewrite", run)
    return {**took, "files": len(files)}


def _open(home: Path, days: int) -> tuple[Any, Any]:
    from media_privacy_pipeline.engines import Session, Span
    from media_privacy_pipeline.settings import Settings

    span = Span.of(FIRST_DAY, FIRST_DAY + timedelta(days=days - 1))
    session = Session(Settings(landing=home / "landing", home=home, keys=home.parent / "erasure.keys"))
    session.settings.work.mkdir(parents=True, exist_ok=True)
    return session, span


def _accounts(session: Any, people: int) -> list[str]:
    """Accounts that have watched, scattered by their hash: the same on every call."""
    table = "accepted_viewing_events"
    sql = f"select account_id from {table} group by account_id order by md5(account_id) limit {people:d}"
    found: list[str] = session.engine.fetch(sql, {table: session.folder(table)})["account_id"].to_pylist()
    return found


def _timed(name: str, run: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = run()
    return result, {name: time.perf_counter() - wall, f"{name} cpu": time.process_time() - cpu}


def measure(side: str, home: Path, days: int, people: int) -> dict[str, float]:
    """Run one side in a fresh process, on a copy of the home; Parquet files are shared, for nobody changes one."""
    copy = home.with_name("erasure-copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(home, copy, copy_function=lambda a, b: (os.link if a.endswith(".parquet") else shutil.copy2)(a, b))
    command = [sys.executable, "-m", "benchmarks.erasure", "--side", side, "--home", str(copy)]
    command += ["--days", str(days), "--people", str(people)]
    done = subprocess.run(command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True, check=True)
    shutil.rmtree(copy)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def table(found: dict[int, dict[str, dict[str, float]]]) -> str:
    """The figures as Markdown."""
    sizes = sorted(found)
    lines = ["| seconds: wall, processor | " + " | ".join(f"{size / 1e6:g} M events" for size in sizes) + " |"]
    lines.append("|---|" + "---:|" * len(sizes))

    def row(name: str, value: Callable[[dict[str, dict[str, float]]], str]) -> None:
        lines.append(f"| {name} | " + " | ".join(value(found[size]) for size in sizes) + " |")

    def both(side: str, name: str) -> Callable[[dict[str, dict[str, float]]], str]:
        return lambda f: f"{f[side][name]:.1f}, {f[side][f'{name} cpu']:.1f}"

    def ratio(side: str, name: str) -> Callable[[dict[str, dict[str, float]]], str]:
        return lambda f: ", ".join(
            f"{f['many'][f'erase{clock}'] / f[side][f'{name}{clock}']:.2f}" for clock in ("", " cpu")
        )

    row(f"rewriting the files of {_MANY:,} people as they are", both("rewrite", "rewrite"))
    row("erasing one person", both("one", "erase"))
    row(f"erasing {_MANY:,} people at once", both("many", "erase"))
    row(f"**{_MANY:,} people to the plain rewrite**, times", ratio("rewrite", "rewrite"))
    row(f"**{_MANY:,} people to one**, times", ratio("one", "erase"))
    row("looking for one person everywhere", both("one", "scan"))
    row(f"looking for {_MANY:,} people everywhere", both("many", "scan"))
    row(
        "rows gone, of so many that had to be rewritten",
        lambda f: f"{f['many']['rows gone']:,} of {f['many']['rows rewritten'] + f['many']['rows gone']:,}",
    )
    row("files rewritten, for one and for all", lambda f: f"{f['one']['files']:,}, {f['many']['files']:,}")
    row("looked into, files", lambda f: f"{f['many']['scanned files']:,}")
    row("looked into, MB on the disk and once opened", _megabytes)
    row("peak memory of the erasure, GB", lambda f: f"{f['many']['peak'] / 1e9:.2f}")
    return "\n".join(lines)


def _megabytes(found: dict[str, dict[str, float]]) -> str:
    return ", ".join(f"{found['many'][name] / 1e6:,.0f}" for name in ("scanned bytes", "opened bytes"))


def keep(text: str) -> None:
    """Put the figures between their markers of the README."""
    before, _, rest = README.read_text().partition(START)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{START}\n{text}\n{END}{after}")


def main() -> None:
    """Measure and tell, or be one side of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.erasure", description=__doc__)
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 10_000_000], help="viewing events")
    parser.add_argument("--days", type=int, default=30, help="arrival days")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="where zones are kept and homes are made")
    parser.add_argument("--people", type=int, default=_MANY, help=argparse.SUPPRESS)
    parser.add_argument("--keep", action=argparse.BooleanOptionalAction, default=True, help="write README.md")
    parser.add_argument("--side", choices=("home", "erase", "rewrite"), help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--zone", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side == "home":
        make_home(options.zone, options.home, options.days)
        return
    if options.side is not None:
        told = {"erase": erase, "rewrite": rewrite}[options.side](options.home, options.days, options.people)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        print(json.dumps({**told, "peak": peak}))
        return
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    found = {}
    for events in options.events:
        zone, home = zone_of(work, events, options.days), work / f"erasure-home-{events}"
        if not home.exists():
            command = [sys.executable, "-m", "benchmarks.erasure", "--side", "home", "--zone", str(zone)]
            making = home.with_name(f"{home.name}-making")
            shutil.rmtree(making, ignore_errors=True)
            subprocess.run([*command, "--home", str(making), "--days", str(options.days)], cwd=HERE.parent, check=True)
            making.rename(home)
        found[events] = {
            "rewrite": measure("rewrite", home, options.days, options.people),
            "one": measure("erase", home, options.days, 1),
            "many": measure("erase", home, options.days, options.people),
        }
        print(f"{events:,} events: {found[events]}", flush=True)
    text = f"{machine()}\n\n{table(found)}"
    print(text)
    if options.keep:
        keep(text)


if __name__ == "__main__":
    main()
