"""Handing a published table over: decided, recorded, and only then written where the recipient gets it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from ...engines import Session
from ...errors import UsageError
from ...published import opened
from ..private import check_outside, new_file
from .kept import forget_unrecorded, keep
from .log import Disclosure, DisclosureLog, Recorded
from .rows import allowed_rows


@dataclass(frozen=True)
class Wanted:
    """What is to be handed over: a table of a release (None: the current one), to whom, what for, and the file."""

    table: str
    recipient: str
    purpose: str
    out: Path
    release: str | None = None


@dataclass(frozen=True)
class Handed:
    """What was handed over: the line that records it, and the file."""

    recorded: Recorded
    file: Path


def hand_over(session: Session, wanted: Wanted, now: datetime) -> Handed:
    """Write the rows that may go into a new file that its owner alone can read, once the log has it on the disk.

    `now` (naive UTC) is when it happens, and what consent is asked as of: an act has no other time. A process that is
    killed may leave a line of something that was not handed over; never the other way. Raises UsageError for what the
    policy does not declare, a file that is there or one under the home, and Refused where consent, the log or the
    release says no.
    """
    write = _writer(wanted.out)
    check_outside(session.settings, wanted.out)
    release = opened(session.settings, wanted.release)
    release.manifest.verify(session.keyring.verifier_hex)
    log = DisclosureLog(session.settings.home, session.keyring)
    end = log.end()
    forget_unrecorded(session, end)
    allowed = allowed_rows(session, release, wanted.table, wanted.recipient, wanted.purpose, now)
    # In memory: nothing that could be taken for the file may lie on a disk before the log has it.
    data = write(allowed.rows)
    said = {"recipient": wanted.recipient, "purpose": wanted.purpose, "table": wanted.table}
    said["release"] = release.release_id
    keep(session, end + 1, now.date(), allowed.people, said)
    recorded = log.append(
        Disclosure(
            at=now.isoformat(" ", "seconds"),
            **said,
            rows=allowed.rows.num_rows,
            people=len(allowed.people),
            sha256=sha256(data).hexdigest(),
        )
    )
    with new_file(wanted.out) as temporary:
        temporary.write_bytes(data)
    return Handed(recorded, wanted.out)


def _writer(out: Path) -> Callable[[pa.Table], bytes]:
    if out.exists():
        raise UsageError(f"{out}: there is a file already; name a new one")
    if not out.parent.is_dir():
        raise UsageError(f"{out.parent}: there is no such folder")
    if out.suffix not in _WRITERS:
        raise UsageError(f"{out.name}: a file to hand over ends in {' or '.join(_WRITERS)}")
    return _WRITERS[out.suffix]


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _csv(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pyarrow.csv.write_csv(table, sink)
    return sink.getvalue()


_WRITERS: dict[str, Callable[[pa.Table], bytes]] = {".parquet": _parquet, ".csv": _csv}
