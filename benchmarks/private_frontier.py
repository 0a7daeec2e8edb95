"""`python -m benchmarks.private_frontier`: what private item factors keep of a model's Recall@20, by epsilon.

For each seed a simulated population (benchmarks.population) is drawn. `private_als` with its own settings and with
those that the authors of DPALS published, popularity from counts that the whole budget pays for, and `ials` without
privacy learn from the same viewers, and are asked for a fifth of the titles of other viewers, who are folded in.
Differences are paired by seed, with a 95 % interval of Student's t over seeds.

`--as-if N` scales noise down to what a population of N would see in as many viewers as are drawn (mu times N / viewers:
sums grow with viewers, noise does not). What it leaves out is that more viewers also tell more without any noise, and
that settings with a constant regulariser, as the published ones, were made for sums over more viewers than are drawn.
Figures made so are for developing on a small machine and are printed as such.

`--out media_privacy_pipeline/reports/private_frontier.json` writes what the release report draws; `--again FILE` makes
it of rows that were measured before. `popularity (DP)` is of counts that all of the budget pays for.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.population import Floats, population
from media_privacy_pipeline.models.base import Recommender
from media_privacy_pipeline.models.config import IalsConfig
from media_privacy_pipeline.models.evaluation.metrics import hits, recall
from media_privacy_pipeline.models.evaluation.split import Split, holdout
from media_privacy_pipeline.models.interactions import positions
from media_privacy_pipeline.models.private.config import PrivatePopularityConfig, improved, published, swept
from media_privacy_pipeline.models.private.popularity import PrivatePopularity
from media_privacy_pipeline.models.private.recommender import PrivateAls
from media_privacy_pipeline.models.recommenders.ials import Ials
from media_privacy_pipeline.privacy.accountant import mu_within

K = 20
# Chosen among 16 settings on seed 101 at 40,000 viewers, and among three at 200,000; no other seed was looked at.
IALS = IalsConfig(factors=64, iterations=8, regularisation=0.003, unobserved=0.3, threads=1)
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


def ials(split: Split) -> float:
    """Recall of the model without privacy: watched or not, as the private ones see it."""
    return recall_of(Ials(IALS).fit(split.train), split)


def models(split: Split, epsilon: float, factor: float) -> Mapping[str, Callable[[], float]]:
    """Name and recall of each model that is private at epsilon, with mu times `factor`."""
    mu = mu_within(epsilon, DELTA) * factor
    found: dict[str, Callable[[], float]] = {
        "private_als": lambda: recall_of(PrivateAls(improved(mu)).fit(split.train), split),
        "private_als, swept": lambda: recall_of(PrivateAls(swept(mu)).fit(split.train), split),
        "popularity (DP)": lambda: recall_of(PrivatePopularity(PrivatePopularityConfig(mu=mu)).fit(split.train), split),
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


def figures(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the rows come to, a model and epsilon each: the mean recall over seeds with its interval, the share of ials,
    and the leads over the published settings and over popularity of the same epsilon, paired by seed."""
    best = _recalls(rows, "ials", "none")
    found = []
    for epsilon, model in dict.fromkeys((row["epsilon"], str(row["model"])) for row in rows):
        own = _recalls(rows, model, epsilon)
        over = {other: _recalls(rows, other, epsilon) for other in ("published", "popularity (DP)")}
        leads = [
            [round(value, 6) for value in paired(own, other)] if len(other) and model != name else None
            for name, other in over.items()
        ]
        mean, *interval = paired(own, np.zeros(len(own)))
        told: dict[str, Any] = {"epsilon": epsilon, "model": model, "recall": round(mean, 6)}
        told["interval"] = [round(value, 6) for value in interval] if len(own) > 1 else None
        told["share"] = round(float((own / best).mean()), 6)
        found.append(told | {"over_published": leads[0], "over_popularity": leads[1]})
    return found


