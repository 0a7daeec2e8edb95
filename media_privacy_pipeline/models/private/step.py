"""The step that trains private factors once a period of the policy, tells which titles are alike by them, and shelves
them as a model.

A period's parts are paid for once (see plan); the nights after it make the same table and the same model of the same
stored bytes. Whether one is drawn depends on days, the catalogue and the policy, and on no row. Sensitive titles have
no part in it: no vector is theirs, and who watched them moves no other.
"""

from __future__ import annotations

from contextlib import closing
from functools import cache
from hashlib import sha256

import numpy as np
import pyarrow as pa

from ...engines import Session, Span, StepResult
from ...lake import fingerprint_of
from ...privacy.noise import Integers, Noise
from ...privacy.open import open_desk
from ...privacy.vector import periods
from ..config import EvaluationConfig
from ..evaluation.split import holdout
from ..inputs import arrival_days, catalogue, last_day
from ..inputs import training_interactions as learned_from
from ..interactions import Bools, Interactions, Ints
from ..recommenders.popularity import Popularity
from ..topk import top_k
from ..training import registry
from .accounting import scales_of
from .config import PrivateAlsConfig, improved
from .learning import Paid, PrivateFactors, learn
from .paying import paid_at
from .plan import TABLE, Plan, carried, keep, period_of, stored, whole
from .promotion import Decision, decided, drawn, leads, recalls
from .recommender import PrivateAls
from .shelf import serve, shelve

LISTED = 10
"""Titles told to be like one."""
_LEAD_SHARE = 0.02
_HELD_OUT = 10
_SCHEMA = pa.schema(
    [("title_id", pa.string()), ("rank", pa.int32()), ("similar_title_id", pa.string()), ("score", pa.float64())]
)


def liken(session: Session, span: Span) -> StepResult:
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
        found, decision = _trained(session, span, plan, pay, drawn_before=whole(desk, plan))
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
    session: Session, span: Span, plan: Plan, pay: Paid, *, drawn_before: bool
) -> tuple[PrivateFactors, Decision]:
    """Factors of a plan, and whether they are ahead. Nothing of people is read where every part was drawn before."""
    titles, config = np.array(plan.titles, np.str_), plan.config

    @cache
    def people() -> tuple[Interactions, Ints, Bools]:
        return _people(learned_from(session, span, EvaluationConfig()).rows, plan)

    if drawn_before:
        none = Interactions.of([], [], everyone=pa.array([], pa.string())).over(titles)
        found = learn(Interactions(none.viewers, titles, none.starts, none.columns, none.weights), config, pay)
    else:
        histories, profiles, tested = people()
        kept = np.flatnonzero(~tested)
        found = learn(histories.take(kept), config, pay, profiles[kept])
    sigma = scales_of(config).leads

    def compare(noise: Noise) -> Integers:
        histories, profiles, tested = people()
        return drawn(_leads(found, config, histories, profiles, np.flatnonzero(tested)), sigma, noise)

    return found, decided(pay("leads", compare), sigma)


def _leads(
    found: PrivateFactors, config: PrivateAlsConfig, histories: Interactions, profiles: Ints, rows: Ints
) -> Integers:
    """Leads over noisy popularity of the held-out viewers who have enough titles to be asked for a fifth of them."""
    shares = dict(zip(histories.viewers.take(pa.array(rows)).to_pylist(), profiles[rows].tolist(), strict=True))
    split = holdout(histories.take(rows), 0.2, config.seed)
    if not len(split.test):
        return np.zeros(0, np.int64)
    floor = recalls(Popularity(found.titles, found.counts), split)
    # Without one direction that stands out of the noise there is nothing to rank by.
    own = recalls(PrivateAls.of(found, config), split) if found.factors.shape[1] else np.zeros(len(floor))
    return leads(own, floor, np.array([shares[viewer] for viewer in split.test.viewers.to_pylist()], np.int64))


def _people(rows: pa.Table, plan: Plan) -> tuple[Interactions, Ints, Bools]:
    """Histories over the plan's titles; how many viewers the account of each has; and whether it is held out.

    That depends on the account's pseudonym alone, so that nobody's being there moves another to the other side.
    """
    histories = Interactions.of(rows.column("viewer_key"), rows.column("title_id")).over(np.array(plan.titles, np.str_))
    account_of = dict(zip(rows.column("viewer_key").to_pylist(), rows.column("account_key").to_pylist(), strict=True))
    accounts = np.array([account_of[viewer] for viewer in histories.viewers.to_pylist()], dtype=np.str_)
    names, at, sizes = np.unique(accounts, return_inverse=True, return_counts=True)
    digests = [sha256(f"{plan.period} {name}".encode()).digest()[0] for name in names.tolist()]
    held = np.array(digests, np.int64) % _HELD_OUT == 0
    return histories, sizes[at], held[at]


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
