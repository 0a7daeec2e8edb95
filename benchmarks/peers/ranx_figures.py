"""Figures of random lists by ranx, an independent implementation; `benchmarks.ranking` runs this in ranx's environment.

Only numpy and ranx are imported: this project is not installed there.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version

import numpy as np
from ranx import Qrels, Run, evaluate

SEED, USERS, TITLES, LENGTH, KS = 11, 60, 50, 20, (1, 5, 10, 20)


def main() -> None:
    """One JSON document on standard output."""
    random = np.random.default_rng(SEED)
    names = [f"{metric}@{k}" for metric in ("recall", "ndcg", "map") for k in KS]
    users = []
    for n in range(USERS):
        listed = random.permutation(TITLES)[: LENGTH if n % 3 else int(random.integers(1, LENGTH))].tolist()
        wanted = sorted(random.permutation(TITLES)[: int(random.integers(1, 30))].tolist())
        relevant = Qrels({"u": {f"t{title:02d}": 1 for title in wanted}})
        ranked = Run({"u": {f"t{title:02d}": float(LENGTH - place) for place, title in enumerate(listed)}})
        found = evaluate(relevant, ranked, names)
        users.append({"listed": listed, "wanted": wanted, "figures": {name: float(found[name]) for name in names}})
    versions = {name: version(name) for name in ("ranx", "numba", "numpy")}
    json.dump({"made_with": versions, "seed": SEED, "titles": TITLES, "length": LENGTH, "users": users}, sys.stdout)


main()
