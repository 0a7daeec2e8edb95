"""Who can read rows about a person: the readers of the restricted tables of every release that is still there."""

from __future__ import annotations

from ...engines import Session
from ...errors import Refused
from ...published import opened
from ...published.shelf import shelf_of
from ...sql import Access
from .inferred import own_rows
from .people import Person
from .portable import Held
from .stored import answer_contract, made


def recipients(session: Session, person: Person) -> Held:
    """One row per release and restricted table with rows about the person. Open tables hold nobody's rows.

    Whom a table was handed on to, beyond our own serving, is in the log of disclosures, where there is one.
    """
    rows: list[dict[str, object]] = []
    for release_id in shelf_of(session.settings).releases():
        release = opened(session.settings, release_id)
        for name, entry in sorted(release.manifest.tables.items()):
            if entry.access is not Access.restricted:
                continue
            try:
                own = own_rows(session, person, name, release)
            except Refused:
                # Retired: its files are gone, and with them whoever could read them.
                if not release.is_whole(name):
                    continue
                raise
            if own:
                rows.append(
                    {
                        "recipient": "our own serving team",
                        "purpose": entry.purpose,
                        "table": name,
                        "release_id": release_id,
                        "released_at": release.manifest.as_of,
                        "rows": len(own),
                        "until": entry.expires_at,
                    }
                )
    return made("recipients", "release_readers", answer_contract(session, "subject_recipients"), rows)
