"""How results are printed: JSON for programs, tables for people."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import typer


def as_json(document: Any) -> None:
    """One JSON document."""
    typer.echo(json.dumps(document, default=_plain, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """CSV with a header; lists are written as JSON."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([json.dumps(cell) if isinstance(cell, list) else cell for cell in row])
    typer.echo(buffer.getvalue(), nl=False)


def as_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> None:
    """A table for a terminal; plain, aligned columns where the output is piped. A title is a line of its own above."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    rows = [[_text(cell) for cell in row] for row in rows]
    piped = not sys.stdout.isatty()
    table = Table(box=None if piped else box.SIMPLE_HEAD, pad_edge=False)
    for position, column in enumerate(columns):
        numeric = bool(rows) and all(_is_number(row[position]) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    # Not the table's own title, which is broken at the width of its columns.
    if title is not None:
        typer.echo(title)
    # A pipe has no width: do not cut what a program or a file is meant to hold.
    Console(width=10_000 if piped else None, markup=False, highlight=False).print(table)


def as_facts(facts: Mapping[str, Any]) -> None:
    """Names and values, one a line."""
    width = max(map(len, facts))
    for name, value in facts.items():
        typer.echo(f"{name:<{width}}  {_text(value)}")


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:,.4g}" if abs(cell) < 1000 else f"{cell:,.0f}"
    if isinstance(cell, list | tuple | set | frozenset):
        return ", ".join(map(str, cell))
    return str(cell)


def _is_number(text: str) -> bool:
    return not text or text.replace(",", "").replace(".", "").replace("-", "").isdigit()


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, set | frozenset | tuple):
        return sorted(value) if isinstance(value, set | frozenset) else list(value)
    return str(value)