def document(measured: Mapping[str, Any]) -> str:
    """What `--out` writes of {on, machine, settings, delta, rows}: the same with the figures that the rows come to."""
    names = ("on", "machine", "settings", "delta", "rows")
    told = {name: measured[name] for name in names} | {"figures": figures(measured["rows"])}
    return json.dumps(told, indent=1) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print; with `--out`, store the figures as JSON, as the release report draws them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.private_frontier", description=__doc__)
    parser.add_argument("--viewers", type=int, default=200_000)
    parser.add_argument("--titles", type=int, default=5_000)
    parser.add_argument("--epsilons", type=float, nargs="+", default=[0.5, 1, 2, 5, 10])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--as-if", type=int, default=None, help="noise as a population of this size would see it")
    parser.add_argument("--again", type=Path, default=None, help="measure nothing: take the rows of a file of --out")
    parser.add_argument("--out", type=Path, default=None)
    chosen = parser.parse_args(arguments)
    if chosen.again is not None:
        measured = _again(chosen.again)
    else:
        settings = {name: value for name, value in vars(chosen).items() if name not in ("again", "out")}
        measured = _here(date.today()) | {"settings": settings, "delta": DELTA, "rows": []}
    for seed in chosen.seeds if chosen.again is None else ():
        measured["rows"] += _measured(seed, chosen)
        print(
            *(
                f"{row['model']} {row['epsilon']}: {row['recall']:.4f}"
                for row in measured["rows"]
                if row["seed"] == seed
            ),
            sep="; ",
            flush=True,
        )
        if chosen.out is not None:
            chosen.out.write_text(document(measured), encoding="utf-8")
    if chosen.out is not None and chosen.again is not None:
        chosen.out.write_text(document(measured), encoding="utf-8")
    _print(measured)


def _measured(seed: int, chosen: argparse.Namespace) -> list[dict[str, Any]]:
    factor = 1.0 if chosen.as_if is None else chosen.as_if / chosen.viewers
    split = world(chosen.viewers, chosen.titles, seed)
    rows: list[dict[str, Any]] = [{"seed": seed, "epsilon": "none", "model": "ials", "recall": ials(split)}]
    for epsilon in chosen.epsilons:
        for name, measure in models(split, epsilon, factor).items():
            begun = time.perf_counter()
            row = {"seed": seed, "epsilon": epsilon, "model": name, "recall": measure()}
            rows.append(row | {"seconds": time.perf_counter() - begun})
    return rows


def _here(day: date) -> dict[str, Any]:
    return {"on": day.isoformat(), "machine": f"{platform.machine()}, {os.cpu_count()} cores"}


def _again(path: Path) -> dict[str, Any]:
    """What was measured before. A file that says no day and machine was made on this one when it was written last."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return _here(date.fromtimestamp(path.stat().st_mtime)) | found


def _print(measured: Mapping[str, Any]) -> None:
    settings = measured["settings"]
    scaled = "" if settings["as_if"] is None else f", noise as {settings['as_if']:,} viewers would see it"
    size = f"{settings['viewers']:,} viewers, {settings['titles']:,} titles, seeds {settings['seeds']}"
    print(f"\n{measured['on']}, {measured['machine']}, {size}{scaled}, delta {measured['delta']:g}\n")
    print("| epsilon | model | Recall@20 | share of ials | lead over published (95 %) | lead over popularity (95 %) |")
    print("|---:|---|---:|---:|---:|---:|")
    for each in figures(measured["rows"]):
        leads = [
            "" if lead is None else "{:+.4f} ({:+.4f} to {:+.4f})".format(*lead)
            for lead in (each["over_published"], each["over_popularity"])
        ]
        epsilon = each["epsilon"] if each["epsilon"] == "none" else f"{each['epsilon']:g}"
        print(f"| {epsilon} | {each['model']} | {each['recall']:.4f} | {each['share']:.3f} | {leads[0]} | {leads[1]} |")


def _recalls(rows: Sequence[Mapping[str, Any]], model: str, epsilon: float | str) -> Floats:
    return np.array([row["recall"] for row in rows if row["model"] == model and row["epsilon"] == epsilon], np.float64)


if __name__ == "__main__":
    main()
