"""The plans of segmentations: one a month, never changed once it is stored, and what one is drawn from.

HOME/models/segments/<period>.json     the plan: written before the first part is paid for

HOME/models/segments/<period>.stability    how stable each number of segments is, and the one that was taken
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from ...engines import Session, Span
from ...privacy import Desk, find_vector
from ...release_policy import VectorStatement
from ..inputs import Title, last_day
from ..private.plan import stored as plan_of_factors
from ..private.recommender import PrivateAls
from ..private.shelf import fit_to_show
from ..training import registry
from .paying import STATEMENT
from .space import Plan


def period_of(span: Span) -> str:
    """The calendar month that the as-of time closes, as YYYY-MM: a segmentation holds for so long."""
    return f"{last_day(span):%Y-%m}"


def last_drawn(session: Session, span: Span, desk: Desk, statement: VectorStatement) -> Plan | None:
    """The latest plan before the span's month whose parts were all released, so that reading it again pays nothing."""
    for path in sorted(folder(session).glob("*.json"), reverse=True):
        plan = read_plan(path) if path.stem < period_of(span) else None
        if plan is not None:
            last = plan.parts - 1
            if find_vector(desk, STATEMENT, statement, partition=plan.period, part=last) is not None:
                return plan
    return None


def read_plan(path: Path) -> Plan | None:
    """A stored plan; None for one in another version's form."""
    try:
        return Plan.model_validate_json(path.read_bytes())
    except ValidationError:
        return None


def folder(session: Session) -> Path:
    """Where plans are."""
    return session.settings.models / "segments"


def stability_of(session: Session, plan: Plan) -> dict[int, float]:
    """How stable each number of segments is, from what was stored with a plan."""
    told = json.loads(chosen_at(session, plan).read_bytes())["stability"]
    return {int(k): float(value) for k, value in told.items()}


def chosen_at(session: Session, plan: Plan) -> Path:
    """The file of it."""
    return folder(session) / f"{plan.period}.stability"


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
