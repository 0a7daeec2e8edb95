"""The segment step: one segmentation a calendar month, its plan fixed and its parts paid for once; then who is where.

    HOME/models/segments/<period>.json     the plan: written before the first part is paid for, and never changed

    HOME/models/segments/<period>.stability    how stable each number of segments is, and the one that was taken

Centres and sizes are learned from what `training` permits, since they are a model that serves everyone. Each purpose
that knows viewers by segment assigns its own: from what it permits, under its own keys, in a table of its own.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ValidationError

from ...durable import replace_bytes
from ...engines import Session, Span, StepResult
from ...errors import UsageError
from ...lake import fingerprint_of
from ...privacy import Desk, find_vector, part_sigma, release_vector
from ...privacy.open import open_desk
from ...release_policy import VectorStatement
from ..config import ModelsConfig, SegmentsConfig
from ..inputs import Title, catalogue, days_until, interactions, last_day, open_popularity, read
from ..inputs import training_interactions as learned_from
from ..interactions import Floats, Interactions
from ..private.plan import stored as plan_of_factors
from ..private.recommender import PrivateAls
from ..private.shelf import fit_to_show
from ..training import registry
from .learning import Population, Release, Segmentation, Shape, assigned, learn, merged, population
from .numbering import Numbered, known_segments, numbered
from .profile import SCHEMA, profile
from .space import Known, Plan, make_plan
from .stability import chosen, stability

STATEMENT = "segment_profile"
"""Name of the release, and of its statement in the policy's releases.vectors."""
ASSIGNED = {
    "personalisation": ("personalisation_interactions", "viewer_segments"),
    "advertising": ("advertising_interactions", "viewer_segments_advertising"),
}
"""For each purpose that knows viewers by segment: what they watched under its own keys, and who is where."""
TABLES = ("segment_profile", "training_interactions", *(table for tables in ASSIGNED.values() for table in tables))
_LOG = logging.getLogger(__name__)
_ASSIGNED = pa.schema([("viewer_key", pa.string()), ("segment_id", pa.int32())])


def period_of(span: Span) -> str:
    """The calendar month that the as-of time closes, as YYYY-MM: a segmentation holds for so long."""
    return f"{last_day(span):%Y-%m}"


def make_segments(session: Session, span: Span, config: ModelsConfig) -> StepResult:
    """Learn the month's segmentation or read the stored one; write `segment_profile` and each purpose's own table of
    who is where.

    A month is begun once the statement's least_days are at hand; until then the last segmentation is carried on.
    Whether one is drawn depends on days, the catalogue and the policy, and on no row: a release that is there or not
    would tell, unpaid, of who is there. Raises UsageError where the policy pays for fewer parts than the configuration
    takes, Refused where the budget does not allow a part.
    """
    served = purposes(session)
    for source, target in (tables for purpose, tables in ASSIGNED.items() if purpose not in served):
        # The policy shows this purpose nothing any more.
        session.lake.delete(source)
        session.lake.delete(target)
    for purpose in served:
        interactions(session, span, purpose)
    titles = catalogue(session)
    with _paid(session) as (desk, statement):
        release = PaidSums(desk, statement, period_of(span), last_day(span))
        days, waits = arrival_days(session, span), dict[str, str]()
        if release.begun or days >= statement.least_days:
            plan = stored_plan(session, span, titles, config, desk, statement)
            if plan is None:
                return _tell(session, {"segments": 0, "reason": "the catalogue's genres do not tell titles apart"})
        else:
            reason = f"{days} arrival days of the {statement.least_days} that {period_of(span)} is drawn from"
            _LOG.info("%s: %s", STATEMENT, reason)
            plan = _last_drawn(session, span, desk, statement)
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

        found, named = _learned(session, plan, people, release, config.segments)
    table = profile(plan, found, named)
    told = fingerprint_of(plan.model_dump_json(), table.to_pydict())
    wrote = [session.snapshot("segment_profile", told, table)]
    numbers = named.of_clusters(len(found.centres))
    for purpose, (source, target) in served.items():

        def assignments(source: str = source) -> pa.Table:
            rows = read(session, source, ["viewer_key", "title_id"])
            viewers = Interactions.of(rows.column("viewer_key"), rows.column("title_id"))
            segment = assigned(viewers, titles, plan, found, numbers)
            kept = pa.array(np.flatnonzero(segment))
            return pa.Table.from_arrays([viewers.viewers.take(kept), pa.array(segment).take(kept)], schema=_ASSIGNED)

        made_from = [session.lake.fingerprint(name) for name in (source, "accepted_titles")]
        wrote.append(session.snapshot(target, fingerprint_of(purpose, told, numbers, made_from), assignments))
    stable = {"clusters": len(found.centres), "stability": _stability(session, plan)[len(found.centres)]}
    space = "genres" if plan.factors is None else "private factors"
    metadata = {"period": plan.period, "segments": table.num_rows, "space": space, **stable, **waits}
    return _result(session, metadata, skipped=not any(wrote))


