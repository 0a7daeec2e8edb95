"""Drops as one table of text, on many machines: executors run the same readers on parts of files, and what they read
is one folder of Parquet in the work folder. No row of it passes through the driver."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ..engines import Engine, Folder, Scan
from ..engines.duckdb import DuckDBEngine
from ..engines.types import arrow_schema
from ..errors import PipelineError, Refused
from . import parquetfile
from .drops import Drop, Part
from .forms import Csv, Json, Parquet, Unreadable
from .landed import Landed, undeclared_of, untyped
from .reading import query_of
from .sources import Source
from .surveying import Surveyed, packed, piece_size, survey

_MEMORY = "1GB"
"""For DuckDB in a task: it holds one block of a text file, or a few groups of rows of a Parquet file."""
_TEXT_BREAKS = (OSError, EOFError, zlib.error, UnicodeDecodeError, pa.ArrowException)

Task = Sequence[tuple[Part, Json | Csv | Parquet]]


@dataclass(frozen=True)
class Stored:
    """Rows that were read into a folder, those of files left out that broke while they were read."""

    source: Source
    days: frozenset[date]
    folder: Folder
    broken: Folder

    def rows(self, days: Collection[date]) -> Scan | None:
        """See Piece.rows."""
        here = sorted(self.days.intersection(days))
        if not here:
            return None
        twins = [f"_{column}" for column in self.source.typed]
        columns = (*self.source.columns, *twins, "_file", "_line", "_raw", "_defect", "arrival_day")
        listed = ", ".join(f"date '{day}'" for day in here)
        return self._scan(", ".join(f'"{column}"' for column in columns), f"arrival_day in ({listed})")

    def names(self) -> Scan:
        """The names of undeclared columns, and the days, of the rows that have some."""
        return self._scan("_undeclared, arrival_day", "_undeclared is not null")

    def _scan(self, columns: str, which: str) -> Scan:
        sql = f"select {columns} from landed_files where _broken is null and {which}"
        if not self.broken.files:
            return Scan(sql, {"landed_files": self.folder})
        sql += " and _file not in (select _file from broken_files)"
        return Scan(sql, {"landed_files": self.folder, "broken_files": self.broken})


class SpreadReader:
    """Reads the drops of one input on Spark's executors, into a folder that is empty."""

    def __init__(self, engine: Engine, source: Source, landing: Path, work: Path) -> None:
        self._engine = engine
        self._source = source
        self._landing = landing
        self._work = work

    def read(self, drops: Sequence[Drop]) -> Landed:
        """Read files. A Parquet file that turns out to be corrupt inside is unreadable.

        Raises Refused where a text file changes, or goes, while it is read.
        """
        found = survey(self._engine, self._source, drops, self._new("survey"))
        types = _types_of(self._source)
        tasks = _tasks(found)
        rows = self._new("rows")
        work = partial(_read, self._source, self._landing, self._work, tasks)
        self._engine.spread(len(tasks), work, arrow_schema(types), rows)
        stored = Folder(rows, sorted(rows.glob("*.parquet")), types)
        broken = self._broken(stored, found)
        forms = [(drop, Unreadable("corrupt_parquet") if drop.name in broken else form) for drop, form, _ in found]
        days = frozenset(drop.day for drop, form in forms if not isinstance(form, Unreadable))
        piece = Stored(self._source, days, stored, self._listed(broken))
        named = any(isinstance(form, Json | Csv) for _, form in forms)
        names = undeclared_of(self._engine, piece.names() if named else None, forms)
        return Landed.of(self._source, [piece], [], names, forms)

    def _broken(self, stored: Folder, found: Sequence[Surveyed]) -> frozenset[str]:
        """Names of the files that broke: as many rows as there are of them."""
        files = [file for file in stored.files if _has(file, "_broken")]
        if not files:
            return frozenset()
        sql = "select distinct _file from landed_files where _broken is not null"
        told = self._engine.fetch(sql, {"landed_files": replace(stored, files=files)})
        names = frozenset(told["_file"].to_pylist())
        for drop, form, _ in found:
            if drop.name in names and not isinstance(form, Parquet):
                raise Refused(
                    f"{drop.name}: it was whole, and then could not be read to its end: nothing was let in; see that "
                    "nobody changes or moves a file of the landing zone while it is read, and run again"
                )
        return names

    def _listed(self, broken: frozenset[str]) -> Folder:
        folder = self._new("broken")
        if broken:
            pq.write_table(pa.table({"_file": sorted(broken)}), folder / "part-0.parquet")
        return Folder(folder, sorted(folder.glob("*.parquet")), {"_file": "varchar"})

    def _new(self, name: str) -> Path:
        folder = self._work / name
        folder.mkdir()
        return folder


