"""Putting rows into a landing zone as a new drop: never over a file, and once only for the same rows."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ...errors import Refused, UsageError
from .. import zone
from .rows import Row


class Dropped(NamedTuple):
    """A drop: its file, and whether it was written now or had been before."""

    path: Path
    written: bool


def drop(landing: Path, source: str, day: date, platform: str, rows: Sequence[Row]) -> Dropped:
    """Write rows as JSON Lines into LANDING/source/day=DAY, under a name that tells them from others.

    The same rows have the same name; where any day of the landing zone has it, nothing is written. Raises UsageError
    where the landing zone cannot be written, and Refused where a file of the name holds something else.
    """
    lines = sorted({zone.json_line(row) for row in rows})
    data = "".join(lines).encode()
    name = f"{platform}-{sha256(data).hexdigest()[:24]}.jsonl"
    try:
        there = sorted((landing / source).glob(f"day=*/{name}"))
        for path in there:
            if path.read_bytes() != data:
                raise Refused(f"{path}: holds other rows than those it is named for; remove it and import again")
        if there:
            return Dropped(there[0], written=False)
        path = landing / source / f"day={day}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return Dropped(path, _write_new(path, data))
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise UsageError(f"{landing}: cannot be written: {reason}") from error


def _write_new(path: Path, data: bytes) -> bool:
    """Write a whole file that must not exist yet; False where another import was first."""
    # A hidden file is no drop: a run that looks in meanwhile does not see it.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        # A link fails where there is a file; a rename would replace it.
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    return True
