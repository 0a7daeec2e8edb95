"""The step of popular_by_region: what the service shows to whom it knows nothing of, or may use nothing of."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pyarrow as pa

from ...engines import Session, Span, StepResult
from ...lake import fingerprint_of
from ..config import ModelsConfig
from ..inputs import open_popularity, read
from .region import counts_of, listed, regional

TABLE, COUNTED = "popular_by_region", "title_by_country"
ELSEWHERE = "ZZ"
"""Any other country, or none that is known."""
_SCHEMA = pa.schema(
    [
        ("country", pa.string()),
        ("rank", pa.int32()),
        ("title_id", pa.string()),
        ("maturity", pa.string()),
        ("score", pa.float64()),
        ("own_share", pa.float64()),
    ]
)


def popularise(session: Session, span: Span, config: ModelsConfig | None = None) -> StepResult:
    """`popular_by_region` from released counts and the catalogue, without titles that the operator blocks.

    It reads nothing of any person: it costs no privacy, and is the same whoever asks.
    """
    config = config or ModelsConfig()
    lake, overall = session.lake, open_popularity(session, span.as_of, config.serving.popularity_days)
    period = last_period(session, span.as_of)
    blocked = frozenset(session.policy.serving.blocked_titles)
    made_from = [lake.fingerprint(COUNTED, period), lake.fingerprint("accepted_titles"), sorted(overall.items())]
    fingerprint = fingerprint_of(made_from, sorted(blocked), regions(session), config.serving.model_dump_json())
    if lake.is_current(TABLE, fingerprint):
        return StepResult({TABLE: lake.rows(TABLE)}, skipped=True)
    maturity = {
        row["title_id"]: row["maturity"]
        for row in read(session, "accepted_titles", ["title_id", "maturity"]).to_pylist()
    }
    rows = read(session, COUNTED, ["country", "title_id", "viewers", "viewers_high"], period) if period else None
    counted = [] if rows is None else [tuple(row.values()) for row in rows.to_pylist()]
    counts = counts_of(regions(session), overall, counted)
    found = regional(counts)
    best = listed(counts, found, frozenset(maturity) - blocked, config.serving.listed_by_region)
    table = pa.Table.from_pylist([{**row, "maturity": maturity[str(row["title_id"])]} for row in best], schema=_SCHEMA)
    session.put(TABLE, fingerprint, table)
    own = {f"own share of {name}": round(float(w), 3) for name, w in zip(counts.regions, found.own_share, strict=True)}
    return StepResult({TABLE: table.num_rows}, metadata={"period": str(*period) if period else "none yet", **own})


def regions(session: Session) -> list[str]:
    """The countries that the policy counts titles in, and ELSEWHERE."""
    statement = session.policy.releases.tables.get(COUNTED)
    named = () if statement is None else statement.cells["country"].values
    return sorted({*named, ELSEWHERE})


def last_period(session: Session, as_of: datetime) -> list[date]:
    """First day of the last released period that ended before the as-of time; empty where there is none."""
    statement = session.policy.releases.tables.get(COUNTED)
    if statement is None or statement.period is None:
        return []
    length = timedelta(days=statement.period.days)
    return [day for day in session.lake.days(COUNTED) if datetime.combine(day + length, time()) <= as_of][-1:]


def by_region(session: Session) -> dict[str, dict[str, float]]:
    """The scores of `popular_by_region` by country and title; empty where it was never made or lists nothing."""
    if not session.lake.has(TABLE):
        return {}
    found: dict[str, dict[str, float]] = {}
    for row in read(session, TABLE, ["country", "title_id", "score"]).to_pylist():
        found.setdefault(row["country"], {})[row["title_id"]] = row["score"]
    return found
