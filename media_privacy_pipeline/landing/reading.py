"""A day's drops as queries: text files are taken apart into the work folder, Parquet files are read where they lie."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from ..engines import Engine
from ..engines.duckdb import quote
from . import delimited, jsonl, parquetfile
from .drops import Drop
from .forms import Csv, Json, Parquet, Unreadable, form_of
from .sources import Source
from .undeclared import printable


@dataclass(frozen=True)
class Landed:
    """What a day's files hold: queries whose union are its rows, the Parquet files that they read, the files that
    cannot be read with their reasons, and how many rows have which undeclared column.
    """

    queries: tuple[str, ...] = ()
    parquet: tuple[Drop, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()
    undeclared: Counter[str] = field(default_factory=Counter)


class Reader:
    """Reads the drops of one input. The engine is DuckDB, whichever runs the SQL later; `work` is an empty folder."""

    def __init__(self, engine: Engine, source: Source, landing: Path, work: Path) -> None:
        self._engine = engine
        self._source = source
        self._landing = landing
        self._work = work
        self._staged = 0

    def read(self, day: date, drops: Sequence[Drop], broken: Collection[str] = ()) -> Landed:
        """Read the files of a day; `broken` names Parquet files that turned out to be corrupt inside."""
        texts: dict[Json | Csv, list[Drop]] = defaultdict(list)
        tables: dict[tuple[tuple[str, str], ...], list[Drop]] = defaultdict(list)
        unreadable: list[tuple[str, str]] = []
        others: Counter[str] = Counter()
        for drop in drops:
            match Unreadable("corrupt_parquet") if drop.name in broken else form_of(drop, self._source):
                case Unreadable(reason):
                    unreadable.append((drop.name.encode(errors="backslashreplace").decode(), reason))
                case Parquet(kinds, names, rows):
                    tables[kinds].append(drop)
                    others.update({name: rows for name in names if rows})
                case Json() | Csv() as form:
                    texts[form].append(drop)
        queries = [self._stage(form, files, others) for form, files in texts.items() if form != Csv(())]
        for kinds, files in tables.items():
            queries.append(parquetfile.query(self._source, dict(kinds), [drop.path for drop in files], self._landing))
        return Landed(
            tuple(f"select *, date '{day}' as arrival_day from ({query})" for query in queries),
            tuple(drop for files in tables.values() for drop in files),
            tuple(unreadable),
            printable(others),
        )

    def broken(self, drops: Iterable[Drop]) -> frozenset[str]:
        """Names of the Parquet files that cannot be read to their end: slow, for when a query over many has failed."""
        return frozenset(drop.name for drop in drops if not self._reads(drop))

    def _stage(self, form: Json | Csv, drops: Sequence[Drop], others: Counter[str]) -> str:
        """Take text files of one form apart into a Parquet file, and count their undeclared columns."""
        if isinstance(form, Json):
            sql, schema, batches = jsonl.query(self._source), jsonl.SCHEMA, jsonl.lines(drops)
        else:
            unknown = sorted(set(form.header) - set(self._source.columns))
            sql, schema = delimited.query(self._source, form.header, unknown), delimited.SCHEMA
            batches = delimited.lines(drops, len(form.header))
        self._staged += 1
        folder = self._work / f"text-{self._staged}"
        folder.mkdir()
        self._engine.write(sql, {"lines": pa.RecordBatchReader.from_batches(schema, batches)}, folder)
        file = f"read_parquet({quote(folder / 'part-0.parquet')})"
        counts = f"select name, count(*) as rows from (select unnest(_undeclared) as name from {file}) group by name"
        others.update({row["name"]: row["rows"] for row in self._engine.fetch(counts, {}).to_pylist()})
        columns = ", ".join(f'"{column}"' for column in self._source.columns)
        return f"select {columns}, _file, _line, _raw, _defect from {file}"

    def _reads(self, drop: Drop) -> bool:
        form = form_of(drop, self._source)
        if not isinstance(form, Parquet):
            return False
        query = parquetfile.query(self._source, dict(form.kinds), [drop.path], self._landing)
        every = ", ".join(f'max("{column}")' for column in self._source.columns)
        try:
            self._engine.fetch(f"select {every} from ({query})", {})
        except duckdb.Error:
            return False
        return True


def union(source: Source, queries: Sequence[str]) -> str:
    """DuckDB text of all rows of some queries; of none, where there are no queries."""
    if queries:
        return " union all ".join(queries)
    names = [*source.columns, "_file", "_line", "_raw", "_defect"]
    nothing = ", ".join(f'cast(null as {"bigint" if name == "_line" else "varchar"}) as "{name}"' for name in names)
    return f"select {nothing}, cast(null as date) as arrival_day where false"
