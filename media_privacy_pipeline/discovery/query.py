"""Asking the index: one statement of plain SQL over three open tables."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from ..errors import UsageError
from .words import cut

if TYPE_CHECKING:
    import duckdb

LONGEST = 512
"""Signs of a query that are read, as many as the landing contract keeps of one."""


class Hit(NamedTuple):
    """A title that was found: how well (BM25 points, more is better), and how many of the query's words it has."""

    title_id: str
    name: str
    kind: str
    genres: list[str]
    release_year: int | None
    score: float
    words: int


@cache
def statement() -> str:
    """The SQL, with $query and $k: what other programs may run as it is, see docs/search.md."""
    return files(__package__).joinpath("search.sql").read_text().replace("{words}", cut("$query"))


def search(connection: duckdb.DuckDBPyConnection, query: str, k: int = 10) -> list[Hit]:
    """The best titles for a query, the best first. The connection has tables.TABLES as tables or views.

    Words may have a typo, two from eight letters on, a space too many or too few; what comes after LONGEST signs is not
    read, and a query without a letter or digit finds nothing. Raises UsageError for k below one.
    """
    if k < 1:
        raise UsageError(f"k is {k}: ask for one title or more")
    rows = connection.execute(statement(), {"query": query[:LONGEST].replace("\0", " "), "k": k}).fetchall()
    return [Hit(*row) for row in rows]
