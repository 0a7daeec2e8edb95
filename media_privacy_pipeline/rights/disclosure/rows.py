"""The rows of a published table that may be handed to a recipient, and whose they are."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ...consent.gate import check_source, standing_people
from ...consent.record import opened
from ...consent.rules import named
from ...engines import Session, Span
from ...errors import Refused, UsageError
from ...published import Release
from ...sql import Access

LEDGER_PURPOSE = "disclosure"
"""The purpose under whose pseudonym it is kept who received what, whatever it was handed over for."""


class Allowed(NamedTuple):
    """Rows that may go, and the pseudonyms under which it is kept that they did: one a person, none for open tables."""

    rows: pa.Table
    people: pa.Array


def allowed_rows(
    session: Session, release: Release, table: str, recipient: str, purpose: str, as_of: datetime
) -> Allowed:
    """The rows of a table that a recipient may have for a purpose, as of a time.

    Of a restricted table, rows stay whose person's consent stands now, to what the table is for and to the handing
    over. For a purpose that asks for a form of its own (VPPA), viewer_key becomes a pseudonym for this recipient alone,
    so that no two of them can put together what they got. Raises UsageError for what the policy does not declare, and
    Refused where nobody is left, the consent source is stale, or files are not what was released.
    """
    check_declared(session, release, table, recipient, purpose)
    entry = release.manifest.tables[table]
    for path in release.changed(table):
        raise Refused(f"{table}: {path} is not what was released: nothing was handed over")
    if entry.access is not Access.restricted:
        return Allowed(release.arrow(table), pa.array([], pa.string()))
    if entry.expires_at is not None and entry.expires_at <= as_of:
        raise Refused(f"{table}: release {release.release_id} expired on {entry.expires_at}: use a newer one")
    _check_heard(session, as_of)
    people = standing_people(session, as_of, str(entry.purpose))
    own_form = session.policy.purposes[purpose].separate_form_days is not None
    if own_form:
        willing = set(standing_people(session, as_of, purpose, recipient))
        people = [pair for pair in people if pair in willing]
    keys = pa.array(session.keyring.viewer_keys(str(entry.purpose), people), pa.string())
    rows = release.arrow(table)
    place = pc.index_in(rows["viewer_key"].combine_chunks(), keys)
    rows, place = rows.filter(pc.is_valid(place)), place.drop_null()
    if not rows.num_rows:
        raise Refused(f"{table}: nobody in it lets {recipient} have their rows for {purpose}: nothing was handed over")
    there = sorted(set(place.to_pylist()))
    if own_form:
        theirs = pa.array(session.keyring.viewer_keys(named(purpose, recipient), people), pa.string())
        rows = rows.set_column(rows.column_names.index("viewer_key"), "viewer_key", theirs.take(place))
        # In the order of the old keys, rows of two recipients would line up.
        rows = rows.sort_by([(name, "ascending") for name in session.project.contracts[table].meta.grain])
    kept = session.keyring.viewer_keys(LEDGER_PURPOSE, [people[n] for n in there])
    return Allowed(rows, pa.array(kept, pa.string()))


def check_declared(session: Session, release: Release, table: str, recipient: str, purpose: str) -> None:
    """Raise UsageError unless the policy lets a recipient have a table of a release for a purpose."""
    known = session.policy.recipients
    if recipient not in known:
        listed = ", ".join(known) or "nobody"
        raise UsageError(f"the policy declares no recipient {recipient!r} (recipients): it declares {listed}")
    session.policy.known_purpose(purpose)
    declared = known[recipient]
    if purpose not in declared.purposes:
        raise UsageError(
            f"recipients.{recipient} may have tables for {', '.join(declared.purposes)}, not for {purpose}"
        )
    if table not in declared.tables:
        raise UsageError(f"recipients.{recipient} may have {', '.join(declared.tables)}, not {table}")
    if table not in release.manifest.tables:
        raise UsageError(f"{table}: release {release.release_id} has no such table; `media-privacy tables` lists them")
    entry = release.manifest.tables[table]
    covers = entry.purpose in (None, purpose) or session.policy.purposes[purpose].separate_form_days is not None
    if not covers:
        raise UsageError(
            f"{table} holds people's rows for {entry.purpose}: it may be handed over for that, or for a purpose that "
            f"asks for a form of its own, and {purpose} is neither"
        )


def _check_heard(session: Session, as_of: datetime) -> None:
    """Whatever was said by now must be known: later choices are heard, and the source is not stale."""
    with opened(session) as ledger:
        newest = ledger.newest(datetime.max)
    if newest is not None and newest > as_of:
        raise Refused(
            f"the consent ledger knows of choices recorded until {newest}: hand over as of then or later, so that "
            "they are heard"
        )
    check_source(session, Span.of(as_of.date(), as_of.date(), as_of))
