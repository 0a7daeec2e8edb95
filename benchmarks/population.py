"""`python -m benchmarks.population`: a simulated population to learn from, and how much it looks like MovieLens 100K.

Nobody in it is real. A viewer of n titles takes the first n of all titles in the order of

    log appeal_i + t_v Σ_j j^-decay p_vj q_ij + lift · [community of i is one of v's] + Gumbel noise

which is drawing n titles one after another, without replacement, in proportion to exp of the rest (Plackett-Luce). It is
of no low rank: tastes live in 256 dimensions that weigh ever less, an exponential is taken of their product, small
communities of titles (a series, a creator) have fans of their own, strength of taste t_v and activity n have heavy tails,
and most of what decides is chance. Age groups move a viewer's tastes and activity.

The constants were fitted to published aggregates of MovieLens 100K (GroupLens; no row of it is here): the same
generator at its size, 943 viewers and 1,682 titles, is compared with them below. `--viewers` and `--titles` then only
make it larger.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from media_privacy_pipeline.models.interactions import Interactions

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]

QUANTILES = np.linspace(0, 1, 21)
PHI_QUANTILES = np.array([0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99])
SPECTRUM = np.array([1, 2, 3, 5, 10, 20, 40, 80, 160, 320])
AGE_QUANTILES = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
AGES = np.array([0.0382, 0.2100, 0.3287, 0.2057, 0.0848, 0.0774, 0.0551])
"""Shares of the age groups under 18, 18-24, 25-34, 35-44, 45-49, 50-55, 56 and over."""
AGE_ACTIVITY = np.array([43.5, 80.5, 81.0, 59.5, 50.0, 45.0, 52.0]) / 65.0
"""Median titles of a viewer of each age group, over that of all."""
ACTIVITY = np.array(
    "20 21 23 26 29 33 38 43 50 57 65 75 93 108 127.4 148 171.6 205.4 244.4 310.6 737".split(), np.float64
)
"""Titles of a viewer, at QUANTILES."""
REAL: Mapping[str, Floats] = {
    "activity": ACTIVITY,
    "popularity": np.array(
        ".0011 .0011 .0021 .0032 .0053 .0064 .0095 .0127 .0170 .0223 .0286 .0361 .0456 .0548 .0689 .0848 .1060 .1356 "
        ".1792 .2437 .6182".split(),
        np.float64,
    ),
    "together": np.array([-0.0722, -0.0348, 0.0394, 0.1239, 0.2193, 0.3581, 0.4581]),
    "spectrum": np.array([0.6465, 0.4936, 0.4556, 0.3536, 0.2973, 0.25, 0.2054, 0.1722, 0.1421, 0.1072]),
    "ages": np.array([0.0462, 0.0798, 0.1179, 0.174, 0.2716]),
}
"""Of MovieLens 100K: titles of a viewer and share of viewers of a title, at QUANTILES; correlation (phi) of pairs of titles
that 5 % of viewers have, at PHI_QUANTILES; singular values of viewers by titles, both sides scaled by the root of their
counts, at SPECTRUM after the first; total variation between a title's age groups and all, at AGE_QUANTILES."""
APPEAL = (
    *(-5.03, -4.81, -4.77, -4.23, -2.95, -2.94, -2.18, -1.59, -0.92, -0.55),
    *(0.09, 0.50, 1.21, 1.28, 1.94, 2.36, 2.90, 3.43, 4.30, 4.62, 7.36),
)
_BLOCK = 2_000
_DIMENSIONS = 256


@dataclass(frozen=True)
class Shape:
    """The constants of the generator."""

    appeal: tuple[float, ...] = APPEAL
    """Logarithm of titles' appeal, at QUANTILES."""
    taste: float = 3.12
    """Standard deviation of what tastes add to a viewer's liking of titles."""
    decay: float = 1.03
    """How fast dimensions of taste weigh less."""
    spread: float = 0.1
    """Standard deviation of the logarithm of how strong a viewer's tastes are."""
    lift: float = 1.4
    """What a fan adds to the titles of a community."""
    ages: float = 0.31
    """How far age groups lie apart in taste, over how far viewers do."""
    recency: float = 0.37
    """How much lighter viewers keep to what has appeal."""


