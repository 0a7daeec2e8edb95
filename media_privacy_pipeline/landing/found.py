"""Keeping what columns look like: `findings_<input>` by day, and all of them in `column_findings`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq

from ..engines import Session
from ..engines.types import arrow_schema
from ..lake import fingerprint_of
from ..screening_policy import Classification
from ..sql import Contract
from .batching import batches
from .classify import Finding, findings
from .door import Door
from .drops import Drop
from .forms import Form
from .sources import Source

_FILES_AT_ONCE = 16
"""Files that a task looks at, unless one day alone has more."""
_Day = tuple[date, Sequence[tuple[Drop, Form]], Mapping[str, int]]


def keep_findings(door: Door) -> None:
    """Look at the files of a door's days and keep what was found, in place of what was found before."""
    session, source, policy = door.session, door.source, door.session.policy.classification
    accepted = session.project.contracts[source.accepted]
    files: dict[date, list[tuple[Drop, Form]]] = {day: [] for day in door.days}
    for drop, form in door.landed.forms:
        files[drop.day].append((drop, form))
    schema = arrow_schema(session.project.contracts[source.findings].types)
    place = door.work / "findings"
    place.mkdir()
    groups = batches(door.days, {day: len(some) for day, some in files.items()}, _FILES_AT_ONCE)
    asked = [[(day, files[day], door.landed.undeclared.get(day, Counter())) for day in days] for days in groups]
    session.engine.spread(len(asked), partial(_look, source.name, accepted, policy, schema, asked), schema, place)
    found: dict[date, list[Finding]] = {}
    for file in sorted(place.glob("*.parquet")):
        for row in pq.read_table(file).to_pylist():
            found.setdefault(row["arrival_day"], []).append(Finding(**row))
    session.lake.delete(source.findings, [day for day in door.days if day not in found])
    if found:
        _write(session, source, found)


def _look(
    source: str,
    accepted: Contract,
    policy: Classification,
    schema: pa.Schema,
    asked: Sequence[Sequence[_Day]],
    task: int,
) -> Iterator[pa.RecordBatch]:
    """Findings of some days: on Spark, on an executor, so that the values that are looked at never leave it."""
    for day, files, names in asked[task]:
        if some := [each._asdict() for each in findings(day, source, files, names, accepted, policy)]:
            yield pa.RecordBatch.from_pylist(some, schema=schema)


def told(session: Session, source: Source, days: Sequence[date]) -> str:
    """Which columns look like what, in words: `debug_blob: email`."""
    kinds: dict[str, set[str]] = {}
    for file in session.lake.files(source.findings, days):
        for row in pq.ParquetFile(file).read(["column_name", "kind"]).to_pylist():
            kinds.setdefault(row["column_name"], set()).add(row["kind"])
    return "; ".join(f"{name}: {', '.join(sorted(kinds[name]))}" for name in sorted(kinds))


def _write(session: Session, source: Source, found: dict[date, list[Finding]]) -> None:
    types = dict(session.project.contracts[source.findings].types)
    del types["arrival_day"]
    prints = {day: fingerprint_of(*rows) for day, rows in found.items()}
    with session.lake.write(source.findings, prints, sorted(found)) as staging:
        for day, rows in found.items():
            folder = staging / f"arrival_day={day}"
            folder.mkdir()
            table = pa.Table.from_pylist([row._asdict() for row in rows], schema=arrow_schema(types))
            pq.write_table(table, folder / "part-0.parquet")
