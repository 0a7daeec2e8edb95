"""Every recommender on real data under one protocol, tuned on validation taken out of train alone, then tested once.

    MEDIA_PRIVACY_REAL_DATA=... python -m benchmarks.rivals --data ml-100k --protocol holdout [--seed 42]

Prints the configuration that validation chose, the test figures, seconds, and how far the best one is ahead of every
other in NDCG@10, paired by viewer with a 95 % bootstrap interval. `holdout` on ml-100k is the split and the definitions
of microsoft/recommenders' benchmark: three quarters of the ratings of each *title* in train, seed 42, recall over all
of a viewer's test titles.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from media_privacy_pipeline.models.interactions import Interactions, positions
from media_privacy_pipeline.models.recommenders.config import (
    BlendConfig,
    EaseConfig,
    IalsConfig,
    ItemKnnConfig,
    PopularityConfig,
    Rp3BetaConfig,
    SuccessorsConfig,
)
from media_privacy_pipeline.models.recommenders.kinds import make

DAY = 86_400.0
TIMED = ("leave-last-out", "temporal")


@dataclass(frozen=True)
class Events:
    """One row a (viewer, title), the last time that it happened, in seconds."""

    viewers: np.ndarray
    titles: np.ndarray
    times: np.ndarray

    def where(self, kept: np.ndarray) -> Events:
        """The marked rows, or those of the given places."""
        return Events(self.viewers[kept], self.titles[kept], self.times[kept])

    def interactions(self) -> Interactions:
        """Ages are days before the latest row."""
        ages = (self.times.max() - self.times) / DAY
        return Interactions.of(self.viewers.tolist(), self.titles.tolist(), None, ages=ages)

    def by(self, what: np.ndarray) -> np.ndarray:
        """Place of each row among those of the same value, in the order of rows, and how many there are."""
        _, index, counts = np.unique(what, return_inverse=True, return_counts=True)
        order = np.argsort(index, kind="stable")
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.stack([place, counts[index]])


@dataclass(frozen=True)
class Sides:
    """What is learned from; histories that are scored; what they are asked for."""

    train: Events
    histories: Events
    test: Events


def read(name: str) -> Events:
    """A data set of MEDIA_PRIVACY_REAL_DATA."""
    root = Path(os.environ["MEDIA_PRIVACY_REAL_DATA"])
    if name == "ml-100k":
        rows = np.loadtxt(root / name / "u.data", dtype=np.int64)
        return Events(rows[:, 0].astype(str), rows[:, 1].astype(str), rows[:, 3].astype(float))
    if name == "ml-latest-small":
        rows = np.loadtxt(root / name / "ratings.csv", delimiter=",", skiprows=1)
        ids = rows[:, :2].astype(np.int64).astype(str)
        return Events(ids[:, 0], ids[:, 1], rows[:, 3])
    import pandas as pd

    frames = [pd.read_csv(file, usecols=[0, 4, 5]) for file in sorted((root / "globo").glob("clicks_hour_*.csv.gz"))]
    clicks = pd.concat(frames)
    last = clicks.groupby(["user_id", "click_article_id"], as_index=False)["click_timestamp"].max()
    ids = last[["user_id", "click_article_id"]].astype(str).to_numpy().astype(np.str_)
    return Events(ids[:, 0], ids[:, 1], last["click_timestamp"].to_numpy() / 1000)


def liked(name: str) -> np.ndarray:
    """Which rows have four stars or more, for the protocol of Liang et al."""
    root = Path(os.environ["MEDIA_PRIVACY_REAL_DATA"]) / name
    if name == "ml-100k":
        return np.loadtxt(root / "u.data", dtype=np.int64)[:, 2] >= 4
    return np.loadtxt(root / "ratings.csv", delimiter=",", skiprows=1)[:, 2] >= 4


def holdout(events: Events, seed: int) -> Sides:
    """A quarter of the rows of each title at random: python_stratified_split(filter_by="item") of recommenders."""
    np.random.seed(seed)
    drawn = np.random.rand(len(events.titles))
    # Within a title the order of their random column; titles apart do not matter.
    order = np.argsort(drawn, kind="stable")
    place, counts = Events(events.viewers[order], events.titles[order], events.times[order]).by(events.titles[order])
    train = np.empty(len(order), bool)
    train[order] = (place + 1) / counts <= 0.75
    return Sides(events.where(train), events.where(train), events.where(~train))


def liang(events: Events, seed: int) -> Sides:
    """A fifth of the viewers with five titles or more is unseen, and folded in with four fifths of their titles."""
    random = np.random.default_rng(seed)
    _, counts = events.by(events.viewers)
    events = events.where(counts >= 5)
    names = np.unique(events.viewers)
    unseen = np.isin(events.viewers, random.choice(names, len(names) // 5, replace=False))
    theirs = events.where(unseen)
    order = random.permutation(len(theirs.titles))
    theirs = theirs.where(order)
    place, counts = theirs.by(theirs.viewers)
    held = place < counts // 5
    return Sides(events.where(~unseen), theirs.where(~held), theirs.where(held))


def leave_last_out(events: Events, seed: int) -> Sides:
    """The last title of each viewer with three or more; of titles at the same second, one at random."""
    order = np.lexsort((np.random.default_rng(seed).random(len(events.times)), -events.times))
    events = events.where(order)
    place, counts = events.by(events.viewers)
    held = (place == 0) & (counts >= 3)
    return Sides(events.where(~held), events.where(~held), events.where(held))


def temporal(events: Events, seed: int) -> Sides:
    """The last fifth of all rows in time, for viewers who are there before; the seed is not used."""
    late = events.times >= np.quantile(events.times, 0.8)
    early = events.where(~late)
    known = late & np.isin(events.viewers, early.viewers)
    return Sides(early, early, events.where(known))


PROTOCOLS: dict[str, Callable[[Events, int], Sides]] = {
    "holdout": holdout,
    "liang": liang,
    "leave-last-out": leave_last_out,
    "temporal": temporal,
}


@dataclass(frozen=True)
class Task:
    """A protocol's sides as interactions: row r of the histories and of the test is one viewer."""

    train: Interactions
    histories: Interactions
    test: Interactions

    @classmethod
    def of(cls, sides: Sides, most: int, seed: int) -> Task:
        """At most so many of the test viewers who have a history."""
        # A test title that is not in train stays: no model can list it, and it counts as a miss, as it does elsewhere.
        test = sides.test.where(np.isin(sides.test.viewers, sides.histories.viewers))
        names = np.unique(test.viewers)
        if len(names) > most:
            names = np.sort(np.random.default_rng(seed).choice(names, most, replace=False))
        histories = sides.histories.where(np.isin(sides.histories.viewers, names)).interactions()
        return cls(sides.train.interactions(), histories, test.where(np.isin(test.viewers, names)).interactions())


