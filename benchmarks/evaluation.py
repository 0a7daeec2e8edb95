"""Time and memory of measuring two models on many viewers: `python -m benchmarks.evaluation [VIEWERS] [TITLES]`.

The data and the factors are random: what is measured is lists, metrics, intervals, groups and comparison, not training
and not accuracy. Lists hold 100 titles; every metric but miscalibration, 1,000 resamples, k = 10, 20, 50, 100.
"""

from __future__ import annotations

import json
import resource
import sys
from time import perf_counter

import numpy as np
import pyarrow as pa

from media_privacy_pipeline.models.base import Recommender
from media_privacy_pipeline.models.config import IalsConfig
from media_privacy_pipeline.models.evaluation.figures import by_group, compared
from media_privacy_pipeline.models.evaluation.groups import thirds
from media_privacy_pipeline.models.evaluation.judging import judge
from media_privacy_pipeline.models.evaluation.lists import top_lists
from media_privacy_pipeline.models.evaluation.protocols import SplitConfig, split
from media_privacy_pipeline.models.evaluation.ratings import Ratings
from media_privacy_pipeline.models.recommenders.ials import Ials
from media_privacy_pipeline.models.recommenders.popularity import Popularity

KS, SEED = (10, 20, 50, 100), 5


def main(viewers: int, titles: int) -> None:
    """Seconds of each step and the peak of memory, as JSON."""
    random = np.random.default_rng(SEED)
    rows = np.repeat(np.arange(viewers), 5 + random.geometric(1 / 25, viewers))
    columns = np.minimum((random.pareto(0.8, len(rows)) * 20).astype(np.int64), titles - 1)
    pair = np.unique(rows * titles + columns)
    user, title = (pa.array([f"{n:07d}" for n in part.tolist()]) for part in (pair // titles, pair % titles))
    seconds: dict[str, float] = {}
    begun = perf_counter()
    made, counts = split(Ratings(user, title), SplitConfig(protocol="holdout"), "test")
    seconds["split"] = perf_counter() - begun
    factors = random.normal(size=(len(made.train.titles), 32)).astype(np.float32)
    models: dict[str, Recommender] = {
        "popularity": Popularity().fit(made.train),
        "ials": Ials.of_factors(made.train.titles, factors, IalsConfig(factors=32)),
    }
    judged = {}
    for name, model in models.items():
        begun = perf_counter()
        listed = top_lists(model, made.histories, max(KS), made.train.titles)
        seconds[f"lists of {name}"] = perf_counter() - begun
        begun = perf_counter()
        judged[name] = judge(listed, made, KS, SEED)
        seconds[f"figures of {name}"] = perf_counter() - begun
    begun = perf_counter()
    compared(judged, 1_000, SEED)
    seconds["intervals and differences"] = perf_counter() - begun
    begun = perf_counter()
    by_group(judged, thirds(made), 1_000, SEED)
    seconds["groups and gaps"] = perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    told: dict[str, object] = {name: counts[name] for name in ("tested_users", "train_titles", "train_pairs")}
    told["seconds"] = {name: round(value, 1) for name, value in seconds.items()}
    print(json.dumps(told | {"peak_gigabytes": round(peak, 2)}))


if __name__ == "__main__":
    main(*(int(each) for each in (*sys.argv[1:], 100_000, 20_000)[:2]))
