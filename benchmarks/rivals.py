"""Every recommender on real data under one protocol, tuned on validation taken out of train alone, then tested once.

    MEDIA_PRIVACY_REAL_DATA=... python -m benchmarks.rivals --data ml-100k --protocol holdout [--seeds 42,1,2]

Prints the configuration that validation chose, the test figures, seconds, and how far the blends are ahead of every
other in NDCG@10, paired by viewer with a 95 % bootstrap interval. `blend` finds its weights; `alike` is ials as
published here and ease, with equal weights, which nothing is found for. `holdout` on ml-100k is the split and the
definitions of microsoft/recommenders' benchmark: three quarters of the ratings of each *title* in train, seed 42,
recall over all of a viewer's test titles.

With several seeds (or origins, where it goes by time) the configurations are chosen within the train of the first
split; every split is trained and tested anew, weights of blends are found within each, and a viewer's figure is the
mean over the splits that test them. In `liang` five seeds from a multiple of five on test every viewer once.
`--origins 5` tests the last five titles of every viewer in turn, or the last five tenths of all rows, each learned from
what came before it alone; the earliest comes first.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from media_privacy_pipeline.models.evaluation.lists import top_lists
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
BLENDS = ("blend", "alike")


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


def holdout(events: Events, seed: int, share: float = 0.25) -> Sides:
    """A quarter of the rows of each title at random: python_stratified_split(filter_by="item") of recommenders."""
    np.random.seed(seed)
    drawn = np.random.rand(len(events.titles))
    # Within a title the order of their random column; titles apart do not matter.
    order = np.argsort(drawn, kind="stable")
    place, counts = Events(events.viewers[order], events.titles[order], events.times[order]).by(events.titles[order])
    train = np.empty(len(order), bool)
    train[order] = (place + 1) / counts <= 1 - share
    return Sides(events.where(train), events.where(train), events.where(~train))


def liang(events: Events, seed: int) -> Sides:
    """A fifth of the viewers with five titles or more is unseen, and folded in with four fifths of their titles."""
    _, counts = events.by(events.viewers)
    events = events.where(counts >= 5)
    names = np.unique(events.viewers)
    drawn, fold = divmod(seed, 5)
    chosen = np.array_split(np.random.default_rng(drawn).permutation(names), 5)[fold]
    unseen = np.isin(events.viewers, chosen)
    theirs = events.where(unseen)
    order = np.random.default_rng([seed, 1]).permutation(len(theirs.titles))
    theirs = theirs.where(order)
    place, counts = theirs.by(theirs.viewers)
    held = place < counts // 5
    return Sides(events.where(~unseen), theirs.where(~held), theirs.where(held))


def leave_last_out(events: Events, seed: int, before: int = 0) -> Sides:
    """The last title of each viewer with three or more; of titles at the same second, one at random. `before`: as if
    the last so many titles of each had not been watched yet."""
    order = np.lexsort((np.random.default_rng(seed).random(len(events.times)), -events.times))
    events = events.where(order)
    place, counts = events.by(events.viewers)
    held = (place == before) & (counts >= before + 3)
    early = (place > before) | (counts < before + 3) & (place >= before)
    return Sides(events.where(early), events.where(early), events.where(held))


def temporal(events: Events, seed: int, before: int | None = None) -> Sides:
    """The last fifth of all rows in time, for viewers who are there before; the seed is not used. `before`: a tenth of
    all rows alone, as if the last so many tenths had not come yet."""
    first, last = (0.8, 1.0) if before is None else (0.9 - before / 10, 1 - before / 10)
    begin, end = np.quantile(events.times, [first, last])
    early = events.where(events.times < begin)
    late = (events.times >= begin) & ((events.times < end) | (last == 1))
    return Sides(early, early, events.where(late & np.isin(events.viewers, early.viewers)))


PROTOCOLS: dict[str, Callable[..., Sides]] = {
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
    listed = top_lists(model, task.histories, k, task.train.titles)
    names = np.append(task.train.titles, "")[listed]
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


def grids(protocol: str, head: int | None, faded: Sequence[float | None]) -> dict[str, list[Any]]:
    """The configurations that validation chooses from; `faded` are half-lives in learning, in days."""
    timed = protocol in TIMED
    lives: list[float | None] = [None, 2.0, 5.0, 20.0] if timed else [None]
    days = (None, 1000.0, 100.0, 30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.05, 0.03)
    every = {"half_life_titles": lives, "learned_half_life_days": faded}
    losses = ((0.02, 0.2), (0.01, 0.3), (0.01, 1.0), (0.03, 0.1), (0.03, 0.2), (0.05, 0.05), (0.05, 0.1), (0.1, 0.03))
    # In order of time what came before speaks less; where titles are drawn at random both sides of one speak alike.
    after = {"half_life_titles": (1.0, 3.0), "backward": (0.2, 0.8)} if timed else {"backward": (1.0,)}
    return {
        "popularity": _product(PopularityConfig, half_life_days=days if timed else (None,)),
        "item_knn": _product(ItemKnnConfig, neighbours=(50, 200), shrink=(1.0, 10.0, 50.0), **every),
        "rp3beta": _product(Rp3BetaConfig, neighbours=(100, 300), alpha=(0.8, 1.0), beta=(0.2, 0.4, 0.6), **every),
        "ease": _product(
            EaseConfig, regularisation=(20.0, 100.0, 200.0, 350.0, 500.0, 700.0, 1000.0), head=(head,), **every
        ),
        "ials": [
            config.model_copy(update={"regularisation": r, "unobserved": a})
            for config, (r, a) in itertools.product(_product(IalsConfig, factors=(32, 16, 64, 128), **every), losses)
        ],
        "successors": _product(
            SuccessorsConfig,
            **{"window": (3, 10, 30), "beta": (0.0, 0.3, 0.6), "shrink": (10.0, 50.0), "half_life_titles": lives}
            | after,
            learned_half_life_days=faded,
        ),
    }


def _product(kind: Any, **fields: Sequence[Any]) -> list[Any]:
    return [kind(**dict(zip(fields, values, strict=True))) for values in itertools.product(*fields.values())]


def unlike(ranked: list[Any], most: int) -> list[Any]:
    """The best of a kind, no two of them with the same half-lives and the same size."""
    size = {"ials": "factors", "successors": "window"}
    found: dict[Any, Any] = {}
    for config in ranked:
        lives = [getattr(config, name, None) for name in ("half_life_titles", "half_life_days")]
        found.setdefault((*lives, getattr(config, size.get(config.kind, ""), None)), config)
    return list(found.values())[:most]


def trials(grid: list[Any], most: int, seed: int) -> Iterator[Any]:
    """At most so many of a grid, its first and others drawn at random."""
    others = 1 + np.random.default_rng(seed).permutation(len(grid) - 1)[: most - 1]
    return (grid[n] for n in [0, *np.sort(others)])


def interval(difference: np.ndarray, seed: int = 7, resamples: int = 2_000) -> tuple[float, float]:
    """95 % bootstrap interval of a mean over viewers."""
    random = np.random.default_rng(seed)
    means = [difference[random.integers(0, len(difference), len(difference))].mean() for _ in range(resamples)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def outers(given: argparse.Namespace, events: Events) -> list[Sides]:
    """Every split that is tested, the one to tune on first."""
    split = PROTOCOLS[given.protocol]
    if given.origins:
        return [split(events, given.seeds[0], before) for before in reversed(range(given.origins))]
    return [split(events, seed) for seed in given.seeds]


def blends(protocol: str, ranked: dict[str, list[Any]]) -> list[BlendConfig]:
    """Few and many parts, with weights found on what the protocol asks for."""
    held_out = {"holdout": "random", "liang": "viewers", "leave-last-out": "titles", "temporal": "time"}[protocol]
    return [
        BlendConfig(
            parts=tuple(config for kind in ranked.values() for config in unlike(kind, most)),
            validation_share=share,
            validation_viewers=1_000,
            held_out=held_out,
        )
        for most in (1, 3)
        for share in {"holdout": (0.1,), "liang": (0.2,), "leave-last-out": (1e-9,), "temporal": (0.1, 0.2)}[protocol]
    ]


def tuned(given: argparse.Namespace, outer: Sides) -> dict[str, Any]:
    """The configuration of each kind that does best on validation, and the blend of the best."""
    # What suits half of all rows is not what suits three quarters: validation takes less away than the test does.
    split = partial(holdout, share=0.1) if given.protocol == "holdout" else PROTOCOLS[given.protocol]
    seeds = range(given.seeds[0] + 1, given.seeds[0] + 1 + given.folds)
    inner = [Task.of(split(outer.train, seed), min(given.viewers, 2_000), 2) for seed in seeds]

    def ranked(name: str, grid: list[Any]) -> list[Any]:
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
        return [grid[n] for n in np.argsort(-np.array(scores), kind="stable")]

    of = {
        name: ranked(name, list(trials(grid, given.trials, 3)))
        for name, grid in grids(given.protocol, given.head, given.faded).items()
    }
    best = ranked("blend", blends(given.protocol, of)[: given.blends])[0]
    # Validation is one draw: the settings that ials is published with here compete whatever it chose.
    alike = BlendConfig(parts=(IalsConfig(), of["ease"][0]), weights=(1.0, 1.0))
    chosen = {name: kind[0] for name, kind in of.items()}
    return {**chosen, "ials-default": IalsConfig(), "blend": best, "alike": alike}


def pooled(of: list[tuple[Sequence[str], np.ndarray]]) -> np.ndarray:
    """The mean of each viewer over the splits that tested them, in the order of viewers."""
    names, rows = np.unique(np.concatenate([viewers for viewers, _ in of]), return_inverse=True)
    values = np.concatenate([each for _, each in of])
    return np.asarray(np.bincount(rows, values, len(names)) / np.bincount(rows, minlength=len(names)))


def tested(name: str, config: Any, tasks: list[Task]) -> dict[str, np.ndarray]:
    """Figures of each viewer, pooled over the splits; prints them, seconds of training and weights by the way."""
    begun, spent, found, weights = time.perf_counter(), 0.0, [], []
    for task in tasks:
        start = time.process_time()
        model = make(config).fit(task.train)
        spent += time.process_time() - start
        found.append(figures(model, task))
        if isinstance(config, BlendConfig):
            weights.append(model.state()["weights"])
    each = {
        m: pooled([(t.test.viewers.to_pylist(), f[m]) for t, f in zip(tasks, found, strict=True)]) for m in found[0]
    }
    parts = []
    for metric, values in each.items():
        low, high = interval(values)
        parts.append(f"{metric} {values.mean():.4f} [{low:.4f}, {high:.4f}]")
    shown = config.model_dump(exclude={"parts"}, exclude_defaults=True)
    print(
        f"  {name:<11} {'  '.join(parts)}  {time.perf_counter() - begun:.0f} s,"
        f" training {spent / len(tasks):.1f} s of processor  {shown}",
        flush=True,
    )
    if len(tasks) > 1:
        print(f"              NDCG@10 of each split {[round(float(f['ndcg@10'].mean()), 4) for f in found]}")
    for n, part in enumerate(getattr(config, "parts", ())):
        print(f"      {[round(float(w[n]), 2) for w in weights]} {part.kind} {part.model_dump(exclude_defaults=True)}")
    return each


def main() -> None:
    """Tune, test, compare."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", choices=["ml-100k", "ml-latest-small", "globo"], default="ml-100k")
    options.add_argument("--protocol", choices=list(PROTOCOLS), default="holdout")
    options.add_argument("--seeds", type=_numbers(int), default=[42], help="one split a seed; the first is tuned on")
    options.add_argument("--origins", type=int, default=0, help="points in time to test from, in place of seeds")
    options.add_argument("--trials", type=int, default=16)
    options.add_argument("--folds", type=int, default=1, help="validation splits of train")
    options.add_argument("--blends", type=int, default=4, help="most blends tried")
    options.add_argument("--viewers", type=int, default=5_000, help="most test viewers")
    options.add_argument("--keep", type=float, default=1.0, help="share of all viewers, at random")
    options.add_argument("--head", type=int, default=None, help="titles that EASE learns")
    options.add_argument("--faded", type=_numbers(float), default=[None], help="half-lives in learning, days")
    options.add_argument("--save", type=Path, help="where the chosen configurations go")
    given = options.parse_args()
    if given.origins and given.protocol not in TIMED:
        options.error("--origins is for the protocols that go by time: give --seeds")
    events = read(given.data)
    if given.keep < 1:
        names = np.unique(events.viewers)
        kept = np.random.default_rng(0).random(len(names)) < given.keep
        events = events.where(kept[np.searchsorted(names, events.viewers)])
    if given.protocol == "liang" and given.data != "globo":
        events = events.where(liked(given.data))
    splits = outers(given, events)
    tasks = [Task.of(each, given.viewers, 1) for each in splits]
    print(f"{given.data} {given.protocol} seeds {given.seeds} origins {given.origins}, load {os.getloadavg()[0]:.1f}:")
    for task in tasks:
        print(f"  {task.train.pairs:,} pairs of {len(task.train.titles):,} titles in train,", end=" ")
        print(f"{len(task.test):,} test viewers with {task.test.pairs:,} titles", flush=True)
    best = tuned(given, splits[0])
    if given.save:
        given.save.write_text(json.dumps({name: config.model_dump() for name, config in best.items()}, indent=1))
    measured = {name: tested(name, config, tasks) for name, config in best.items()}
    for blend, name in itertools.product(BLENDS, measured):
        if name not in BLENDS:
            lead = measured[blend]["ndcg@10"] - measured[name]["ndcg@10"]
            low, high = interval(lead)
            ahead = "" if low > 0 else "   not ahead"
            print(f"  {blend} - {name}: NDCG@10 {lead.mean():+.4f} [{low:+.4f}, {high:+.4f}]{ahead}")


def _numbers(kind: type) -> Callable[[str], list[Any]]:
    return lambda text: [kind(each) for each in text.split(",")]


if __name__ == "__main__":
    main()
