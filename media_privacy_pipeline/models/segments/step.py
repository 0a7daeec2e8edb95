"""The segment step: one segmentation a calendar month, its plan fixed and its parts paid for once; then who is where.

    HOME/models/segments/<period>.json     the plan: written before the first part is paid for, and never changed

Centres and sizes are learned from what `training` permits, since they are a model that serves everyone; viewers are
assigned from what `personalisation` permits, under its own keys.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...durable import replace_bytes
from ...engines import Session, Span, StepResult
from ...errors import UsageError
from ...lake import fingerprint_of
from ...privacy import Desk, find_vector, part_sigma, release_vector
from ...privacy.open import open_desk
from ...release_policy import VectorStatement
from ..config import ModelsConfig
from ..inputs import Title, catalogue, days_until, last_day, open_popularity, personalisation_interactions, read
from ..inputs import training_interactions as learned_from
from ..interactions import Floats, Interactions
from .learning import Population, assigned, learn, merged, population
from .profile import SCHEMA, profile
from .space import Plan, make_plan

STATEMENT = "segment_profile"
"""Name of the release, and of its statement in the policy's releases.vectors."""
TABLES = ("segment_profile", "viewer_segments", "training_interactions", "personalisation_interactions")
_LOG = logging.getLogger(__name__)
_ASSIGNED = pa.schema([("viewer_key", pa.string()), ("segment_id", pa.int32())])


def period_of(span: Span) -> str:
    """The calendar month that the as-of time closes, as YYYY-MM: a segmentation holds for so long."""
    return f"{last_day(span):%Y-%m}"


def make_segments(session: Session, span: Span, config: ModelsConfig) -> StepResult:
    """Learn the month's segmentation or read the stored one; write `segment_profile` and `viewer_segments`.

    A month is begun once the statement's least_days are at hand; until then the last segmentation is carried on.
    Whether one is drawn depends on days, the catalogue and the policy, and on no row: a release that is there or not
    would tell, unpaid, of who is there. Raises UsageError where the policy pays for fewer parts than the configuration
    takes, Refused where the budget does not allow a part.
    """
    personalisation_interactions(session, span)
    titles = catalogue(session)
    with _paid(session) as (desk, statement):
        release = PaidSums(desk, statement, period_of(span), last_day(span))
        days, waits = arrival_days(session, span), dict[str, str]()
        if release.begun or days >= statement.least_days:
            plan = stored_plan(session, span, titles, config)
            if plan is None:
                return _tell(session, {"segments": 0, "reason": "the catalogue's genres do not tell titles apart"})
        else:
            reason = f"{days} arrival days of the {statement.least_days} that {period_of(span)} is drawn from"
            _LOG.info("%s: %s", STATEMENT, reason)
            plan = _carried(session, span, desk, statement)
            if plan is None:
                return _tell(session, {"segments": 0, "reason": reason})
            release = PaidSums(desk, statement, plan.period, last_day(span))
            waits["reason"] = reason
        if statement.parts < plan.parts:
            raise UsageError(
                f"policy: releases.vectors.{STATEMENT} must pay for the {plan.parts} parts of a segmentation: set its "
                "parts"
            )

        @cache
        def people() -> Population:
            return _people(learned_from(session, span, config.evaluation).rows, titles, plan)

        found = learn(plan, people, release)
    groups = merged(found, config.segments.minimum_size)
    table = profile(plan, found, groups)
    told = fingerprint_of(plan.model_dump_json(), table.to_pydict())
    assigned_from = session.lake.fingerprint("personalisation_interactions")
    inputs = fingerprint_of(told, groups, assigned_from, session.lake.fingerprint("accepted_titles"))

    def assignments() -> pa.Table:
        rows = read(session, "personalisation_interactions", ["viewer_key", "title_id"])
        viewers = Interactions.of(rows.column("viewer_key"), rows.column("title_id"))
        segment = assigned(viewers, titles, plan, found, groups)
        kept = np.flatnonzero(segment)
        return pa.Table.from_arrays([viewers.viewers.take(pa.array(kept)), pa.array(segment[kept])], schema=_ASSIGNED)

    wrote = [
        _write(session, "segment_profile", told, lambda: table),
        _write(session, "viewer_segments", inputs, assignments),
    ]
    return _result(session, {"period": plan.period, "segments": table.num_rows, **waits}, skipped=not any(wrote))


