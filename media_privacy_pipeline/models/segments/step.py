"""The segment step: one segmentation a calendar month, its plan fixed and its parts paid for once; then who is where.

Centres and sizes are learned from what `training` permits, since they are a model that serves everyone. Each purpose
that knows viewers by segment assigns its own: from what it permits, under its own keys, in a table of its own.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from functools import cache, partial

import pyarrow as pa
import pyarrow.compute as pc

from ...durable import replace_bytes
from ...engines import Session, Span, StepResult
from ...errors import UsageError
from ...lake import fingerprint_of
from ...privacy import Desk
from ...release_policy import VectorStatement
from ..config import ModelsConfig, SegmentsConfig
from ..inputs import Title, arrival_days, catalogue, interactions, last_day, open_popularity, read
from ..inputs import training_interactions as learned_from
from ..interactions import Interactions
from ..spark.scale import beyond, check_memory
from ..spark.segments import ASSIGNED as SCHEMA_ASSIGNED
from ..spark.segments import assign, placed
from .learning import Population, Release, Segmentation, Shape, learn, merged, population
from .numbering import Numbered, known_segments, numbered
from .paying import STATEMENT, PaidSums, paid_at
from .plans import chosen_at, folder, last_drawn, period_of, private_factors, read_plan, stability_of
from .profile import SCHEMA, profile
from .space import Known, Plan, make_plan
from .stability import chosen, stability

ASSIGNED = {
    "personalisation": ("personalisation_interactions", "viewer_segments"),
    "advertising": ("advertising_interactions", "viewer_segments_advertising"),
}
"""For each purpose that knows viewers by segment: what they watched under its own keys, and who is where."""
TABLES = ("segment_profile", "training_interactions", *(table for tables in ASSIGNED.values() for table in tables))
_LOG = logging.getLogger(__name__)


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
    with paid_at(session) as (desk, statement):
        release = PaidSums(desk, statement, period_of(span), last_day(span))
        days, waits = arrival_days(session, span), dict[str, str]()
        if release.begun or days >= statement.least_days:
            plan = stored_plan(session, span, titles, config, desk, statement)
            if plan is None:
                return _tell(session, {"segments": 0, "reason": "the catalogue's genres do not tell titles apart"})
        else:
            reason = f"{days} arrival days of the {statement.least_days} that {period_of(span)} is drawn from"
            _LOG.info("%s: %s", STATEMENT, reason)
            plan = last_drawn(session, span, desk, statement)
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
            learned = learned_from(session, span, config.evaluation)
            if beyond(session, learned.pairs, config.scale) is not None:
                check_memory("the month's segmentation", learned.pairs, session.settings.memory_limit)
            return _people(learned.rows, titles, plan)

        found, named = _learned(session, plan, people, release, config.segments)
    table = profile(plan, found, named)
    told = fingerprint_of(plan.model_dump_json(), table.to_pydict())
    wrote = [session.snapshot("segment_profile", told, table)]
    numbers = named.of_clusters(len(found.centres))
    place = partial(placed, titles=titles, plan=plan, found=found, numbers=numbers)
    for purpose, (source, target) in served.items():

        def assignments(source: str = source) -> pa.Table:
            rows = read(session, source, ["viewer_key", "title_id"])
            return place(Interactions.of(rows.column("viewer_key"), rows.column("title_id")))

        made_from = [session.lake.fingerprint(name) for name in (source, "accepted_titles")]
        fingerprint = fingerprint_of(purpose, told, numbers, made_from)
        executors = beyond(session, session.lake.rows(source), config.scale)
        if executors is None:
            wrote.append(session.snapshot(target, fingerprint, assignments))
        else:
            wrote.append(assign(session, executors, source, target, fingerprint, place, config.scale))
    stable = {"clusters": len(found.centres), "stability": stability_of(session, plan)[len(found.centres)]}
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
        path = chosen_at(session, plan)
        if not path.exists():
            # Written before a part is paid for that depends on it, and never changed.
            found = stability(plan, shape, sigma, config)
            replace_bytes(path, json.dumps({"stability": found, "chosen": chosen(found, config.stability)}).encode())
        return int(json.loads(path.read_bytes())["chosen"])

    found = learn(plan, people, release, choose)
    return found, numbered(plan, found, merged(found, config.minimum_size))


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
    path = folder(session) / f"{period_of(span)}.json"
    if path.exists():
        plan = read_plan(path)
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


def _known(
    session: Session, span: Span, desk: Desk, statement: VectorStatement, config: SegmentsConfig
) -> tuple[Known, ...]:
    """The segments of the last month that was drawn, from what was released then."""
    plan = last_drawn(session, span, desk, statement)
    if plan is None:
        return ()

    def nobody() -> Population:
        raise AssertionError("every part is stored")

    release = PaidSums(desk, statement, plan.period, last_day(span))
    return known_segments(plan, *_learned(session, plan, nobody, release, config))


def _people(rows: pa.Table, titles: Mapping[str, Title], plan: Plan) -> Population:
    viewers = Interactions.of(rows.column("viewer_key"), rows.column("title_id"))
    profiles = rows.group_by(["viewer_key", "account_key"]).aggregate([])
    place = pc.index_in(viewers.viewers, profiles.column("viewer_key"))
    return population(viewers, profiles.column("account_key").take(place), titles, plan)


def _tell(session: Session, metadata: Mapping[str, int | float | str]) -> StepResult:
    """No segments, and why."""
    wrote = [session.snapshot("segment_profile", fingerprint_of(metadata), SCHEMA.empty_table)]
    wrote += [
        session.snapshot(target, fingerprint_of(metadata), SCHEMA_ASSIGNED.empty_table)
        for _, target in purposes(session).values()
    ]
    return _result(session, metadata, skipped=not any(wrote))


def _result(session: Session, metadata: Mapping[str, int | float | str], *, skipped: bool) -> StepResult:
    rows = {name: session.lake.rows(name) for name in TABLES if session.lake.has(name)}
    return StepResult(rows, skipped=skipped, metadata=metadata)
