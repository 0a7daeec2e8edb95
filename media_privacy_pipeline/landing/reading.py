"""Drops as one table of text: text files are taken apart into the work folder, Parquet files stay where they are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from ..engines import Engine
from ..engines.duckdb import quote
from ..errors import PipelineError
from . import delimited, jsonl, parquetfile
from .drops import Drop, by_day, day_of
from .forms import Csv, Form, Json, Parquet, Unreadable, form_of
from .sources import Source
from .undeclared import printable


@dataclass(frozen=True)
class Texts:
    """Text files of one form, taken apart: DuckDB text of their rows, and the days that they arrived on."""

    days: frozenset[date]
    sql: str

    def rows(self, days: Collection[date]) -> str | None:
        """DuckDB text of the rows of some days; None where there are none."""
        here = sorted(self.days.intersection(days))
        listed = ", ".join(f"date '{day}'" for day in here)
        return f"select * from ({self.sql}) where arrival_day in ({listed})" if here else None


@dataclass(frozen=True)
class Tables:
    """Parquet files whose columns have the same types, by day: a query names the files of its own days alone."""

    source: Source
    types: Mapping[str, pa.DataType]
    drops: Mapping[date, Sequence[Drop]]
    landing: Path

    def rows(self, days: Collection[date]) -> str | None:
        """DuckDB text of the rows of some days; None where there are none."""
        here = sorted(self.drops.keys() & set(days))
        if not here:
            return None
        paths = [drop.path for day in here for drop in self.drops[day]]
        # One scan for all days: each query is planned anew, and that takes longer than a few thousand rows.
        day = f"date '{here[0]}'" if len(here) == 1 else day_of("_file", self.source.name)
        return (
            f"select *, {day} as arrival_day from ({parquetfile.query(self.source, self.types, paths, self.landing)})"
        )


@dataclass(frozen=True)
class Landed:
    """What some files hold: their rows in pieces, the Parquet files among them, the files that cannot be read with
    their reasons, by day how many rows have which undeclared column, and each file's form.
    """

    source: Source
    pieces: tuple[Texts | Tables, ...]
    parquet: tuple[Drop, ...]
    unreadable: tuple[tuple[Drop, str], ...]
    undeclared: dict[date, Counter[str]]
    forms: tuple[tuple[Drop, Form], ...]

    def rows(self, days: Collection[date]) -> str:
        """DuckDB text of the rows of some days, in the columns of the landed table."""
        wanted = frozenset(days)
        found = [rows for piece in self.pieces if (rows := piece.rows(wanted)) is not None]
        if found:
            return " union all ".join(found)
        nothing = ", ".join(f'cast(null as varchar) as "{column}"' for column in self.source.columns)
        kept = "null::varchar as _file, null::bigint as _line, null::varchar as _raw, null::varchar as _defect"
        return f"select {nothing}, {_untyped(self.source)}{kept}, cast(null as date) as arrival_day where false"


class Reader:
    """Reads the drops of one input. The engine is DuckDB, whichever runs the SQL later; `work` is an empty folder."""

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
        others: dict[date, Counter[str]] = defaultdict(Counter)
        for drop, form in forms:
            match form:
                case Json() | Csv():
                    texts[form].append(drop)
                case Parquet(types, names, rows):
                    tables[types].append(drop)
                    others[drop.day].update({name: rows for name in names if rows})
        texts_read = [self._taken_apart(form, files) for form, files in texts.items() if form != Csv(())]
        for name, day, rows in self._undeclared(texts_read):
            others[day][name] += rows
        read = (Tables(self._source, dict(types), by_day(files), self._landing) for types, files in tables.items())
        return Landed(
            self._source,
            (*texts_read, *read),
            tuple(drop for files in tables.values() for drop in files),
            tuple((drop, form.reason) for drop, form in forms if isinstance(form, Unreadable)),
            {day: printable(counts) for day, counts in others.items()},
            tuple(forms),
        )

    def broken(self, drops: Iterable[Drop]) -> frozenset[str]:
        """Names of the Parquet files that cannot be read to their end: slow, for when a query over many has failed."""
        return frozenset(drop.name for drop in drops if not self._reads(drop))

    def _form(self, drop: Drop, broken: Collection[str]) -> Form:
        return Unreadable("corrupt_parquet") if drop.name in broken else form_of(drop, self._source)

    def _taken_apart(self, form: Json | Csv, drops: Sequence[Drop]) -> Texts:
        if isinstance(form, Json):
            sql, schema, batches = jsonl.query(self._source), jsonl.SCHEMA, jsonl.lines(drops)
        else:
            unknown = sorted(set(form.header) - set(self._source.columns))
            sql, schema = delimited.query(self._source, form.header, unknown), delimited.SCHEMA
            batches = delimited.lines(drops, len(form.header))
        folder = self._work / f"text-{len(list(self._work.iterdir()))}"
        folder.mkdir()
        self._engine.write(sql, {"lines": pa.RecordBatchReader.from_batches(schema, batches)}, folder)
        columns = ", ".join(f'"{column}"' for column in self._source.columns)
        file = quote(folder / "part-0.parquet")
        columns += f", {_untyped(self._source)}_file, _line, _raw, _defect, arrival_day"
        rows = f"select {columns} from read_parquet({file})"
        return Texts(frozenset(drop.day for drop in drops), rows)

    def _undeclared(self, pieces: Sequence[Texts]) -> list[tuple[str, date, int]]:
        """Undeclared columns of the text files: name, day and rows."""
        if not pieces:
            return []
        files = f"read_parquet({quote(self._work / 'text-*' / '*.parquet')})"
        names = f"select unnest(_undeclared) as name, arrival_day from {files} where len(_undeclared) > 0"
        found = self._engine.fetch(f"select name, arrival_day, count(*) as rows from ({names}) group by all", {})
        return [(row["name"], row["arrival_day"], row["rows"]) for row in found.to_pylist()]

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


def _untyped(source: Source) -> str:
    """DuckDB text of the typed twins where everything is text."""
    return "".join(f'cast(null as {kind}) as "_{column}", ' for column, kind in source.typed.items())
