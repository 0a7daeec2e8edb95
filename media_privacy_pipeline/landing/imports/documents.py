"""Finding the documents in a file or folder: JSON read strictly, each with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import UsageError
from ..textfile import defect_of, lines_of
from .refusal import Refusal, Rule, Unusable

SUFFIXES = (".json", ".jsonl")
_JWT = re.compile(rb"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*){2}")


class Document(NamedTuple):
    """One document: the file's name, its place in it, and what it says (an object, or a token's text)."""

    file: str
    place: str
    said: Any


def files_of(path: Path) -> list[Path]:
    """The files to read: the path itself, or those of a folder in the order of names.

    Raises UsageError where there is none.
    """
    if path.is_file():
        if not path.name.endswith(SUFFIXES):
            raise UsageError(f"{path}: not a .json or .jsonl file")
        return [path]
    if not path.exists():
        raise UsageError(f"{path}: there is no such file or folder")
    found = [file for file in sorted(path.iterdir()) if file.name.endswith(SUFFIXES) and file.name[0] != "."]
    if not found:
        raise UsageError(f"{path}: no .json or .jsonl file here. Give the folder that holds the export")
    return found


def documents(path: Path, page: str | None = None) -> Iterator[Document | Refusal]:
    """Every document of one file, and a refusal for each place where there is none.

    A `.jsonl` file has one a line, blank lines aside; a line that is a compact JWT is one. A `.json` file is one, or an
    array of them. `page` is the key of an envelope whose array holds documents.
    """
    defect = defect_of(path) if path.is_file() else Rule.IO_ERROR
    if defect is not None:
        yield Refusal(path.name, "", Rule(defect))
        return
    if path.name.endswith(".json"):
        whole = b"\n".join(line for block in lines_of(path) for line in block)
        yield from _unfolded(path.name, "", whole, page)
        return
    number = 0
    for block in lines_of(path):
        for line in block:
            number += 1
            if line.strip():
                yield from _unfolded(path.name, f"line {number}", line.strip(), page)


def parse(text: bytes | str) -> Any:
    """JSON as RFC 8259 has it, no key named twice. Raises Unusable for anything else."""
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except Unusable:
        raise
    except (ValueError, RecursionError):
        raise Unusable(Rule.NOT_JSON) from None


def _unfolded(file: str, place: str, text: bytes, page: str | None) -> Iterator[Document | Refusal]:
    try:
        said = text.decode() if _JWT.fullmatch(text) else parse(text)
    except Unusable as error:
        yield Refusal(file, place, error.rule)
        return
    if page is not None and isinstance(said, dict) and isinstance(said.get(page), list):
        said = said[page]
    if not isinstance(said, list):
        yield Document(file, place, said)
        return
    for number, each in enumerate(said, 1):
        yield Document(file, f"{place} item {number}".strip(), each)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unusable(Rule.DUPLICATE_KEY)
    return found


def _no_constant(_: str) -> None:
    raise Unusable(Rule.NOT_JSON)
