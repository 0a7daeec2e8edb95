"""`python -m benchmarks.private_frontier`: what private item factors keep of a model's Recall@20, by epsilon.

For each seed a simulated population (benchmarks.population) is drawn. `private_als` with its own settings and with
those that the authors of DPALS published, popularity from counts that the whole budget pays for, and `ials` without
privacy learn from the same viewers, and are asked for a fifth of the titles of other viewers, who are folded in.
Differences are paired by seed, with a 95 % interval of Student's t over seeds.

`--as-if N` scales noise down to what a population of N would see in as many viewers as are drawn (mu times N / viewers:
sums grow with viewers, noise does not). What it leaves out is that more viewers also tell more without any noise, and
that settings with a constant regulariser, as the published ones, were made for sums over more viewers than are drawn.
Figures made so are for developing on a small machine and are printed as such.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.population import Floats, population
from media_privacy_pipeline.models.base import Recommender
from media_privacy_pipeline.models.config import IalsConfig
from media_privacy_pipeline.models.evaluation.metrics import hits, recall
from media_privacy_pipeline.models.evaluation.split import Split, holdout
from media_privacy_pipeline.models.interactions import Interactions, positions
from media_privacy_pipeline.models.private.accounting import COUNT_STEPS
from media_privacy_pipeline.models.private.config import PrivateAlsConfig, improved, published, swept
from media_privacy_pipeline.models.private.recommender import PrivateAls
from media_privacy_pipeline.models.private.together import title_counts
from media_privacy_pipeline.models.recommenders.ials import Ials
from media_privacy_pipeline.models.recommenders.popularity import Popularity
from media_privacy_pipeline.privacy.accountant import mu_within, sigma_for
from media_privacy_pipeline.privacy.noise import discrete_gaussian

K = 20
IALS = IalsConfig(factors=64, iterations=8, threads=1)
DELTA = 8e-6
_TEST_VIEWERS = 2_000


def world(viewers: int, titles: int, seed: int) -> Split:
    """A population to learn from, and other viewers' histories and what is held out of them."""
    drawn = population(viewers + _TEST_VIEWERS, titles, seed).histories
    asked = holdout(drawn.block(viewers, viewers + _TEST_VIEWERS), 0.2, seed)
    return Split(asked.protocol, drawn.block(0, viewers), asked.histories, asked.test)


def recall_of(model: Recommender, split: Split) -> float:
    """Mean Recall@K over the test viewers; titles that a model does not know are misses."""
    ranked = model.recommend(split.histories, K).titles
    places = positions(split.test.titles, model.titles)
    listed = np.where(ranked < 0, -1, places[ranked])
    return float(recall(hits(listed, split.test), split.test.lengths, K).mean())


def private_popularity(train: Interactions, mu: float) -> Popularity:
    """Popularity from counts that all of mu pays for."""
    config = PrivateAlsConfig(mu=mu)
    sigma = sigma_for(np.sqrt(config.counted_titles) * COUNT_STEPS, mu)
    noisy = discrete_gaussian(title_counts(train, config), sigma)
    return Popularity(train.titles, noisy / COUNT_STEPS)


def ials(split: Split) -> float:
    """Recall of the model without privacy: watched or not, as the private ones see it."""
    return recall_of(Ials(IALS).fit(split.train), split)


def models(split: Split, epsilon: float, factor: float) -> Mapping[str, Callable[[], float]]:
    """Name and recall of each model that is private at epsilon, with mu times `factor`."""
    mu = mu_within(epsilon, DELTA) * factor
    found: dict[str, Callable[[], float]] = {
        "private_als": lambda: recall_of(PrivateAls(improved(mu)).fit(split.train), split),
        "private_als, swept": lambda: recall_of(PrivateAls(swept(mu)).fit(split.train), split),
        "popularity (DP)": lambda: recall_of(private_popularity(split.train, mu), split),
    }
    if epsilon == 1 or epsilon == 5:
        theirs = published(1 if epsilon == 1 else 5, DELTA).model_copy(update={"mu": mu})
        found["published"] = lambda: recall_of(PrivateAls(theirs).fit(split.train), split)
    return found


def paired(one: Floats, other: Floats) -> tuple[float, float, float]:
    """Mean of the differences by seed, with the ends of its 95 % interval (Student's t)."""
    from scipy.stats import t

    lead = one - other
    reach = (
        float(t.ppf(0.975, len(lead) - 1)) * float(lead.std(ddof=1)) / np.sqrt(len(lead)) if len(lead) > 1 else np.nan
    )
    return float(lead.mean()), float(lead.mean() - reach), float(lead.mean() + reach)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print; with `--out`, store the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.private_frontier", description=__doc__)
    parser.add_argument("--viewers", type=int, default=200_000)
    parser.add_argument("--titles", type=int, default=5_000)
    parser.add_argument("--epsilons", type=float, nargs="+", default=[0.5, 1, 2, 5, 10])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--as-if", type=int, default=None, help="noise as a population of this size would see it")
    parser.add_argument("--out", type=Path, default=None)
    chosen = parser.parse_args(arguments)
    factor = 1.0 if chosen.as_if is None else chosen.as_if / chosen.viewers
    rows: list[dict[str, float | str]] = []
    for seed in chosen.seeds:
        split = world(chosen.viewers, chosen.titles, seed)
        rows.append({"seed": seed, "epsilon": "none", "model": "ials", "recall": ials(split)})
        for epsilon in chosen.epsilons:
            for name, measure in models(split, epsilon, factor).items():
                begun = time.perf_counter()
                row = {"seed": seed, "epsilon": epsilon, "model": name, "recall": measure()}
                rows.append(row | {"seconds": time.perf_counter() - begun})
        print(
            *(f"{row['model']} {row['epsilon']}: {row['recall']:.4f}" for row in rows if row["seed"] == seed),
            sep="; ",
            flush=True,
        )
        if chosen.out is not None:
            settings = {name: value for name, value in vars(chosen).items() if name != "out"}
            chosen.out.write_text(json.dumps({"settings": settings, "delta": DELTA, "rows": rows}, indent=1))
    scaled = "" if chosen.as_if is None else f", noise as {chosen.as_if:,} viewers would see it"
    size = f"{chosen.viewers:,} viewers, {chosen.titles:,} titles, seeds {chosen.seeds}"
    print(f"\n{platform.machine()}, {size}{scaled}, delta {DELTA:g}\n")
    print("| epsilon | model | Recall@20 | share of ials | lead over published (95 %) | lead over popularity (95 %) |")
    print("|---:|---|---:|---:|---:|---:|")
    best = _recalls(rows, "ials", "none")
    print(f"| none | ials | {best.mean():.4f} | 1 | | |")
    for epsilon in chosen.epsilons:
        theirs, floor = _recalls(rows, "published", epsilon), _recalls(rows, "popularity (DP)", epsilon)
        for name in dict.fromkeys(str(row["model"]) for row in rows if row["epsilon"] == epsilon):
            own = _recalls(rows, name, epsilon)
            leads = [
                "{:+.4f} ({:+.4f} to {:+.4f})".format(*paired(own, other)) if len(other) and name != label else ""
                for label, other in (("published", theirs), ("popularity (DP)", floor))
            ]
            print(f"| {epsilon:g} | {name} | {own.mean():.4f} | {(own / best).mean():.3f} | {leads[0]} | {leads[1]} |")


def _recalls(rows: list[dict[str, float | str]], model: str, epsilon: float | str) -> Floats:
    return np.array([row["recall"] for row in rows if row["model"] == model and row["epsilon"] == epsilon], np.float64)


if __name__ == "__main__":
    main()