def _has(file: Path, column: str) -> bool:
    """Whether a column of a file has a value, by what its footer counts; where that does not count, it may have."""
    metadata = pq.read_metadata(file)
    place = metadata.schema.names.index(column)
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        found = group.column(place).statistics
        if found is None or found.null_count != group.num_rows:
            return True
    return False


def _types_of(source: Source) -> Mapping[str, str]:
    """Columns of the rows that are read: those of the landed table, names of undeclared columns, and what broke."""
    twins = {f"_{column}": kind for column, kind in source.typed.items()}
    kept = {"_file": "varchar", "_line": "bigint", "_raw": "varchar", "_defect": "varchar"}
    more = {"_undeclared": "varchar[]", "arrival_day": "date", "_broken": "varchar"}
    return {**dict.fromkeys(source.columns, "varchar"), **twins, **kept, **more}


def _tasks(found: Sequence[Surveyed]) -> Sequence[Task]:
    """Parts of readable files in tasks of a like size, each with its file's form; an empty file has none."""
    pieces, sizes = [], []
    for drop, form, parts in found:
        if isinstance(form, Unreadable) or form == Csv(()):
            continue
        for part in parts:
            pieces.append((part, form))
            sizes.append(drop.size // len(parts))
    return packed(pieces, sizes, piece_size(sum(sizes)))


def _read(source: Source, landing: Path, work: Path, tasks: Sequence[Task], task: int) -> Iterator[pa.RecordBatch]:
    """The rows of one task, in the columns of _types_of: on an executor."""
    with tempfile.TemporaryDirectory(prefix="task-", dir=work) as place:
        engine = DuckDBEngine(Path(place), memory_limit=_MEMORY, threads=1)
        try:
            for part, form in tasks[task]:
                yield from (
                    _rows_of_table(engine, source, landing, part, form)
                    if isinstance(form, Parquet)
                    else _rows_of_text(engine, source, part, form)
                )
        finally:
            engine.close()


def _rows_of_text(engine: DuckDBEngine, source: Source, part: Part, form: Json | Csv) -> Iterator[pa.RecordBatch]:
    sql, _, batches = query_of(source, form, [part])
    columns = ", ".join(f'"{column}"' for column in source.columns)
    sql = f"""
        select {columns}, {untyped(source)}_file, _line, _raw, _defect,
          case when len(_undeclared) > 0 then _undeclared end as _undeclared, arrival_day,
          cast(null as varchar) as _broken
        from ({sql})"""
    try:
        for batch in batches:
            # A block at a time: of a file that cannot be cut, as one that is gzipped, no more is held either.
            yield from engine.fetch(sql, {"lines": pa.Table.from_batches([batch])}).to_batches()
    except _TEXT_BREAKS as error:
        yield _broken_row(source, part, error)


def _rows_of_table(
    engine: DuckDBEngine, source: Source, landing: Path, part: Part, form: Parquet
) -> Iterator[pa.RecordBatch]:
    rows = parquetfile.query(source, dict(form.types), [part.drop.path], landing, (part.begin, part.end))
    sql = f"""
        select *, cast(null as varchar[]) as _undeclared, date '{part.drop.day}' as arrival_day,
          cast(null as varchar) as _broken
        from ({rows})"""
    try:
        yield from engine.batches(sql, {})
    except Refused:
        # The memory or the disk is at its end: that is no fault of the file.
        raise
    except PipelineError as error:
        yield _broken_row(source, part, error)


def _broken_row(source: Source, part: Part, error: Exception) -> pa.RecordBatch:
    """A row that says that a file broke: what was read of it before does not count."""
    row = {"_file": part.drop.name, "arrival_day": part.drop.day, "_broken": type(error).__name__}
    return pa.RecordBatch.from_pylist([row], schema=arrow_schema(_types_of(source)))
