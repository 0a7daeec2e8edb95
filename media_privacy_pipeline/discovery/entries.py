"""Titles as the index sees them: the words of each field."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain, pairwise

import pyarrow as pa

from .genres import ALIASES
from .names import names
from .words import words

COLUMNS = ("title_id", "title", "kind", "genres", "release_year", "creator", "language", "synopsis")
"""What of the catalogue is searched."""


@dataclass(frozen=True)
class Entry:
    """One title: what it goes by and, for each of its names and other fields, its words."""

    title_id: str
    names: tuple[str, ...]
    by_name: tuple[tuple[str, ...], ...]
    fields: dict[str, tuple[str, ...]]

    @property
    def joined(self) -> list[str]:
        """Neighbours in a name written as one: a forgotten space is the commonest typo that no single word shows."""
        return [one + other for name in self.by_name for one, other in pairwise(name)]


def entries(catalogue: pa.Table) -> list[Entry]:
    """The titles of a table with COLUMNS, in order of their ids."""
    rows = catalogue.select(list(COLUMNS)).sort_by("title_id").to_pylist()
    called = [names(row["title"]) for row in rows]
    by_name = iter(words(chain.from_iterable(called)))
    texts = {
        "genres": [" ; ".join(row["genres"] or ()) for row in rows],
        "creator": [row["creator"] for row in rows],
        "synopsis": [row["synopsis"] for row in rows],
        "facts": [_facts(row["kind"], row["language"], row["release_year"]) for row in rows],
    }
    cut = {field: words(values) for field, values in texts.items()}
    called_also = _aliases({genre for row in rows for genre in row["genres"] or ()})
    aliases = words(" ".join(called_also[genre] for genre in row["genres"] or ()) for row in rows)
    return [
        Entry(
            row["title_id"],
            tuple(called[at]),
            tuple(tuple(next(by_name)) for _ in called[at]),
            {field: tuple(found[at]) for field, found in cut.items()} | {"aliases": tuple(aliases[at])},
        )
        for at, row in enumerate(rows)
    ]


def _facts(kind: str | None, language: str | None, year: int | None) -> str:
    return " ".join(str(part) for part in (kind, language, year) if part is not None)


def _aliases(genres: Collection[str]) -> dict[str, str]:
    """What else each genre is called, whatever way the catalogue writes it."""
    return {
        genre: " ".join(ALIASES.get(" ".join(found), ())) for genre, found in zip(genres, words(genres), strict=True)
    }
