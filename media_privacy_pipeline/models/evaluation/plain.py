"""Small files beside the ratings: users with groups, titles with genres."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import Refused, UsageError
from .judging import Genres

_ITEM_FLAGS = 5
"""Columns of MovieLens 100K's u.item before the flags of its genres."""
_ITEM_GENRES = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama"),
    *("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)


def rows_of(path: Path, columns: int, header: Sequence[str]) -> Iterator[list[str]]:
    """Rows of text with `::`, tabs, commas or semicolons, without a header that names these columns; at least so many
    columns each. Raises UsageError for a file that is not there, Refused with the row for one that is short."""
    lines = _lines(path)
    first = next((line for line in lines if line.strip()), "")
    delimiter = next((each for each in ("::", "\t", ",", ";", "|") if each in first), ",")
    split = (line.split("::") for line in lines) if delimiter == "::" else csv.reader(lines, delimiter=delimiter)
    number = 0
    for n, row in enumerate(row for row in split if row and any(cell.strip() for cell in row)):
        fields = [cell.strip() for cell in row]
        if n == 0 and _is_header(fields, header):
            continue
        number += 1
        if len(fields) < columns or not all(fields[:1]):
            raise Refused(f"{path}: row {number}: expected {columns} columns or more, and an id in the first")
        yield fields


def genres_of(path: Path) -> Genres:
    """Titles and genres: MovieLens movies.csv, movies.dat and u.item, or any file of title, ..., genres parted by `|`.

    Each genre of a title has an equal part of it. Raises Refused for a title that comes twice.
    """
    of: dict[str, list[str]] = {}
    for number, row in enumerate(rows_of(path, 2, ("movieid", "item", "itemid", "title", "titleid")), 1):
        if row[0] in of:
            raise Refused(f"{path}: row {number}: the title came before")
        if len(row) == _ITEM_FLAGS + len(_ITEM_GENRES):
            names = [name for name, flag in zip(_ITEM_GENRES, row[_ITEM_FLAGS:], strict=True) if flag == "1"]
        else:
            names = [name for name in row[-1].split("|") if name and name != "(no genres listed)"]
        of[row[0]] = list(dict.fromkeys(names))
    found = Genres.of(of)
    if not found.names:
        raise Refused(f"{path}: no title has a genre")
    return found


def _is_header(fields: Sequence[str], names: Sequence[str]) -> bool:
    plain = fields[0].split(":")[0].replace("_", "").lower()
    return plain in names or plain == "userid"


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file")
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        # MovieLens 100K and 1M are older than UTF-8 was common; their ids and genres are ASCII.
        return data.decode("latin-1").splitlines()
