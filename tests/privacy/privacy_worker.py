"""A process of its own that releases partitions one after another and tells the digest of each: to be run, and killed.

Started from a server process that has imported everything once, so that many can be killed in little time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pyarrow as pa

from media_privacy_pipeline.privacy.certificate import NoisyPart, Terms
from media_privacy_pipeline.privacy.charges import Spend
from media_privacy_pipeline.privacy.desk import Desk, Order
from media_privacy_pipeline.privacy.ledger import BudgetLedger
from media_privacy_pipeline.privacy.noise import Noise
from media_privacy_pipeline.release_policy import Budget

BUDGET = Budget(unit="account", days=365, epsilon=10, delta=1e-9)
SPEND = Spend("account-day", "none", "none", 0.01)
TERMS = Terms({}, (NoisyPart("x", 64.0, 6400, 64),), 1)
# Not this file itself: the server does not look for modules where the tests are.
_IMPORTED = ["media_privacy_pipeline.privacy", "psycopg", "dp_accounting.pld.privacy_loss_distribution"]
EVERY = 3
"""Each third partition is superseded once, as it was released."""


def _work(url: str, folder: Path, partitions: int, told: Path) -> None:
    desk = Desk(BudgetLedger(url, BUDGET), folder)
    with told.open("a", encoding="utf-8") as stream:
        print("ready", file=stream, flush=True)
        for number in range(partitions):
            day = date(2026, 1, 1) + timedelta(days=number)
            name = day.isoformat()
            first = desk.find("toy", name) is None
            stored = desk.once(Order("toy", name, day, SPEND, _drawn(), TERMS))
            if first and number % EVERY == 0:
                stored = desk.supersede(Order("toy", name, day, SPEND, _drawn(), TERMS), reason="a test")
            print(name, stored.sha256, file=stream, flush=True)


def _drawn() -> Callable[[Noise], pa.Table]:
    return lambda _: pa.table({"x": np.random.default_rng().random(99)})


def start(url: str, folder: Path, partitions: int, told: Path) -> BaseProcess:
    """A worker that has begun; what it says goes to the file `told`."""
    context = get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    worker = context.Process(target=_work, args=(url, folder, partitions, told))
    worker.start()
    return worker
