"""A process of its own that releases partitions one after another and says the digest of each: to be run, and killed.

python privacy_worker.py LEDGER_URL FOLDER PARTITIONS
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from media_privacy_pipeline.privacy.desk import Desk
from media_privacy_pipeline.privacy.ledger import BudgetLedger, Spend
from media_privacy_pipeline.release_policy import Budget

SPEND = Spend("account-day", "none", "none", 0.01)


def main(url: str, folder: str, partitions: int) -> None:
    desk = Desk(BudgetLedger(url, Budget(unit="account", days=365, epsilon=10, delta=1e-9)), Path(folder))
    print("ready", flush=True)
    for number in range(partitions):
        day = date(2026, 1, 1) + timedelta(days=number)
        stored = desk.once(
            "toy", day.isoformat(), day, SPEND, lambda _: pa.table({"x": np.random.default_rng().random(99)})
        )
        print(day.isoformat(), stored.sha256, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
