"""What landed: the rows of some files, wherever they lie, as one input of a query."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import pyarrow as pa

from ..engines import Engine, Scan
from .drops import Drop
from .forms import Form, Parquet, Unreadable
from .sources import Source
from .undeclared import most, printable


class Piece(Protocol):
    """Rows of files that are read in one way."""

    def rows(self, days: Collection[date]) -> Scan | None:
        """The rows of some days; None where there are none."""
        ...


@dataclass(frozen=True)
class Landed:
    """What some files hold: their rows in pieces, the Parquet files of which queries read, the files that cannot be
    read with their reasons, by day how many rows have which undeclared column, and each file's form.
    """

    source: Source
    pieces: tuple[Piece, ...]
    parquet: tuple[Drop, ...]
    unreadable: tuple[tuple[Drop, str], ...]
    undeclared: dict[date, Counter[str]]
    forms: tuple[tuple[Drop, Form], ...]

    @classmethod
    def of(
        cls,
        source: Source,
        pieces: Iterable[Piece],
        parquet: Iterable[Drop],
        undeclared: dict[date, Counter[str]],
        forms: Iterable[tuple[Drop, Form]],
    ) -> Landed:
        """What was read of files of these forms."""
        forms = tuple(forms)
        unreadable = tuple((drop, form.reason) for drop, form in forms if isinstance(form, Unreadable))
        return cls(source, tuple(pieces), tuple(parquet), unreadable, undeclared, forms)

    def rows(self, days: Collection[date]) -> Scan:
        """The rows of some days, in the columns of the landed table."""
        wanted = frozenset(days)
        found = [rows for piece in self.pieces if (rows := piece.rows(wanted)) is not None]
        if found:
            folders = {name: folder for rows in found for name, folder in rows.folders.items()}
            return Scan(" union all ".join(rows.sql for rows in found), folders)
        nothing = ", ".join(f'cast(null as varchar) as "{column}"' for column in self.source.columns)
        kept = (
            "cast(null as varchar) as _file, cast(null as bigint) as _line, cast(null as varchar) as _raw, "
            "cast(null as varchar) as _defect"
        )
        return Scan(f"select {nothing}, {untyped(self.source)}{kept}, cast(null as date) as arrival_day where false")


def untyped(source: Source) -> str:
    """SQL text of the typed twins where everything is text."""
    return "".join(f'cast(null as {kind}) as "_{column}", ' for column, kind in source.typed.items())


def undeclared_of(engine: Engine, texts: Scan | None, forms: Iterable[tuple[Drop, Form]]) -> dict[date, Counter[str]]:
    """By day, how many rows have which undeclared column: of text files (columns `_undeclared`, a list of names, and
    `arrival_day`) by a query, which tells no more names than are ever shown; of Parquet files by their footers.
    """
    counts: dict[date, Counter[str]] = defaultdict(Counter)
    for drop, form in forms:
        if isinstance(form, Parquet):
            counts[drop.day].update({name: form.rows for name in form.others if form.rows})
    if texts is not None:
        known = [(name, day, rows) for day, names in counts.items() for name, rows in names.items()]
        found = engine.fetch(most("texts", "known"), {"texts": texts, "known": _table(known)})
        counts = defaultdict(Counter)
        for row in found.to_pylist():
            counts[row["arrival_day"]][row["name"]] += row["rows"]
    return {day: printable(names) for day, names in counts.items()}


def _table(known: list[tuple[str, date, int]]) -> pa.Table:
    kinds: Mapping[str, pa.DataType] = {"name": pa.string(), "arrival_day": pa.date32(), "rows": pa.int64()}
    columns = [pa.array([row[at] for row in known], kind) for at, kind in enumerate(kinds.values())]
    return pa.table(columns, names=list(kinds))