@dataclass(frozen=True)
class Population:
    """Histories over the whole catalogue, in the order of the viewers, and each viewer's age group."""

    histories: Interactions
    ages: Ints


def population(viewers: int, titles: int, seed: int, shape: Shape | None = None) -> Population:
    """Draw a population, in blocks of viewers: memory holds the pairs, and one block's scores (about 40 MB at 5,000
    titles)."""
    shape, random = shape or Shape(), np.random.default_rng(seed)
    world = _World.of(titles, shape, random)
    ages = random.choice(len(AGES), viewers, p=AGES / AGES.sum())
    columns, lengths = [], []
    for block in _blocks(viewers):
        found, counts = world.draw(ages[block], random)
        columns.append(found)
        lengths.append(counts)
    starts = np.concatenate([[0], np.cumsum(np.concatenate(lengths))])
    every = np.concatenate(columns)
    names = pa.array([f"v{n:07d}" for n in range(viewers)])
    catalogue = np.array([f"t{n:05d}" for n in range(titles)])
    histories = Interactions(names, catalogue, starts, every, np.ones(len(every), np.float32))
    return Population(histories, ages)


@dataclass(frozen=True)
class _World:
    """What is there before any viewer: titles' log appeal and tastes, communities, and where age groups lie."""

    shape: Shape
    appeal: Floats
    tastes: Floats
    community: Ints
    groups: Floats

    @classmethod
    def of(cls, titles: int, shape: Shape, random: np.random.Generator) -> _World:
        appeal = np.interp((random.permutation(titles) + 0.5) / titles, QUANTILES, np.array(shape.appeal))
        weight = np.arange(1, _DIMENSIONS + 1) ** -shape.decay
        weight = np.sqrt(weight**2 / (weight**2).sum())
        tastes = random.standard_normal((titles, _DIMENSIONS)) * weight
        # Of one length, so that how much tastes differ on a title does not make it popular.
        tastes = (tastes / np.linalg.norm(tastes, axis=1, keepdims=True)).astype(np.float32)
        # Communities of heavy-tailed sizes: a few of dozens of titles, most of two or three.
        share = random.pareto(1.2, titles // 5) + 1
        community = random.choice(len(share), titles, p=share / share.sum())
        groups = random.standard_normal((len(AGES), _DIMENSIONS))
        return cls(shape, appeal.astype(np.float32), tastes, community, groups)

    def draw(self, ages: Ints, random: np.random.Generator) -> tuple[Ints, Ints]:
        """Columns of the viewers' titles, ascending within a viewer, and how many each has."""
        size, titles, shape = len(ages), len(self.appeal), self.shape
        activity = np.interp(random.random(size), QUANTILES, ACTIVITY) * AGE_ACTIVITY[ages] ** 0.5
        counts = np.clip(activity, ACTIVITY[0], titles // 2).astype(np.int64)
        own = random.standard_normal((size, _DIMENSIONS)) + shape.ages * self.groups[ages]
        strength = shape.taste * np.exp(shape.spread * random.standard_normal(size) - shape.spread**2)
        liking = (own * (strength / np.sqrt(1 + shape.ages**2))[:, None]).astype(np.float32) @ self.tastes.T
        fans = random.random((size, int(self.community.max()) + 1), np.float32) < 0.1
        liking += np.float32(shape.lift) * fans[:, self.community]
        keeping = 1 + shape.recency * (np.log(65 / counts) / 2).clip(-0.5, 0.6)
        liking += self.appeal * keeping[:, None].astype(np.float32)
        liking -= np.log(random.standard_exponential(liking.shape, np.float32) + np.float32(1e-30))
        order = np.argpartition(-liking, np.minimum(np.unique(counts), titles - 1), axis=1)
        taken = np.arange(titles) < counts[:, None]
        found = [np.sort(row[mine]) for row, mine in zip(order, taken, strict=True)]
        return np.concatenate(found).astype(np.int32), counts


def _blocks(viewers: int) -> Iterator[slice]:
    for first in range(0, viewers, _BLOCK):
        yield slice(first, min(first + _BLOCK, viewers))


def measured(drawn: Population) -> dict[str, Floats]:
    """The aggregates of REAL, of a population small enough to be held as a matrix."""
    histories, titles = drawn.histories, len(drawn.histories.titles)
    matrix = np.zeros((len(histories), titles), np.float32)
    matrix[histories.rows, histories.columns] = 1
    share = matrix.mean(axis=0)
    seen = share > 0
    large = matrix[:, share >= 0.05]
    together = np.corrcoef(large.T)[np.triu_indices(large.shape[1], 1)]
    scaled = matrix[:, seen] / np.sqrt(matrix.sum(axis=1))[:, None] / np.sqrt(matrix[:, seen].sum(axis=0))
    spectrum = np.linalg.svd(scaled, compute_uv=False)
    mix = np.stack([large[drawn.ages == group].sum(axis=0) for group in range(len(AGES))])
    every = np.array([matrix[drawn.ages == group].sum() for group in range(len(AGES))])
    apart = np.abs(mix / mix.sum(axis=0) - (every / every.sum())[:, None]).sum(axis=0) / 2
    return {
        "activity": np.quantile(histories.lengths, QUANTILES),
        "popularity": np.quantile(share[seen], QUANTILES),
        "together": np.quantile(together, PHI_QUANTILES),
        "spectrum": spectrum[SPECTRUM],
        "ages": np.quantile(apart, AGE_QUANTILES),
    }


def distance(one: Floats, other: Floats) -> float:
    """Kolmogorov-Smirnov distance of two laws from their quantiles at QUANTILES, straight between them."""
    points = np.unique(np.concatenate([one, other]))
    return float(np.abs(np.interp(points, *_law(one)) - np.interp(points, *_law(other))).max())


def _law(quantiles: Floats) -> tuple[Floats, Floats]:
    rising = quantiles + np.arange(len(quantiles)) * 1e-9
    return rising, QUANTILES


def main(arguments: Sequence[str] | None = None) -> None:
    """Print how the generator at MovieLens' size compares with it, then the marginals of the size asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.population", description=__doc__)
    parser.add_argument("--viewers", type=int, default=20_000)
    parser.add_argument("--titles", type=int, default=5_000)
    parser.add_argument("--seeds", type=int, default=5)
    chosen = parser.parse_args(arguments)
    found = [measured(population(943, 1682, seed)) for seed in range(chosen.seeds)]
    mean = {name: np.mean([each[name] for each in found], axis=0) for name in REAL}
    print(f"943 viewers, 1,682 titles, mean of {chosen.seeds} seeds, against MovieLens 100K")
    for name in ("activity", "popularity"):
        print(f"{name}: KS distance {distance(mean[name], REAL[name]):.3f}")
    for name, at in (("together", PHI_QUANTILES), ("spectrum", SPECTRUM), ("ages", AGE_QUANTILES)):
        print(f"{name} at    " + " ".join(f"{value:7.3g}" for value in at))
        print("  MovieLens " + " ".join(f"{value:7.3f}" for value in REAL[name]))
        print("  simulated " + " ".join(f"{value:7.3f}" for value in mean[name]))
    large = population(chosen.viewers, chosen.titles, 0).histories
    share = np.sort(np.bincount(large.columns, minlength=chosen.titles))[::-1] / len(large)
    print(f"{chosen.viewers:,} viewers, {chosen.titles:,} titles: {large.pairs:,} pairs; titles' share of viewers at rank ")
    print(" ".join(f"{rank:,}: {share[rank - 1]:.4f}" for rank in (1, 10, 100, 500, 1000, chosen.titles)))


if __name__ == "__main__":
    main()
