"""Rows that were refused, kept encrypted for as long as the policy says, with file, line and reason.

    HOME/quarantine/<source>/arrival_day=YYYY-MM-DD/part-*.sealed

Each part is zlib-compressed JSON Lines, sealed with AES-256-GCM under the input and day. A row that could be taken
apart is kept by its declared columns; one that could not, as its text. Of an unreadable file there is the name and the
reason: its bytes stay in the landing zone.
"""

from __future__ import annotations

import hmac
import json
import shutil
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path

from ..engines import Session
from ..filtering import Rewritten

_ROWS_A_PART = 50_000


@dataclass(frozen=True)
class Refusal:
    """One refused row, or file where there is no line: `row` by declared column as text, or `raw` text."""

    file: str
    line: int | None
    reason: str
    row: dict[str, str | None] | None = None
    raw: str | None = None


def keep(session: Session, source: str, day: date, refusals: Iterable[str]) -> None:
    """Put the refusals of a day (one JSON text each, in Refusal's fields) in place of what was kept of it before."""
    folder = _folder(session, source, day)
    staging = folder.with_name(f".{folder.name}-{uuid.uuid4().hex[:8]}")
    lines = iter(refusals)
    try:
        number = 0
        while part := list(islice(lines, _ROWS_A_PART)):
            staging.mkdir(parents=True, exist_ok=True)
            (staging / f"part-{number:05}.sealed").write_bytes(sealed(session, source, day, part))
            number += 1
        shutil.rmtree(folder, ignore_errors=True)
        if number:
            staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def days(session: Session, source: str) -> list[date]:
    """Days of which something is kept, in order."""
    folders = (session.settings.quarantine / source).glob("arrival_day=*")
    return sorted(date.fromisoformat(folder.name.partition("=")[2]) for folder in folders)


def read(session: Session, source: str, day: date) -> list[Refusal]:
    """What was refused of an input on a day: personal data, in the clear.

    Raises Refused where the parts were changed, or belong to another key file, input or day.
    """
    return list(_read(session, source, day))


def replay(session: Session, source: str, day: date, out: Path) -> tuple[int, int]:
    """Write the refused rows of a day as a drop of the same day into another landing zone, to be run after a fix.

    Returns how many rows were written, and how many stay behind: rows that could not be taken apart, which only their
    sender can mend. Nothing is written where there is nothing to write.
    """
    rows, behind = [], 0
    for refusal in _read(session, source, day):
        if refusal.row is not None:
            rows.append({name: value for name, value in refusal.row.items() if value is not None})
        elif refusal.line is not None:
            behind += 1
    if rows:
        snapshot = source in ("accounts", "titles")
        folder = out / source if snapshot else out / source / f"day={day}"
        folder.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        place = folder / f"replay-{day}.jsonl"
        temporary = place.with_name(f".{place.name}")
        temporary.write_text(text, encoding="utf-8")
        temporary.rename(place)
    return len(rows), behind


def rewrite(
    session: Session, source: str, day: date, stays: Callable[[Refusal], bool], ahead: Callable[[Rewritten], None]
) -> None:
    """Take refusals out of what is kept of a day, part by part; a part that loses none is not touched.

    `ahead` is told of a part before it is replaced. A part is sealed anew each time, so that its bytes tell nothing:
    its digests are keyed ones of what is in it. What a crashed writer left behind goes.
    """
    folder = _folder(session, source, day)
    for left in folder.parent.glob(f".{folder.name}-*"):
        shutil.rmtree(left)
    for half in folder.glob(".part-*"):
        half.unlink()
    key = session.keyring.derive("quarantine content")
    for part in sorted(folder.glob("part-*.sealed")):
        lines = list(lines_of(session, source, day, part))
        kept = [line for line in lines if stays(Refusal(**json.loads(line)))]
        if len(kept) == len(lines):
            continue
        digests = [hmac.digest(key, "\n".join(each).encode(), "sha256").hex() for each in (lines, kept)]
        name = str(part.relative_to(session.settings.quarantine))
        ahead(Rewritten(name, len(lines), len(kept), digests[0], digests[1]))
        temporary = part.with_name(f".{part.name}")
        temporary.write_bytes(sealed(session, source, day, kept))
        temporary.replace(part)


def purge(session: Session, source: str, as_of: datetime) -> int:
    """Destroy what was kept for longer than the policy says, seen from the as-of time; returns how many days."""
    limit = as_of.date() - timedelta(days=session.policy.landing.quarantine_days)
    old = [day for day in days(session, source) if day < limit]
    for day in old:
        shutil.rmtree(_folder(session, source, day))
    return len(old)


def _read(session: Session, source: str, day: date) -> Iterator[Refusal]:
    for part in sorted(_folder(session, source, day).glob("part-*.sealed")):
        for line in lines_of(session, source, day, part):
            yield Refusal(**json.loads(line))


def lines_of(session: Session, source: str, day: date, part: Path) -> Iterator[str]:
    """What is in one part, a JSON text a row. Raises Refused as `read` does."""
    data = zlib.decompress(session.keyring.unseal(_context(source, day), part.read_bytes()))
    # A part that lost its last row is empty, and there.
    yield from data.decode().split("\n") if data else ()


def sealed(session: Session, source: str, day: date, lines: Sequence[str]) -> bytes:
    """The bytes of one part: rows as JSON texts, compressed and sealed."""
    return session.keyring.seal(_context(source, day), zlib.compress("\n".join(lines).encode()))


def _folder(session: Session, source: str, day: date) -> Path:
    return session.settings.quarantine / source / f"arrival_day={day}"


def _context(source: str, day: date) -> str:
    return f"quarantine/{source}/{day}"
