"""The files of the MovieLens sets: ml-100k, ml-1m, ml-latest-small, ml-20m and ml-25m, told apart by their names."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError

# ml-1m tells age as a bracket by its lower end; 1 is "under 18", here a minor of 15.
_BRACKET = {1: 15}


@dataclass(frozen=True)
class Layout:
    """How one family of sets is laid out: its files, and who reads them.

    `titles` gives (movie, title with year, genres), `users` (user, gender, age) where the set tells; `year` is when the
    ages were true.
    """

    name: str
    ratings: str
    delimiter: str
    header: bool
    titles: Callable[[Path], Iterator[tuple[str, str, list[str]]]]
    users: Callable[[Path], Iterator[tuple[str, str, int]]] | None = None
    files: tuple[str, ...] = ()
    year: int = 0


def detect(source: Path) -> Layout:
    """Which set a folder holds. Raises UsageError that names the files looked for where it holds none."""
    for layout in _LAYOUTS:
        if all((source / name).is_file() for name in layout.files):
            return layout
    wanted = "; ".join(f"{', '.join(layout.files)} ({layout.name})" for layout in _LAYOUTS)
    raise UsageError(f"{source}: no MovieLens set here. Looked for {wanted}. Give the unpacked folder")


def _rows(path: Path, delimiter: str, columns: int, encoding: str) -> Iterator[list[str]]:
    """The rows of a small file. Raises UsageError that names the line where one has too few columns."""
    try:
        for number, line in enumerate(filter(None, path.read_text(encoding=encoding).split("\n")), start=1):
            row = next(csv.reader([line])) if delimiter == "," else line.split(delimiter)
            if len(row) < columns:
                raise UsageError(f"{path}, line {number}: fewer than {columns} columns separated by {delimiter!r}")
            yield row
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not {encoding} text: is it damaged? Unpack it anew") from None


def _gender(letter: str) -> str:
    return {"M": "male", "F": "female"}.get(letter, "other")


def _age(path: Path, text: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"{path}: an age is not a number: is it damaged? Unpack it anew")
    return int(text)


def _titles_100k(source: Path) -> Iterator[tuple[str, str, list[str]]]:
    names = [row[0] for row in _rows(source / "u.genre", "|", 2, "latin-1") if row[0]]
    for row in _rows(source / "u.item", "|", 5 + len(names), "latin-1"):
        yield row[0], row[1], [name for name, flag in zip(names, row[5:], strict=False) if flag == "1"]


def _users_100k(source: Path) -> Iterator[tuple[str, str, int]]:
    for user, age, gender, *_ in _rows(source / "u.user", "|", 5, "latin-1"):
        yield user, _gender(gender), _age(source / "u.user", age)


def _titles_1m(source: Path) -> Iterator[tuple[str, str, list[str]]]:
    for movie, title, genres, *_ in _rows(source / "movies.dat", "::", 3, "latin-1"):
        yield movie, title, genres.split("|")


def _users_1m(source: Path) -> Iterator[tuple[str, str, int]]:
    for user, gender, age, *_ in _rows(source / "users.dat", "::", 5, "latin-1"):
        years = _age(source / "users.dat", age)
        yield user, _gender(gender), _BRACKET.get(years, years)


def _titles_csv(source: Path) -> Iterator[tuple[str, str, list[str]]]:
    rows = _rows(source / "movies.csv", ",", 3, "utf-8")
    next(rows, None)
    for movie, title, genres, *_ in rows:
        yield movie, title, genres.split("|")


_LAYOUTS = (
    Layout(
        "ml-100k",
        "u.data",
        "\t",
        False,
        _titles_100k,
        _users_100k,
        ("u.data", "u.item", "u.genre", "u.user"),
        year=1998,
    ),
    Layout(
        "ml-1m",
        "ratings.dat",
        "::",
        False,
        _titles_1m,
        _users_1m,
        ("ratings.dat", "movies.dat", "users.dat"),
        year=2000,
    ),
    Layout(
        "ml-latest-small, ml-20m or ml-25m", "ratings.csv", ",", True, _titles_csv, None, ("ratings.csv", "movies.csv")
    ),
)
