"""The step of creator_exposure and fairness_report: counted once a month, paid for, and told beside watching.

    HOME/models/fairness/<period>.json     the plan: written before the count is paid for, and never changed

A month is drawn on the first night of it on which the policy's least_days of arrival days are at hand; until then
the last month's count holds. Whether one is drawn depends on days, the catalogue and the policy, and on no row.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, time
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ...durable import replace_bytes
from ...engines import Input, Session, Span, StepResult
from ...lake import fingerprint_of
from ...privacy import Desk, find_vector, part_sigma, release_vector
from ...privacy.open import open_desk
from ...release_policy import VectorStatement
from ..config import ModelsConfig
from ..inputs import catalogue, days_until, last_day, open_popularity, read
from ..interactions import Floats
from ..serving.shelf import long_tail
from ..spark.scale import beyond, cut
from .exposure import contributions
from .plan import CREATOR, Plan, Watched
from .report import told

STATEMENT = "creator_exposure"
"""Name of the release, of its statement in the policy's releases.vectors, and of the table of creators."""
SOURCE = "permitted_analytics_viewing_events"
_SHARES = [(f"{name}{end}", pa.float64()) for name in ("exposure", "utility", "gap") for end in ("", "_low", "_high")]
_COUNTED = [("titles", pa.int32()), ("under_minimum", pa.bool_()), *_SHARES]
CREATORS = pa.schema([("period", pa.string()), ("creator", pa.string()), *_COUNTED])
GROUPS = pa.schema([("period", pa.string()), ("facet", pa.string()), ("group_name", pa.string()), *_COUNTED])


def expose(session: Session, span: Span, config: ModelsConfig | None = None) -> StepResult:
    """Count the month's exposure or read the stored count; write `creator_exposure` and `fairness_report`, both empty
    where there is none or it does not stand out of the noise. Raises Refused where the budget does not allow it."""
    config = config or ModelsConfig.on(session.settings.threads)
    statement = session.policy.releases.vectors.get(STATEMENT)
    if statement is None:
        return _write(session, [], {"reason": f"the policy's releases.vectors pays for no {STATEMENT}"})
    period = f"{last_day(span):%Y-%m}"
    desk = open_desk(session)
    with closing(desk.ledger):
        plan = _stored(session, period)
        if plan is None and len(days_until(session, SOURCE, span.last)) >= statement.least_days:
            plan = _planned(session, span, period, config)
        plan = plan or _last_drawn(session, period, desk, statement)
        if plan is None:
            return _write(session, [], {"reason": f"{period} is drawn from {statement.least_days} arrival days on"})
        sums = _sums(session, span, plan, desk, statement, config)
    rows = told(plan, sums, part_sigma(statement), config.fairness.minimum_audience)
    under = sum(row["under_minimum"] for row in rows if row["facet"] == CREATOR)
    metadata: dict[str, Any] = {"period": plan.period, "creators under the minimum audience": under}
    return _write(
        session, rows, metadata | ({} if rows else {"reason": "what was counted does not stand out of the noise"})
    )


def _planned(session: Session, span: Span, period: str, config: ModelsConfig) -> Plan | None:
    titles, days = catalogue(session), config.serving.popularity_days
    if not titles:
        return None
    popular = open_popularity(session, span.as_of, days)
    tail = long_tail(titles, popular, config.discovery.head_share)
    plan = Plan.of(period, titles, tail, _watched(session, span.as_of, days), days)
    replace_bytes(_plans(session) / f"{period}.json", plan.model_dump_json().encode())
    return plan


def _watched(session: Session, as_of: datetime, days: int) -> dict[str, Watched]:
    """Released viewers of each title over the last so many days; the variances of independent noise add up."""
    released = [day for day in session.lake.days("title_daily") if datetime.combine(day, time()) < as_of][-days:]
    found: dict[str, tuple[float, float]] = {}
    for row in read(session, "title_daily", ["title_id", "viewers", "viewers_high"], released).to_pylist():
        viewers, squared = found.get(row["title_id"], (0.0, 0.0))
        wide = (row["viewers_high"] - row["viewers"]) / 1.959964
        found[row["title_id"]] = (viewers + row["viewers"], squared + wide**2)
    return {title: Watched(viewers, squared**0.5) for title, (viewers, squared) in found.items()}


def _sums(
    session: Session, span: Span, plan: Plan, desk: Desk, statement: VectorStatement, config: ModelsConfig
) -> Floats:
    stored = find_vector(desk, STATEMENT, statement, partition=plan.period, part=0)
    if stored is not None:
        return stored
    days = days_until(session, SOURCE, span.last)[-plan.days :]
    sql, inputs = session.project.render("recommended_plays"), {SOURCE: session.folder(SOURCE, days)}
    pay = partial(release_vector, desk, STATEMENT, statement, partition=plan.period, part=0, day=last_day(span))
    events = session.lake.rows(SOURCE, days)
    executors = beyond(session, events, config.scale)
    if executors is None:
        session.lake.drop_unfinished("exposure")
        return pay(contributions(plan, session.engine.fetch(sql, inputs)))
    made_from = fingerprint_of(sql, session.lake.fingerprint(SOURCE, days))
    with session.lake.until_done("exposure", made_from) as scratch:
        # Each account has all its plays in one file, of which one is in memory at a time.
        files = cut(executors, sql, dict[str, Input](inputs), scratch / "cut", events, config.scale, by="account_key")
        if not files:
            return pay(contributions(plan, session.engine.fetch(sql, inputs)))
        return pay(block for file in files for block in contributions(plan, pq.ParquetFile(file).read()))


def _last_drawn(session: Session, period: str, desk: Desk, statement: VectorStatement) -> Plan | None:
    for path in sorted(_plans(session).glob("*.json"), reverse=True):
        drawn = find_vector(desk, STATEMENT, statement, partition=path.stem, part=0) is not None
        if path.stem < period and drawn:
            return _stored(session, path.stem)
    return None


def _stored(session: Session, period: str) -> Plan | None:
    path = _plans(session) / f"{period}.json"
    return Plan.model_validate_json(path.read_bytes()) if path.exists() else None


def _plans(session: Session) -> Path:
    return session.settings.models / "fairness"


def _write(session: Session, rows: Sequence[dict[str, Any]], metadata: dict[str, Any]) -> StepResult:
    creators = [{"creator": row["group_name"], **row} for row in rows if row["facet"] == CREATOR]
    groups = [row for row in rows if row["facet"] != CREATOR]
    tables = {
        STATEMENT: pa.Table.from_pylist(creators, CREATORS),
        "fairness_report": pa.Table.from_pylist(groups, GROUPS),
    }
    wrote = [session.snapshot(name, fingerprint_of(name, table.to_pylist()), table) for name, table in tables.items()]
    counted = {STATEMENT: len(creators), "fairness_report": len(groups)}
    return StepResult(counted, skipped=not any(wrote), metadata=metadata)
