"""The nightly step of disclosures: what may be told of them, for the release report."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from ...engines import Session, Span, StepResult
from ...engines.types import arrow_schema
from ...lake import fingerprint_of
from .kept import forget_unrecorded
from .log import Disclosure, DisclosureLog

_TABLE = "disclosure_counts"


def count(session: Session, span: Span) -> StepResult:
    """Write `disclosure_counts` from the log. Raises Refused where the log is not what was signed."""
    log = DisclosureLog(session.settings.home, session.keyring)
    entries = log.entries()
    forget_unrecorded(session, len(entries))
    by_recipient: dict[tuple[str, str], list[Disclosure]] = {}
    for _, each in entries:
        by_recipient.setdefault((each.recipient, each.purpose), []).append(each)
    least = session.policy.published.min_cell_size
    schema = arrow_schema(session.project.contracts[_TABLE].types)
    rows = pa.Table.from_pylist([_row(key, of, least) for key, of in sorted(by_recipient.items())], schema)
    fingerprint = fingerprint_of(_TABLE, schema.to_string(), rows.to_pylist())
    skipped = not session.snapshot(_TABLE, fingerprint, rows)
    return StepResult({_TABLE: rows.num_rows}, skipped=skipped, metadata={"disclosures": len(entries)})


def _row(key: tuple[str, str], of: list[Disclosure], least: int) -> dict[str, object]:
    people = max(each.people for each in of)
    return {
        "recipient": key[0],
        "purpose": key[1],
        "tables": ", ".join(sorted({each.table for each in of})),
        "disclosures": len(of),
        "people": None if 0 < people < least else people,
        "last_day": date.fromisoformat(max(each.at for each in of)[:10]),
    }