def purposes(session: Session) -> dict[str, tuple[str, str]]:
    """The purposes that the policy lets see what people watched, each with what its segments are told from, and the
    table of them."""
    return {purpose: tables for purpose, tables in ASSIGNED.items() if tables[1] in session.project.contracts}


def _learned(
    session: Session, plan: Plan, people: Callable[[], Population], release: Release, config: SegmentsConfig
) -> tuple[Segmentation, Numbered]:
    """The segmentation of a plan, and its segments as they are told."""

    def choose(plan: Plan, shape: Shape, sigma: float) -> int:
        path = _chosen(session, plan)
        if not path.exists():
            # Written before a part is paid for that depends on it, and never changed.
            found = stability(plan, shape, sigma, config)
            replace_bytes(path, json.dumps({"stability": found, "chosen": chosen(found, config.stability)}).encode())
        return int(json.loads(path.read_bytes())["chosen"])

    found = learn(plan, people, release, choose)
    return found, numbered(plan, found, merged(found, config.minimum_size))


def _stability(session: Session, plan: Plan) -> dict[int, float]:
    told = json.loads(_chosen(session, plan).read_bytes())["stability"]
    return {int(k): float(value) for k, value in told.items()}


def _chosen(session: Session, plan: Plan) -> Path:
    return _plans(session) / f"{plan.period}.stability"


def arrival_days(session: Session, span: Span) -> int:
    """How many arrival days of training's window were taken in up to the span's end, those without a row among them."""
    return len(days_until(session, "permitted_training_viewing_events", span.last))


def stored_plan(
    session: Session,
    span: Span,
    titles: Mapping[str, Title],
    config: ModelsConfig,
    desk: Desk,
    statement: VectorStatement,
) -> Plan | None:
    """The plan of the month: the stored one, or one made and stored now; None where the catalogue allows none.

    Raises UsageError for one that another version stored: what was paid for by it means something else.
    """
    path = _plans(session) / f"{period_of(span)}.json"
    if path.exists():
        plan = _read_plan(path)
        if plan is None:
            raise UsageError(
                f"{path}: this version cannot go on with it; begin a new home, or take the next month first"
            )
        return plan
    popularity = open_popularity(session, span.as_of, config.segments.popularity_days)
    known = _known(session, span, desk, statement, config.segments)
    plan = make_plan(
        period_of(span), titles, popularity, config.segments, known, private_factors(session, span, titles)
    )
    if plan is not None:
        replace_bytes(path, plan.model_dump_json(indent=1).encode())
    return plan


def private_factors(session: Session, span: Span, titles: Mapping[str, Title]) -> tuple[str, PrivateAls] | None:
    """The newest private factors, with their model's name, where viewers may be told apart by them.

    None where the policy pays for none, where there are none or they are held back, where they are of a later month,
    and where a title that is sensitive tonight had a part in them: what it moved cannot be taken out again.
    """
    found = fit_to_show(registry(session.settings.models)) if session.policy.releases.factors is not None else None
    if found is None or found[1] > period_of(span):
        return None
    name, period, model = found
    plan = plan_of_factors(session.settings.models, period)
    if plan is None or any(key in titles and titles[key].sensitive for key in plan.titles):
        return None
    return name, model


def _known(
    session: Session, span: Span, desk: Desk, statement: VectorStatement, config: SegmentsConfig
) -> tuple[Known, ...]:
    """The segments of the last month that was drawn, from what was released then."""
    plan = _last_drawn(session, span, desk, statement)
    if plan is None:
        return ()

    def nobody() -> Population:
        raise AssertionError("every part is stored")

    release = PaidSums(desk, statement, plan.period, last_day(span))
    return known_segments(plan, *_learned(session, plan, nobody, release, config))


def _last_drawn(session: Session, span: Span, desk: Desk, statement: VectorStatement) -> Plan | None:
    """The latest plan before the span's month whose parts were all released, so that reading it again pays nothing."""
    for path in sorted(_plans(session).glob("*.json"), reverse=True):
        plan = _read_plan(path) if path.stem < period_of(span) else None
        if plan is not None:
            last = plan.parts - 1
            if find_vector(desk, STATEMENT, statement, partition=plan.period, part=last) is not None:
                return plan
    return None


def _read_plan(path: Path) -> Plan | None:
    """A stored plan; None for one in another version's form."""
    try:
        return Plan.model_validate_json(path.read_bytes())
    except ValidationError:
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
    wrote = [session.snapshot("segment_profile", fingerprint_of(metadata), SCHEMA.empty_table)]
    wrote += [
        session.snapshot(target, fingerprint_of(metadata), _ASSIGNED.empty_table)
        for _, target in purposes(session).values()
    ]
    return _result(session, metadata, skipped=not any(wrote))


def _result(session: Session, metadata: Mapping[str, int | float | str], *, skipped: bool) -> StepResult:
    rows = {name: session.lake.rows(name) for name in TABLES if session.lake.has(name)}
    return StepResult(rows, skipped=skipped, metadata=metadata)
