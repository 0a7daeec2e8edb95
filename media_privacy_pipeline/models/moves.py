"""Every move of the pointer to the model in service: an append-only log, each line bound to the one before it.

One JSON object a line: when, by whom, why, from which model to which. A line holds the digest of the line before, so
that one that was changed or taken out shows. Nobody's data is in it.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ..durable import sync
from ..errors import Refused

_START = "0" * 64


class Author(NamedTuple):
    """Who moves the pointer, and why, in words without a personal value of a viewer."""

    by: str
    why: str
    manner: str


TRAIN, PROMOTE, ROLLBACK, RETIRE = "train", "promote", "rollback", "retire"
PRIVATE_ALONE = "the policy lets private models alone serve"
NIGHT = Author("nightly run", "trained anew on what is permitted", TRAIN)


@dataclass(frozen=True)
class Move:
    """One move. `manner` is train, promote, rollback or retire; `origin` and `to` are models, None for no model, and
    `left` and `taken` the digests of their recipes, empty where there is none."""

    at: str
    by: str
    manner: str
    origin: str | None
    to: str | None
    left: str
    taken: str
    why: str
    before: str


class Moves:
    """The log in one file. One process writes at a time, any number may read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[Move]:
        """Every move, the oldest first. Raises Refused where a line was changed or is missing.

        A last line without an end was torn by a crash: the move was not made, and it does not count.
        """
        moves, before = [], _START
        for number, line in enumerate(self._lines(), start=1):
            try:
                move = Move(**json.loads(line))
            except (ValueError, TypeError):
                raise Refused(f"{self.path}: line {number} is not a move; the log was changed") from None
            if move.before != before:
                raise Refused(f"{self.path}: line {number} does not follow the one before it; the log was changed")
            before = _digest(line)
            moves.append(move)
        return moves

    def last(self) -> Move | None:
        """The newest move; None before the first."""
        moves = self.read()
        return moves[-1] if moves else None

    def append(self, author: Author, origin: str | None, to: str | None, left: str, taken: str) -> None:
        """Write a move down; it is on the disk when this returns."""
        self.read()
        lines = self._lines()
        now = datetime.now(UTC).isoformat(timespec="seconds")
        before = _digest(lines[-1]) if lines else _START
        move = Move(now, author.by, author.manner, origin, to, left, taken, author.why, before)
        line = json.dumps(asdict(move), sort_keys=True)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        whole = sum(len(each) + 1 for each in lines)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            # What a crash tore off the last line is no move; what was written whole is never touched.
            os.ftruncate(descriptor, whole)
            os.pwrite(descriptor, f"{line}\n".encode(), whole)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync(self.path.parent)

    def _lines(self) -> list[bytes]:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        return content.split(b"\n")[:-1]


def _digest(line: bytes) -> str:
    return sha256(line).hexdigest()
