"""The private factors that a home's ledger paid for, from the stored releases alone: nothing of people is read.

What may leave is hereby what everybody may see already: the training is run again on its released parts, which the desk
checks against the ledger's digests, and a part that nobody paid for is never drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import numpy as np

from ...errors import Refused
from ...privacy import BudgetLedger, Desk
from ...privacy.accountant import epsilon_of
from ...privacy.noise import Integers, Noise
from ...release_policy import Budget
from ...settings import Settings
from ..interactions import Interactions
from ..private.accounting import scales_of
from ..private.learning import learn
from ..private.paying import part_names
from ..private.plan import TABLE, Plan
from ..private.promotion import decided
from ..private.recommender import PrivateAls
from .bundle import PrivateFactors


def paid_factors(settings: Settings, budget: Budget) -> PrivateFactors:
    """Those of the latest period whose parts were all released.

    Raises Refused where there is none, and where these factors did not beat noisy popularity on held-out accounts.
    """
    plans = sorted((settings.models / "private").glob("*.json"), reverse=True)
    if not plans:
        raise Refused(f"{settings.home}: no private factors were trained here yet: nothing may leave")
    with closing(BudgetLedger(settings.budget_ledger, budget, create=False)) as ledger:
        desk = Desk(ledger, settings.home / "privacy" / "releases")
        for plan in map(_read, plans):
            if all(desk.find(TABLE, f"{plan.period}.{part}") is not None for part in part_names(plan.config)):
                return _factors(plan, desk, budget.delta)
    raise Refused(f"{settings.home}: no training of private factors was paid for to its end: nothing may leave")


def _factors(plan: Plan, desk: Desk, delta: float) -> PrivateFactors:
    import pyarrow.parquet as pq

    def stored(part: str, draw: Callable[[Noise], Integers]) -> Integers:
        found = desk.find(TABLE, f"{plan.period}.{part}")
        if found is None:
            raise Refused(f"{plan.period}: its part {part} was never released: nothing may leave")
        steps: Integers = pq.read_table(found.path).column("steps").to_numpy()
        return steps

    titles = np.array(plan.titles, np.str_)
    nobody = Interactions.of([], [])
    found = learn(
        Interactions(nobody.viewers, titles, nobody.starts, nobody.columns, nobody.weights), plan.config, stored
    )
    decision = decided(stored("leads", lambda noise: np.zeros(1, np.int64)), scales_of(plan.config).leads)
    if not decision.promoted:
        raise Refused(f"private factors of {plan.period} are {decision.reason}: they are not worth a device's while")
    model = PrivateAls.of(found, plan.config)
    name = sha256("\n".join(model.titles).encode() + np.ascontiguousarray(model.factors, "<f4").tobytes()).hexdigest()
    config, epsilon = plan.config, epsilon_of(plan.config.mu, delta)
    return PrivateFactors(name, model.titles, model.factors, config.regularisation, config.unobserved, epsilon, delta)


def _read(path: Path) -> Plan:
    return Plan.model_validate_json(path.read_bytes())
