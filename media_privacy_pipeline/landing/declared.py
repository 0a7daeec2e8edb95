"""What the adapters of public data sets add, because these sets hold none of it: accounts, consent, and a README.

A declared stream is seeded and says of itself, in each row's `evidence_ref` and in the zone's README, that no person
gave these answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import UsageError
from . import zone

_PURPOSES = ("analytics", "personalisation", "context", "training", "fairness_audit")
_DENIED_SHARE = 0.5
"""Share of those who do not grant that answered no; the others never answered."""
CONSENT_COLUMNS = pa.schema(
    [
        ("consent_event_id", pa.string()),
        ("account_id", pa.string()),
        ("purpose", pa.string()),
        ("state", pa.string()),
        ("signal", pa.string()),
        ("effective_at", pa.timestamp("ms", tz="UTC")),
        ("recorded_at", pa.timestamp("ms", tz="UTC")),
        ("notice_version", pa.int32()),
        ("evidence_ref", pa.string()),
    ]
)


@dataclass(frozen=True)
class ImportSummary:
    """What an adapter wrote, and how many of the accounts were declared to consent."""

    out: Path
    data_set: str
    events: int
    accounts: int
    titles: int
    days: int
    consenting: int


def check_rate(consent_rate: float) -> None:
    """Raise UsageError unless the rate is a share."""
    if not 0 <= consent_rate <= 1:
        raise UsageError(f"consent rate {consent_rate}: give a share between 0 and 1")


def declare(out: Path, accounts: pa.Table, days: Sequence[date], *, consent_rate: float, seed: int) -> int:
    """Write `accounts` and `consent_events` of a zone whose events arrive on `days`; return how many accounts consent.

    `accounts` holds account_id, signup_at (of the first event, UTC) and whatever else is known. Each account grants
    every purpose with probability `consent_rate`; of the others half say no to all and half never answer. An answer
    takes effect and arrives at the start of the day of its account's first event. Every day brings a file, with a
    header alone where nobody answered: the sign that the consent platform was heard.
    """
    accounts = accounts.sort_by("account_id")
    draw = np.random.default_rng([seed, len(accounts)]).random((len(accounts), 2))
    grants = draw[:, 0] < consent_rate
    answers = grants | (draw[:, 1] < _DENIED_SHARE)
    start = pc.floor_temporal(accounts["signup_at"].combine_chunks(), unit="day")
    whole = accounts.set_column(accounts.schema.get_field_index("signup_at"), "signup_at", start)
    zone.write(out / "accounts" / "declared.parquet", whole.append_column("profile_id", _constant("main", len(whole))))
    stream = _answers(whole.filter(pa.array(answers)), grants[answers], seed)
    day_of = pc.cast(pc.cast(stream["effective_at"], pa.timestamp("s")), pa.date32()).combine_chunks()
    for day in sorted(days):
        rows = stream.filter(pc.equal(day_of, pa.scalar(day)))
        zone.write(out / "consent_events" / f"day={day}" / f"declared{'.parquet' if len(rows) else '.csv'}", rows)
    return int(grants.sum())


def write_readme(out: Path, *, data_set: str, source: str, terms: str, made: Mapping[str, str]) -> None:
    """Write the zone's README: where the data come from, on what terms, and what the adapter made up or left out."""
    notes = "\n".join(f"* **{what}**: {text}" for what, text in made.items())
    (out / "README.md").write_text(
        f"# Landing zone imported from {data_set}\n\n{source}\n\n"
        f"## Terms\n{terms} This folder is a transformation of that data: the same terms bind it. Do not commit or "
        f"publish it.\n\n## What is real and what is declared\n{notes}\n"
    )


def consent_note(consent_rate: float, seed: int) -> str:
    """What the README says of the declared consent stream."""
    return (
        f"the data set holds no consent records. Each account was declared to grant {', '.join(_PURPOSES)} with "
        f"probability {consent_rate} (seed {seed}); of the others half said no and half never answered. No person gave "
        "these answers; nothing about consent can be learnt from this zone."
    )


def _answers(accounts: pa.Table, grants: np.ndarray, seed: int) -> pa.Table:
    """A row per account and purpose."""
    count = len(_PURPOSES)
    rows = pa.array(np.repeat(np.arange(len(accounts)), count))
    purpose = pa.array(list(_PURPOSES) * len(accounts), pa.string())
    account = accounts["account_id"].combine_chunks().take(rows)
    at = accounts["signup_at"].combine_chunks().take(rows).cast(pa.timestamp("ms", tz="UTC"))
    columns = {
        "consent_event_id": pc.binary_join_element_wise("declared", account, purpose, "-"),
        "account_id": account,
        "purpose": purpose,
        "state": pa.array(np.where(np.repeat(grants, count), "granted", "denied"), pa.string()),
        "signal": _constant("import", len(rows)),
        "effective_at": at,
        "recorded_at": at,
        "notice_version": pa.array(np.ones(len(rows), dtype=np.int32)),
        "evidence_ref": _constant(f"declared by the adapter, seed {seed}", len(rows)),
    }
    return pa.table(columns, schema=CONSENT_COLUMNS)


def _constant(value: str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value), rows)