def arrival_days(session: Session, span: Span) -> int:
    """How many arrival days of training's window were taken in up to the span's end, those without a row among them."""
    return len(days_until(session, "permitted_training_viewing_events", span.last))


def stored_plan(session: Session, span: Span, titles: Mapping[str, Title], config: ModelsConfig) -> Plan | None:
    """The plan of the month: the stored one, or one made and stored now; None where the catalogue allows none."""
    path = _plans(session) / f"{period_of(span)}.json"
    if path.exists():
        return Plan.model_validate_json(path.read_bytes())
    popularity = open_popularity(session, span.as_of, config.segments.popularity_days)
    plan = make_plan(period_of(span), titles, popularity, config.segments)
    if plan is not None:
        replace_bytes(path, plan.model_dump_json(indent=1).encode())
    return plan


def _carried(session: Session, span: Span, desk: Desk, statement: VectorStatement) -> Plan | None:
    """The latest plan before the span's month whose parts were all released, so that reading it again pays nothing."""
    for path in sorted(_plans(session).glob("*.json"), reverse=True):
        if path.stem < period_of(span):
            plan = Plan.model_validate_json(path.read_bytes())
            last = plan.parts - 1
            if find_vector(desk, STATEMENT, statement, partition=plan.period, part=last) is not None:
                return plan
    return None


def _plans(session: Session) -> Path:
    return session.settings.models / "segments"


class PaidSums:
    """Release of a plan's parts at the desk, under the policy's statement. See segments.Release."""

    def __init__(self, desk: Desk, statement: VectorStatement, period: str, day: date) -> None:
        self._desk, self._statement, self._period, self._day = desk, statement, period, day
        self.sigma = part_sigma(statement)

    @property
    def begun(self) -> bool:
        """Whether the first part has been released."""
        return find_vector(self._desk, STATEMENT, self._statement, partition=self._period, part=0) is not None

    def __call__(self, part: int, contributions: Callable[[], Iterator[Floats]]) -> Floats:
        """See segments.Release."""
        stored = find_vector(self._desk, STATEMENT, self._statement, partition=self._period, part=part)
        if stored is not None:
            return stored
        rows = (block.astype(np.float64, copy=False) for block in contributions())
        return release_vector(
            self._desk, STATEMENT, self._statement, rows, partition=self._period, part=part, day=self._day
        )


@contextmanager
def _paid(session: Session) -> Iterator[tuple[Desk, VectorStatement]]:
    statement = session.policy.releases.vectors.get(STATEMENT)
    if statement is None:
        raise UsageError(f"policy: releases.vectors.{STATEMENT} is missing: nothing pays for a segmentation")
    desk = open_desk(session)
    try:
        yield desk, statement
    finally:
        desk.ledger.close()


def _people(rows: pa.Table, titles: Mapping[str, Title], plan: Plan) -> Population:
    viewers = Interactions.of(rows.column("viewer_key"), rows.column("title_id"))
    profiles = rows.group_by(["viewer_key", "account_key"]).aggregate([])
    place = pc.index_in(viewers.viewers, profiles.column("viewer_key"))
    return population(viewers, profiles.column("account_key").take(place), titles, plan)


def _tell(session: Session, metadata: Mapping[str, int | float | str]) -> StepResult:
    """No segments, and why."""
    wrote = [
        _write(session, "segment_profile", fingerprint_of(metadata), SCHEMA.empty_table),
        _write(session, "viewer_segments", fingerprint_of(metadata), _ASSIGNED.empty_table),
    ]
    return _result(session, metadata, skipped=not any(wrote))


def _write(session: Session, name: str, fingerprint: str, make: Callable[[], pa.Table]) -> bool:
    """Write a snapshot unless it is there, made from the same; whether it was written."""
    if session.lake.is_current(name, fingerprint):
        return False
    with session.lake.write(name, fingerprint) as staging:
        pq.write_table(make(), staging / "part-0.parquet", compression="zstd")
    return True


def _result(session: Session, metadata: Mapping[str, int | float | str], *, skipped: bool) -> StepResult:
    rows = {name: session.lake.rows(name) for name in TABLES if session.lake.has(name)}
    return StepResult(rows, skipped=skipped, metadata=metadata)
