"""The answer to an access or portability request: one zip with all that is held.

Source: GDPR 15 and 20, case 55 of the spec.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ...engines import Session
from ...reports.person import person_page
from ..private import OWNER_ONLY, check_outside, new_file
from .answer import KINDS, Answer, gather
from .asked import Request, verified_request
from .people import person_of
from .portable import Held, as_csv, as_json, as_schema
from .raw import Accounted, accounted
from .words import KINDS as TOLD
from .words import told

_SHOWN = 25
"""Rows of a table that the page shows; the files beside it have all."""
# The same answer has the same bytes, whenever it is written.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Exported:
    """What was written: rows by kind of data, and files."""

    out: Path
    rows: dict[str, int]
    files: int


def export(
    session: Session, account_id: str, profile_id: str | None, request_id: str, out: Path, as_of: datetime
) -> Exported:
    """Write the zip, readable by its owner alone, whole or not at all.

    Raises Refused without a verified request of this person, or where rows cannot all be accounted for, and UsageError
    for a place that it cannot or must not be written to.
    """
    check_outside(session.settings, out)
    request = verified_request(session, request_id, account_id, profile_id)
    with new_file(out) as temporary:
        answer = gather(session, person_of(session, account_id, profile_id), as_of)
        fate = accounted(session, answer.person, {held.name: held for held in answer.tables})
        tables = sorted([*answer.tables, fate.table], key=lambda held: (KINDS.index(held.kind), held.name))
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in _files(session, request, answer, fate, tables):
                info = zipfile.ZipInfo(name, _EPOCH)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = OWNER_ONLY << 16
                archive.writestr(info, text)
            files = len(archive.namelist())
    rows = {kind: sum(held.rows.num_rows for held in tables if held.kind == kind) for kind in KINDS}
    return Exported(out, rows, files)


def _files(
    session: Session, request: Request, answer: Answer, fate: Accounted, tables: list[Held]
) -> Iterator[tuple[str, str]]:
    yield "index.html", _page(session, request, answer, fate, tables)
    for held in tables:
        yield f"{held.kind}/{held.name}.json", as_json(held)
        yield f"{held.kind}/{held.name}.csv", as_csv(held)
        yield f"{held.kind}/{held.name}.schema.json", as_schema(held)


def _page(session: Session, request: Request, answer: Answer, fate: Accounted, tables: list[Held]) -> str:
    kinds = [
        {
            "name": kind,
            "title": TOLD[kind][0],
            "says": TOLD[kind][1],
            "tables": [_told(session, held) for held in tables if held.kind == kind],
        }
        for kind in KINDS
    ]
    return person_page(
        "export.html.j2",
        request=request,
        answer=answer,
        torn=fate.torn,
        unreadable=fate.unreadable,
        kinds=kinds,
        shown=_SHOWN,
        purposes=session.policy.purposes,
        quarantine_days=session.policy.landing.quarantine_days,
    )


def _told(session: Session, held: Held) -> dict[str, object]:
    title, says = told(held.name, held.contract, session.policy)
    return {
        "name": held.name,
        "title": title,
        "says": says,
        "path": f"{held.kind}/{held.name}",
        "columns": held.contract.columns,
        "rows": held.rows.num_rows,
        # The newest, for rows are in the order of time.
        "latest": [list(row.values()) for row in held.records[-_SHOWN:][::-1]],
    }
