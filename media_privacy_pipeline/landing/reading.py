"""Drops as one table of text, on one machine: text files are taken apart into the work folder, Parquet files stay where
they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from ..engines import Engine, Scan
from ..engines.duckdb import quote
from ..errors import PipelineError
from . import delimited, jsonl, parquetfile
from .drops import Drop, Part, by_day, day_of
from .forms import Csv, Form, Json, Parquet, Unreadable, form_of
from .landed import Landed, undeclared_of, untyped
from .sources import Source


@dataclass(frozen=True)
class Texts:
    """Text files of one form, taken apart: DuckDB text of their rows, and the days that they arrived on."""

    days: frozenset[date]
    sql: str

    def rows(self, days: Collection[date]) -> Scan | None:
        """See Piece.rows."""
        here = sorted(self.days.intersection(days))
        listed = ", ".join(f"date '{day}'" for day in here)
        return Scan(f"select * from ({self.sql}) where arrival_day in ({listed})") if here else None


@dataclass(frozen=True)
class Tables:
    """Parquet files whose columns have the same types, by day: a query names the files of its own days alone."""

    source: Source
    types: Mapping[str, pa.DataType]
    drops: Mapping[date, Sequence[Drop]]
    landing: Path

    def rows(self, days: Collection[date]) -> Scan | None:
        """See Piece.rows."""
        here = sorted(self.drops.keys() & set(days))
        if not here:
            return None
        paths = [drop.path for day in here for drop in self.drops[day]]
        # One scan for all days: each query is planned anew, and that takes longer than a few thousand rows.
        day = f"date '{here[0]}'" if len(here) == 1 else day_of("_file", self.source.name)
        return Scan(
            f"select *, {day} as arrival_day from ({parquetfile.query(self.source, self.types, paths, self.landing)})"
        )


class Reader:
    """Reads the drops of one input with DuckDB, into a folder that is empty."""

    def __init__(self, engine: Engine, source: Source, landing: Path, work: Path) -> None:
        self._engine = engine
        self._source = source
        self._landing = landing
        self._work = work

    def read(self, drops: Sequence[Drop], broken: Collection[str] = ()) -> Landed:
        """Read files; `broken` names Parquet files that turned out to be corrupt inside."""
        forms = [(drop, self._form(drop, broken)) for drop in drops]
        texts: dict[Json | Csv, list[Drop]] = defaultdict(list)
        tables: dict[tuple[tuple[str, pa.DataType], ...], list[Drop]] = defaultdict(list)
        for drop, form in forms:
            match form:
                case Json() | Csv():
                    texts[form].append(drop)
                case Parquet(types, _, _):
                    tables[types].append(drop)
        texts_read = [self._taken_apart(form, files) for form, files in texts.items() if form != Csv(())]
        read = [Tables(self._source, dict(types), by_day(files), self._landing) for types, files in tables.items()]
        names = f"select _undeclared, arrival_day from read_parquet({quote(self._work / 'text-*' / '*.parquet')})"
        return Landed.of(
            self._source,
            [*texts_read, *read],
            [drop for files in tables.values() for drop in files],
            undeclared_of(self._engine, Scan(names) if texts_read else None, forms),
            forms,
        )

    def broken(self, drops: Iterable[Drop]) -> frozenset[str]:
        """Names of the Parquet files that cannot be read to their end: slow, for when a query over many has failed."""
        return frozenset(drop.name for drop in drops if not self._reads(drop))

    def _form(self, drop: Drop, broken: Collection[str]) -> Form:
        return Unreadable("corrupt_parquet") if drop.name in broken else form_of(drop, self._source)

    def _taken_apart(self, form: Json | Csv, drops: Sequence[Drop]) -> Texts:
        parts = [Part(drop) for drop in drops]
        sql, schema, batches = query_of(self._source, form, parts)
        folder = self._work / f"text-{len(list(self._work.iterdir()))}"
        folder.mkdir()
        self._engine.write(sql, {"lines": pa.RecordBatchReader.from_batches(schema, batches)}, folder)
        columns = ", ".join(f'"{column}"' for column in self._source.columns)
        file = quote(folder / "part-0.parquet")
        columns += f", {untyped(self._source)}_file, _line, _raw, _defect, arrival_day"
        rows = f"select {columns} from read_parquet({file})"
        return Texts(frozenset(drop.day for drop in drops), rows)

    def _reads(self, drop: Drop) -> bool:
        form = form_of(drop, self._source)
        if not isinstance(form, Parquet):
            return False
        query = parquetfile.query(self._source, dict(form.types), [drop.path], self._landing)
        every = ", ".join(f'max("{column}")' for column in self._source.columns)
        try:
            self._engine.fetch(f"select {every} from ({query})", {})
        except PipelineError:
            return False
        return True


def query_of(
    source: Source, form: Json | Csv, parts: Sequence[Part]
) -> tuple[str, pa.Schema, Iterable[pa.RecordBatch]]:
    """DuckDB text that takes the table `lines` of text files of one form apart, and that table: its schema and rows."""
    if isinstance(form, Json):
        return jsonl.query(source), jsonl.SCHEMA, jsonl.lines(parts)
    unknown = sorted(set(form.header) - set(source.columns))
    lines = delimited.lines(parts, len(form.header))
    return delimited.query(source, form.header, unknown), delimited.SCHEMA, lines
