"""What was decided stays: HOME/privacy/exact/<rows>/<first>_<last>/ holds a period's tables and reports, for good.

All tables over the same rows are decided in one act and put in place by one rename: a crash leaves all of them or none.
There is no charge, for there is no noise to pay for, and no second decision: what people did or withdrew since would be
the difference of the two.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from ..durable import sync, sync_tree
from ..errors import Refused
from ..exact_policy import ExactTable
from .deciding import Report

_DECISION = "decision.json"


@dataclass(frozen=True)
class Kept:
    """A period that was decided: its days, the view it counted, and each table's statement and digest."""

    folder: Path
    first: date
    last: date
    source: str
    statements: Mapping[str, str]
    digests: Mapping[str, str]

    def file(self, name: str) -> Path:
        """A table's file. Raises Refused where it is not, byte by byte, what was decided."""
        path = self.folder / f"{name}.parquet"
        if not path.exists() or sha256(path.read_bytes()).hexdigest() != self.digests[name]:
            raise Refused(f"{path}: the exact table is lost or was changed; restore it from your backup")
        return path

    def report(self, name: str) -> Report:
        """What held of a table when it was decided."""
        return Report(**json.loads((self.folder / f"{name}.json").read_text()))


def statement_of(table: ExactTable) -> str:
    """Identity of all that decides what a table tells; its title does not."""
    return sha256(table.model_dump_json(exclude={"title"}).encode()).hexdigest()[:32]


def kept_periods(root: Path) -> list[Kept]:
    """Every period that was decided under a folder, in order; what a crash left half made is not among them."""
    found = []
    for path in sorted(root.glob(f"[0-9]*/{_DECISION}")):
        told = json.loads(path.read_text())
        first, last = (date.fromisoformat(told[name]) for name in ("first", "last"))
        found.append(Kept(path.parent, first, last, told["source"], told["statements"], told["digests"]))
    return found


def keep(
    root: Path, first: date, last: date, tables: Mapping[str, ExactTable], found: Mapping[str, tuple[pa.Table, Report]]
) -> Kept:
    """Put a period's decision in place, whole and durably. Raises Refused where the period was decided already."""
    target = root / f"{first}_{last}"
    if target.exists():
        raise Refused(f"{target}: this period was decided already, and is decided once")
    root.mkdir(parents=True, exist_ok=True)
    # One run works on a home at a time: what else lies here half made was left by a crash.
    for stale in root.glob(".*"):
        shutil.rmtree(stale)
    staging = root / f".{target.name}.{uuid4().hex[:8]}"
    staging.mkdir()
    try:
        digests = {}
        for name, (rows, report) in found.items():
            pq.write_table(rows, staging / f"{name}.parquet", compression="zstd")
            digests[name] = sha256((staging / f"{name}.parquet").read_bytes()).hexdigest()
            (staging / f"{name}.json").write_text(json.dumps(asdict(report), indent=1) + "\n")
        statements = {name: statement_of(table) for name, table in tables.items()}
        source = next(iter(tables.values())).source
        told = {"first": str(first), "last": str(last), "source": source, "statements": statements, "digests": digests}
        (staging / _DECISION).write_text(json.dumps(told, indent=1) + "\n")
        sync_tree(staging)
        staging.rename(target)
        sync(root)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Kept(target, first, last, source, statements, digests)