def figures(model: Any, task: Task, k: int = 20) -> dict[str, np.ndarray]:
    """Per viewer: NDCG@10, recall@10 over all test titles, recall@20 over at most 20."""
    ranked = model.recommend(task.histories, k).titles
    names = np.append(model.titles, "")[ranked]
    hit = np.zeros(names.shape)
    places = positions(task.test.titles, names.ravel()).reshape(names.shape)
    for r in range(len(names)):
        hit[r] = np.isin(places[r], task.test.columns[task.test.starts[r] : task.test.starts[r + 1]])
    relevant = task.test.lengths
    discounts = 1 / np.log2(np.arange(2, 12))
    ideal = np.concatenate([[0], np.cumsum(discounts)])[np.minimum(relevant, 10)]
    return {
        "ndcg@10": hit[:, :10] @ discounts / ideal,
        "recall@10": hit[:, :10].sum(axis=1) / relevant,
        "recall@20": hit.sum(axis=1) / np.minimum(relevant, 20),
    }


def grids(protocol: str, head: int | None) -> dict[str, list[Any]]:
    """The configurations that validation chooses from."""
    timed = protocol in TIMED
    lives: list[float | None] = [None, 2.0, 5.0, 20.0] if timed else [None]
    days = (None, 1000.0, 100.0, 30.0, 10.0, 3.0, 1.0, 0.3, 0.1)
    found: dict[str, list[Any]] = {
        "popularity": [PopularityConfig(half_life_days=d) for d in (days if timed else (None,))],
        "item_knn": [
            ItemKnnConfig(neighbours=n, shrink=s, half_life_titles=h)
            for n, s, h in itertools.product((50, 200), (1.0, 10.0, 50.0), lives)
        ],
        "rp3beta": [
            Rp3BetaConfig(neighbours=n, alpha=a, beta=b, half_life_titles=h)
            for n, a, b, h in itertools.product((100, 300), (0.8, 1.0), (0.2, 0.4, 0.6), lives)
        ],
        "ease": [
            EaseConfig(regularisation=r, head=head, half_life_titles=h)
            for r, h in itertools.product((100.0, 200.0, 350.0, 500.0, 700.0, 1000.0), lives)
        ],
        "ials": [
            IalsConfig(factors=f, regularisation=r, unobserved=a, half_life_titles=h)
            for f, (r, a), h in itertools.product(
                (32, 64, 128),
                (
                    (0.01, 0.3),
                    (0.01, 1.0),
                    (0.02, 0.2),
                    (0.03, 0.1),
                    (0.03, 0.2),
                    (0.05, 0.05),
                    (0.05, 0.1),
                    (0.1, 0.03),
                ),
                lives[-2:],
            )
        ],
    }
    if timed:
        found["successors"] = [
            SuccessorsConfig(window=w, half_life_titles=h, beta=b, backward=back)
            for w, h, b, back in itertools.product((3, 10, 30), (1.0, 3.0), (0.3, 0.6), (0.2, 0.8))
        ]
    return found


def trials(grid: list[Any], most: int, seed: int) -> Iterator[Any]:
    """At most so many of a grid, drawn at random."""
    chosen = np.random.default_rng(seed).permutation(len(grid))[:most]
    return (grid[n] for n in np.sort(chosen))


