"""Text drops, plain or gzipped: whether a file is whole, and its lines."""

from __future__ import annotations

import gzip
import zlib
from codecs import getincrementaldecoder
from collections.abc import Iterator
from pathlib import Path

_BLOCK = 1 << 23
_BOM = b"\xef\xbb\xbf"
_LONGEST = 1 << 26
"""Bytes of the longest line that is read: past it, a file has no lines, and would have to be held whole."""


def defect_of(path: Path) -> str | None:
    """Why a text file cannot be read whole, or None where it can: one pass that keeps nothing.

    A file is taken in whole or not at all, so this comes before its first row is used.
    """
    decoder, unended = getincrementaldecoder("utf-8")(), 0
    try:
        for block in _blocks(path):
            decoder.decode(block)
            unended = len(block) - 1 - end if (end := block.rfind(b"\n")) >= 0 else unended + len(block)
            if unended > _LONGEST:
                return "line_too_long"
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "not_utf8"
    except EOFError:
        return "truncated_gzip"
    except (gzip.BadGzipFile, zlib.error):
        return "corrupt_gzip"
    except PermissionError:
        return "no_permission"
    except OSError:
        return "io_error"
    return None


def lines_of(path: Path, begin: int = 0, end: int | None = None) -> Iterator[list[bytes]]:
    """The lines of a whole file, some thousands at a time, without line ends or byte order mark; of a plain file also
    of its bytes between two places where lines begin.

    A line ends at a line feed; a carriage return before it belongs to the end.
    """
    rest, mark = b"", b"" if begin else _BOM
    for block in _blocks(path, begin, end):
        *lines, rest = (rest + block).split(b"\n")
        if lines:
            lines[0], mark = lines[0].removeprefix(mark), b""
            yield [line.removesuffix(b"\r") for line in lines]
    if rest := rest.removeprefix(mark):
        yield [rest.removesuffix(b"\r")]


def cuts_of(path: Path, every: int, *, records: bool) -> list[tuple[int, int]]:
    """Where a file may be cut so that parts of it can be read apart: after each so many bytes, the place of a line and
    its number from 1. A gzipped file cannot be cut.

    Of `records`, which quotes may carry over several lines, and which have a header, none is cut: the first cut comes
    after a block that has text, and the last one before the first quote.
    """
    found: list[tuple[int, int]] = []
    if path.name.endswith(".gz"):
        return found
    start, lines, goal, begun = 0, 0, every, not records
    for block in _blocks(path):
        if records and b'"' in block:
            break
        while begun and (end := block.find(b"\n", max(goal - start, 0))) >= 0:
            found.append((start + end + 1, lines + block.count(b"\n", 0, end) + 2))
            goal = start + end + 1 + every
        begun = begun or bool(block.strip())
        start, lines = start + len(block), lines + block.count(b"\n")
    return found


def _blocks(path: Path, begin: int = 0, end: int | None = None) -> Iterator[bytes]:
    left = None if end is None else end - begin
    with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as stream:
        stream.seek(begin)
        while block := stream.read(_BLOCK if left is None else min(_BLOCK, left)):
            yield block
            left = None if left is None else left - len(block)
