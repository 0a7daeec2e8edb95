"""The step that trains private factors once a period of the policy and tells which titles are alike by them.

    HOME/models/private/<period>.json      the plan: written before the first part is paid for, and never changed

A period begins with the months 1, 1 + months, ... of a year and is named after the first, as YYYY-MM. Its parts are paid
for once; the nights after it make the same table of the same stored bytes. Whether one is drawn depends on days, the
catalogue and the policy, and on no row.
"""

from __future__ import annotations

from contextlib import closing
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from ...durable import replace_bytes
from ...engines import Session, Span, StepResult
from ...lake import fingerprint_of
from ...privacy import Desk
from ...privacy.noise import Noise
from ...privacy.open import open_desk
from ...privacy.vector import periods
from ..config import EvaluationConfig
from ..evaluation.split import holdout
from ..inputs import last_day, read
from ..inputs import training_interactions as learned_from
from ..interactions import Bools, Interactions, Ints
from ..recommenders.popularity import Popularity
from ..segments.step import arrival_days
from ..topk import top_k
from .accounting import scales_of
from .config import PrivateAlsConfig, improved
from .learning import Paid, PrivateFactors, learn
from .paying import paid_at, part_names
from .promotion import Decision, decided, drawn, leads, recalls
from .recommender import PrivateAls

TABLE = "similar_titles"
"""Name of the table, of the release that pays for it, and of its parts' charges."""
LISTED = 10
"""Titles told to be like one."""
_LEAD_SHARE = 0.02
_HELD_OUT = 10
_SCHEMA = pa.schema(
    [("title_id", pa.string()), ("rank", pa.int32()), ("similar_title_id", pa.string()), ("score", pa.float64())]
)


class Plan(BaseModel):
    """What a period's training is about, all of it public: the catalogue of its first night, and its settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    period: str
    titles: tuple[str, ...]
    config: PrivateAlsConfig


def liken(session: Session, span: Span) -> StepResult:
    """Train the period's factors or read the stored ones; write `similar_titles`, empty where nothing is to be told.

    Raises Refused where the budget does not allow a part.
    """
    statement = session.policy.releases.factors
    if statement is None:
        return _write(session, _SCHEMA.empty_table(), {"reason": "the policy pays for no private factors"})
    day = last_day(span)
    period = f"{day.year}-{(day.month - 1) // statement.months * statement.months + 1:02d}"
    titles = read(session, "accepted_titles", ["title_id"]).column("title_id").to_pylist()
    desk = open_desk(session)
    with closing(desk.ledger):
        plan, waits = _stored(session, period), ""
        if plan is None and arrival_days(session, span) < statement.least_days:
            waits = f"{period} is drawn from {statement.least_days} arrival days on"
            plan = _carried(session, period, desk)
            if plan is None:
                return _write(session, _SCHEMA.empty_table(), {"reason": waits})
        if plan is None:
            if not titles:
                return _write(session, _SCHEMA.empty_table(), {"reason": "the catalogue is empty"})
            plan = Plan(period=period, titles=tuple(sorted(titles)), config=improved(statement.mu, _LEAD_SHARE))
            replace_bytes(_plans(session) / f"{period}.json", plan.model_dump_json(indent=1).encode())
        times = max(1, periods(desk.ledger.budget) // statement.months)
        pay = paid_at(desk, TABLE, plan.config, plan.period, day, times)
        found, decision = _trained(session, span, plan, pay, drawn_before=_whole(desk, plan))
    rows = _alike(found, set(titles)) if decision.promoted else _SCHEMA.empty_table()
    told = {"period": plan.period, "factors": int(found.factors.shape[1]), "decision": decision.reason}
    return _write(session, rows, told | ({"reason": waits} if waits else {}))


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

    def compare(noise: Noise) -> Ints:
        histories, profiles, tested = people()
        return drawn(_leads(found, config, histories, profiles, np.flatnonzero(tested)), sigma, noise)

    return found, decided(pay("leads", compare), sigma)


def _leads(found: PrivateFactors, config: PrivateAlsConfig, histories: Interactions, profiles: Ints, rows: Ints) -> Ints:
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
    places = np.array([n for n, title in enumerate(found.titles.tolist()) if title in known and lengths[n] > 0], np.int64)
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


def _whole(desk: Desk, plan: Plan) -> bool:
    return all(desk.find(TABLE, f"{plan.period}.{part}") is not None for part in part_names(plan.config))


def _stored(session: Session, period: str) -> Plan | None:
    path = _plans(session) / f"{period}.json"
    return Plan.model_validate_json(path.read_bytes()) if path.exists() else None


def _carried(session: Session, period: str, desk: Desk) -> Plan | None:
    """The latest plan before the period whose parts were all released."""
    for path in sorted(_plans(session).glob("*.json"), reverse=True):
        if path.stem < period and _whole(desk, plan := Plan.model_validate_json(path.read_bytes())):
            return plan
    return None


def _plans(session: Session) -> Path:
    return session.settings.models / "private"


def _write(session: Session, table: pa.Table, told: dict[str, str | int]) -> StepResult:
    fingerprint, lake = fingerprint_of(table.to_pydict()), session.lake
    skipped = lake.is_current(TABLE, fingerprint)
    if not skipped:
        with lake.write(TABLE, fingerprint) as staging:
            pq.write_table(table, staging / "part-0.parquet", compression="zstd")
    return StepResult({TABLE: table.num_rows}, skipped=skipped, metadata=dict(told))
