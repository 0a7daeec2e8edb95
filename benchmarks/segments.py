"""How stable segments really are, against what the pipeline tells of it from what it released, on MovieLens 100K.

    MEDIA_PRIVACY_REAL_DATA=/data python -m benchmarks.segments [--accounts 3000 10000 40000] [--draws 6] [--seed 1]

An account is a person of MovieLens drawn with replacement, with a third of their titles drawn anew, so that no two are
the same. Segments are learned several times, each from accounts and noise of its own, with the noise that the policy
pays for, and put 4,000 other accounts into segments each time: the mean adjusted Rand index of each two is the truth.
Beside it stands what `stability` tells of one such draw after another, and the truth without a mean taken off
vectors, that is, of tastes as they are.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

import numpy as np

from media_privacy_pipeline.models.config import SegmentsConfig
from media_privacy_pipeline.models.inputs import Title
from media_privacy_pipeline.models.interactions import Floats, Ints
from media_privacy_pipeline.models.segments.learning import Population, Shape, learn
from media_privacy_pipeline.models.segments.space import Plan, make_plan, nearest
from media_privacy_pipeline.models.segments.stability import adjusted_rand, stability
from media_privacy_pipeline.policy import load
from media_privacy_pipeline.privacy import part_sigma

_FRESH = 4_000
_LEAST_TITLES = 5
CONFIG = SegmentsConfig(titles=0)


class People:
    """The people of MovieLens 100K as lists of titles, and the genres of these."""

    def __init__(self, folder: Path) -> None:
        genres = [line.split("|")[0] for line in (folder / "u.genre").read_text().splitlines() if line.strip()]
        items = [line.split("|") for line in (folder / "u.item").read_text(encoding="latin1").splitlines()]
        marks = np.array([[int(mark) for mark in item[5:24]] for item in items], float)
        names = [f"{int(item[0]):05d}" for item in items]
        self.catalogue = {
            name: Title(name, 0, tuple(g for g, mark in zip(genres, row, strict=True) if mark), sensitive=False)
            for name, row in zip(names, marks, strict=True)
        }
        ratings = np.loadtxt(folder / "u.data", dtype=np.int64)
        self.popularity = {
            names[n - 1]: float(c) for n, c in zip(*np.unique(ratings[:, 1], return_counts=True), strict=True)
        }
        self._titles = [ratings[ratings[:, 0] == person, 1] - 1 for person in np.unique(ratings[:, 0])]
        self._shares = marks / np.maximum(marks.sum(axis=1, keepdims=True), 1)
        self._genres = genres

    def drawn(self, accounts: int, random: np.random.Generator) -> list[list[str]]:
        """Titles of accounts drawn anew."""
        names = sorted(self.catalogue)
        own = (self._titles[person] for person in random.integers(0, len(self._titles), accounts))
        return [
            [names[n] for n in random.choice(titles, max(_LEAST_TITLES, len(titles) // 3), replace=False)]
            for titles in own
        ]

    def shares(self, plan: Plan, accounts: int, random: np.random.Generator) -> Floats:
        """Genre shares of accounts drawn anew, in the order of the plan's genres."""
        drawn = np.empty((accounts, len(self._genres)))
        for row, person in enumerate(random.integers(0, len(self._titles), accounts)):
            titles = self._titles[person]
            drawn[row] = self._shares[random.choice(titles, max(_LEAST_TITLES, len(titles) // 3), replace=False)].mean(
                axis=0
            )
        return drawn[:, [self._genres.index(genre) for genre in plan.genres]]


class Noisy:
    """Sums with normal noise, never stored; the spread of people that was released last is kept."""

    def __init__(self, sigma: float, random: np.random.Generator) -> None:
        self.sigma = sigma
        self._random = random

    def __call__(self, part: int, contributions: Callable[[], Iterator[Floats]]) -> Floats:
        """See segments.Release."""
        total = sum(block.sum(axis=0) for block in contributions())
        return np.asarray(total + self._random.normal(0, self.sigma, np.shape(total)))


def draw(plan: Plan, shares: Floats, segments: int, sigma: float, random: np.random.Generator) -> tuple[Floats, Shape]:
    """Centres learned from these accounts, and what was released of their spread."""
    accounts = np.arange(len(shares))
    people = Population(accounts, np.ones(len(shares)), plan.vectors(shares), shares, np.zeros((len(shares), 0)))
    told: list[Shape] = []

    def choose(plan: Plan, shape: Shape, sigma: float) -> int:
        told.append(shape)
        return segments

    return learn(plan, lambda: people, Noisy(sigma, random), choose).centres, told[0]


def agreement(labels: list[Ints]) -> float:
    """Mean adjusted Rand index of each two."""
    return float(np.mean([adjusted_rand(one, other) for one, other in combinations(labels, 2)]))


def truth(
    people: People, plan: Plan, accounts: int, draws: int, sigma: float, random: np.random.Generator
) -> dict[int, float]:
    """Agreement of draws, by the number of segments."""
    fresh = plan.vectors(people.shares(plan, _FRESH, random))
    found = {}
    for k in range(2, len(plan.starts) + 1):
        centres = [draw(plan, people.shares(plan, accounts, random), k, sigma, random)[0] for _ in range(draws)]
        found[k] = agreement([nearest(fresh, each) for each in centres])
    return found


def main() -> None:
    """Print one table for each number of accounts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, nargs="+", default=[3_000, 10_000, 40_000])
    parser.add_argument("--draws", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    people = People(Path(os.environ["MEDIA_PRIVACY_REAL_DATA"]) / "ml-100k")
    plan = make_plan("2026-03", people.catalogue, people.popularity, CONFIG)
    if plan is None:
        raise SystemExit("the catalogue's genres do not tell titles apart")
    as_they_are = plan.model_copy(update={"mean": (0.0,) * len(plan.genres)})
    sigma = part_sigma(load().releases.vectors["segment_profile"])
    random = np.random.default_rng(given.seed)
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
        f"seed {given.seed}; sigma {sigma:.1f}"
    )
    for accounts in given.accounts:
        real = truth(people, plan, accounts, given.draws, sigma, random)
        plain = truth(people, as_they_are, accounts, given.draws, sigma, random)
        told = [
            stability(plan, draw(plan, people.shares(plan, accounts, random), 2, sigma, random)[1], sigma, CONFIG)
            for _ in range(given.draws)
        ]
        print(
            f"\n{accounts:,} accounts\n\n"
            "| segments | truth | told (mean, lowest, highest) | truth without the mean taken off |"
        )
        print("|---:|---:|---|---:|")
        for k, value in real.items():
            each = [one[k] for one in told]
            print(
                f"| {k} | {value:.2f} | {np.mean(each):.2f} ({min(each):.2f} to {max(each):.2f}) | {plain[k]:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
