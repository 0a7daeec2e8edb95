"""The step that trains private factors once a period of the policy, tells which titles are alike by them, and shelves
them as a model.

A period's parts are paid for once (see plan); the nights after it make the same table and the same model of the same
stored bytes. Whether one is drawn depends on days, the catalogue and the policy, and on no row. Sensitive titles have
no part in it: no vector is theirs, and who watched them moves no other.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from functools import cache

import numpy as np
import pyarrow as pa

from ...engines import Session, Span, StepResult
from ...lake import fingerprint_of
from ...privacy.noise import Integers, Noise
from ...privacy.open import open_desk
from ...privacy.vector import periods
from ..config import EvaluationConfig, ScaleConfig
from ..inputs import LearnedFrom, arrival_days, catalogue, last_day
from ..inputs import training_interactions as learned_from
from ..interactions import Interactions
from ..spark.scale import beyond
from ..topk import top_k
from ..training import registry
from .accounting import scales_of
from .config import improved
from .crowd import Crowd, CrowdHere
from .learning import Paid, PrivateFactors, learn, learn_from
from .paying import paid_at
from .plan import TABLE, Plan, carried, keep, period_of, stored, whole
from .promotion import Decision, decided, drawn
from .shelf import serve, shelve

LISTED = 10
"""Titles told to be like one."""
_LEAD_SHARE = 0.02
_SCHEMA = pa.schema(
    [("title_id", pa.string()), ("rank", pa.int32()), ("similar_title_id", pa.string()), ("score", pa.float64())]
)


def liken(session: Session, span: Span, scale: ScaleConfig | None = None) -> StepResult:
    """Train the period's factors or read the stored ones; write `similar_titles`, empty where nothing is to be told.

    The factors are stored in the registry with what they cost, and put in service where the policy lets private models
    alone serve and they are ahead of noisy popularity. Raises Refused where the budget does not allow a part.
    """
    statement = session.policy.releases.factors
    if statement is None:
        return _nothing(session, "the policy pays for no private factors")
    day, models = last_day(span), session.settings.models
    period = period_of(day, statement.months)
    titles = {key for key, title in catalogue(session).items() if not title.sensitive}
    desk = open_desk(session)
    with closing(desk.ledger):
        plan, waits = stored(models, period), ""
        if plan is None and arrival_days(session, span) < statement.least_days:
            waits = f"{period} is drawn from {statement.least_days} arrival days on"
            plan = carried(models, period, desk)
            if plan is None:
                return _nothing(session, waits)
        if plan is None:
            if not titles:
                return _nothing(session, "the catalogue has no title that may be learned of")
            plan = Plan(period=period, titles=tuple(sorted(titles)), config=improved(statement.mu, _LEAD_SHARE))
            keep(models, plan)
        times = max(1, periods(desk.ledger.budget) // statement.months)
        pay = paid_at(desk, TABLE, plan.config, plan.period, day, times)
        found, decision = _trained(session, span, plan, pay, scale or ScaleConfig(), drawn_before=whole(desk, plan))
        paid = whole(desk, plan)
    where = registry(models)
    name = shelve(where, plan, found, decision, session.policy.releases.budget.delta, paid=paid)
    if session.policy.serving.models == "private":
        serve(where, name)
    rows = _alike(found, titles) if decision.promoted else _SCHEMA.empty_table()
    told: dict[str, str | int] = {
        "period": plan.period,
        "factors": int(found.factors.shape[1]),
        "decision": decision.reason,
        "model": name,
    }
    return _write(session, rows, told | ({"reason": waits} if waits else {}))


def _nothing(session: Session, reason: str) -> StepResult:
    """No table, and why; nothing new to serve either."""
    if session.policy.serving.models == "private":
        serve(registry(session.settings.models), None, reason)
    return _write(session, _SCHEMA.empty_table(), {"reason": reason})


def _trained(
    session: Session, span: Span, plan: Plan, pay: Paid, scale: ScaleConfig, *, drawn_before: bool
) -> tuple[PrivateFactors, Decision]:
    """Factors of a plan, and whether they are ahead. Nothing of people is read where every part was drawn before."""
    titles, config = np.array(plan.titles, np.str_), plan.config
    with ExitStack() as scratch:

        @cache
        def people() -> Crowd:
            return _crowd(session, learned_from(session, span, EvaluationConfig()), plan, scale, scratch)

        if drawn_before:
            none = Interactions.of([], [], everyone=pa.array([], pa.string())).over(titles)
            found = learn(Interactions(none.viewers, titles, none.starts, none.columns, none.weights), config, pay)
        else:
            found = learn_from(people().learners, config, pay)
        sigma = scales_of(config).leads

        def compare(noise: Noise) -> Integers:
            return drawn(people().leads(found, config), sigma, noise)

        return found, decided(pay("leads", compare), sigma)


def _crowd(session: Session, learned: LearnedFrom, plan: Plan, scale: ScaleConfig, scratch: ExitStack) -> Crowd:
    """Everybody, here or in blocks; what is written for these goes with `scratch`."""
    executors = beyond(session, learned.pairs, scale)
    if executors is None:
        session.lake.drop_unfinished("private")
        return CrowdHere.of(learned.rows, plan)
    from ..spark.crowd import CrowdOnBlocks

    made_from = fingerprint_of(session.lake.fingerprint("training_interactions"), plan.model_dump_json())
    folder = scratch.enter_context(session.lake.until_done("private", made_from))
    return CrowdOnBlocks.of(session, executors, folder, plan, scale)


def _alike(found: PrivateFactors, known: set[str]) -> pa.Table:
    """The titles most like each, among those that the catalogue still has and that have a vector."""
    lengths = np.linalg.norm(found.factors, axis=1)
    places = np.array(
        [n for n, title in enumerate(found.titles.tolist()) if title in known and lengths[n] > 0], np.int64
    )
    if not len(places):
        return _SCHEMA.empty_table()
    directions = found.factors[places] / lengths[places, None]
    cosines = np.clip(directions @ directions.T, -1, 1)
    np.fill_diagonal(cosines, -np.inf)
    best = top_k(cosines, LISTED)
    rows, ranks = np.nonzero(best >= 0)
    others, names = best[rows, ranks], found.titles[places]
    columns = [pa.array(names[rows].tolist()), pa.array(ranks + 1, pa.int32()), pa.array(names[others].tolist())]
    return pa.Table.from_arrays([*columns, pa.array(cosines[rows, others])], schema=_SCHEMA)


def _write(session: Session, table: pa.Table, told: dict[str, str | int]) -> StepResult:
    wrote = session.snapshot(TABLE, fingerprint_of(table.to_pydict()), table)
    return StepResult({TABLE: table.num_rows}, skipped=not wrote, metadata=dict(told))