def interval(difference: np.ndarray, seed: int = 7, resamples: int = 2_000) -> tuple[float, float]:
    """95 % bootstrap interval of a mean over viewers."""
    random = np.random.default_rng(seed)
    means = [difference[random.integers(0, len(difference), len(difference))].mean() for _ in range(resamples)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def without_ages(interactions: Interactions) -> Interactions:
    """For protocols that know no time."""
    return Interactions(
        interactions.viewers, interactions.titles, interactions.starts, interactions.columns, interactions.weights
    )


def main() -> None:
    """Tune, test, compare."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", choices=["ml-100k", "ml-latest-small", "globo"], default="ml-100k")
    options.add_argument("--protocol", choices=list(PROTOCOLS), default="holdout")
    options.add_argument("--seed", type=int, default=42)
    options.add_argument("--trials", type=int, default=16)
    options.add_argument("--folds", type=int, default=1, help="validation splits of train")
    options.add_argument("--blends", type=int, default=6, help="most blends tried")
    options.add_argument("--viewers", type=int, default=5_000, help="most test viewers")
    options.add_argument("--keep", type=float, default=1.0, help="share of all viewers, at random")
    options.add_argument("--head", type=int, default=None, help="titles that EASE learns")
    options.add_argument("--save", type=Path, help="where the chosen configurations go")
    given = options.parse_args()
    events = read(given.data)
    if given.keep < 1:
        names = np.unique(events.viewers)
        kept = np.random.default_rng(0).random(len(names)) < given.keep
        events = events.where(kept[np.searchsorted(names, events.viewers)])
    if given.protocol == "liang" and given.data != "globo":
        events = events.where(liked(given.data))
    split = PROTOCOLS[given.protocol]
    outer = split(events, given.seed)
    test = Task.of(outer, given.viewers, 1)
    inner = [
        Task.of(split(outer.train, given.seed + n), min(given.viewers, 2_000), 2) for n in range(1, given.folds + 1)
    ]
    print(f"{given.data} {given.protocol} seed {given.seed}, load {os.getloadavg()[0]:.1f}:")
    print(f"  {test.train.pairs:,} pairs of {len(test.train.titles):,} titles in train,", end=" ")
    print(f"{len(test.test):,} test viewers with {test.test.pairs:,} titles", flush=True)
    timed = given.protocol in TIMED

    def data(task: Task) -> Task:
        return task if timed else Task(without_ages(task.train), without_ages(task.histories), task.test)

    test, inner = data(test), [data(task) for task in inner]
    best: dict[str, Any] = {}

    def chosen(name: str, grid: list[Any]) -> Any:
        start = time.perf_counter()
        scores = [
            float(np.mean([figures(make(config).fit(task.train), task)["ndcg@10"].mean() for task in inner]))
            for config in grid
        ]
        spent = time.perf_counter() - start
        print(
            f"  {name}: {len(grid)} tried, validation NDCG@10 {min(scores):.4f} to {max(scores):.4f}, {spent:.0f} s",
            flush=True,
        )
        return grid[int(np.argmax(scores))]

    for name, grid in grids(given.protocol, given.head).items():
        best[name] = chosen(name, list(trials(grid, given.trials, 3)))
    held_out = "time" if given.protocol == "temporal" else "titles"
    blends = [
        BlendConfig(
            parts=tuple(best[name] for name in names),
            validation_share=share,
            validation_viewers=1_000,
            held_out=held_out,
        )
        for names in (list(best), [name for name in best if name in ("ease", "ials", "successors")])
        for share in ((1e-9, 0.05, 0.2) if given.protocol == "leave-last-out" else (0.2,))
    ]
    best["blend"] = chosen("blend", blends[: given.blends])
    if given.save:
        given.save.write_text(json.dumps({name: config.model_dump() for name, config in best.items()}, indent=1))
    measured = {}
    for name, config in best.items():
        start, spent = time.perf_counter(), time.process_time()
        model = make(config).fit(test.train)
        fitted, spent = time.perf_counter() - start, time.process_time() - spent
        start = time.perf_counter()
        measured[name] = figures(model, test)
        shown = config.model_dump(exclude={"parts"}, exclude_defaults=True)
        if name == "blend":
            kinds = [part.kind for part in config.parts]
            shown["found"] = dict(zip(kinds, np.round(model.state()["weights"], 2).tolist(), strict=True))
        parts = []
        for metric, values in measured[name].items():
            low, high = interval(values)
            parts.append(f"{metric} {values.mean():.4f} [{low:.4f}, {high:.4f}]")
        print(
            f"  {name:<11} {'  '.join(parts)}  fit {fitted:.1f} s ({spent:.1f} cpu)"
            f" lists {time.perf_counter() - start:.1f} s  {shown}",
            flush=True,
        )
    champion = max(measured, key=lambda name: measured[name]["ndcg@10"].mean())
    for name, values in measured.items():
        if name != champion:
            low, high = interval(measured[champion]["ndcg@10"] - values["ndcg@10"])
            print(f"  {champion} - {name}: NDCG@10 [{low:+.4f}, {high:+.4f}]{'' if low > 0 else '   not ahead'}")


if __name__ == "__main__":
    main()
