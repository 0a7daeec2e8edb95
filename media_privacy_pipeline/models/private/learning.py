"""A training from beginning to end: every look at people is a paid noisy sum, all else is made from those."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import TypeAlias

import numpy as np

from ...privacy.noise import Integers, Noise, discrete_gaussian
from ..interactions import Floats, Interactions, Ints, Strings
from .accounting import COUNT_STEPS, Scales, scales_of
from .config import PrivateAlsConfig
from .people import InMemory, People
from .solving import noisy, noisy_symmetric, solve, unpacked
from .statistics import Statistics, packed
from .together import leading

Paid: TypeAlias = Callable[[str, Callable[[Noise], Integers]], Integers]
"""Releases a part by its name: draws it with noise that is paid for, or gives back what was drawn of it before."""


@dataclass(frozen=True)
class PrivateFactors:
    """What a training released: `titles` ascending, `factors` (titles, d), `counts` (titles,) of viewers, noisy."""

    titles: Strings
    factors: Floats
    counts: Floats


def unpaid(noise: Noise = discrete_gaussian) -> Paid:
    """Draws every part afresh and keeps no books: for measurements, and for a caller with books of its own."""
    return lambda part, draw: draw(noise)


def learn(
    histories: Interactions, config: PrivateAlsConfig, paid: Paid | None = None, profiles: Ints | None = None
) -> PrivateFactors:
    """Titles' vectors from histories over the public catalogue, which their titles must be: all of it, watched or not.

    One row is a viewer; `profiles` says how many viewers the account of each has. The noise is that of `scales_of`.
    """
    return learn_from(InMemory(histories, profiles), config, paid)


def learn_from(people: People, config: PrivateAlsConfig, paid: Paid | None = None) -> PrivateFactors:
    """As `learn`, from people wherever they are: noise is drawn here, on their sums, once these are paid for."""
    release, scales = paid or unpaid(), scales_of(config)

    def count(noise: Noise) -> Integers:
        return noise(people.counts(config), scales.counts)

    counts = release("counts", count) / COUNT_STEPS
    chosen = head(counts, config)
    # A count that noise made small must not become a weight without end.
    known = np.maximum(counts[chosen], scales.counts / COUNT_STEPS)
    own = people.over(people.titles[chosen])
    start, anchor = first_vectors(own, known, config, scales, release)
    weights = known**-config.weight_exponent
    for sweep in range(config.sweeps if start.shape[1] else 0):
        start = next_vectors(own, start, weights, config, scales, release, f"sweep{sweep}", anchor)
    return PrivateFactors(own.titles, start, counts[chosen])


def head(counts: Floats, config: PrivateAlsConfig) -> Ints:
    """Places, ascending, of the titles with the highest noisy counts."""
    size = max(1, ceil(config.head_share * len(counts)))
    return np.sort(np.argsort(-counts, kind="stable")[:size])


def random_start(titles: int, config: PrivateAlsConfig) -> Floats:
    """Vectors of a length of about one that see no data."""
    drawn = np.random.default_rng(config.seed).standard_normal((titles, config.factors))
    return np.asarray(drawn / np.sqrt(config.factors))


def first_vectors(
    own: People,
    known: Floats,
    config: PrivateAlsConfig,
    scales: Scales,
    release: Paid,
) -> tuple[Floats, Floats | None]:
    """Vectors to start from; and to hold on to, where they are more than random."""
    titles = len(own.titles)
    if scales.together is None:
        return random_start(titles, config), None
    scale, weights = scales.together, known**-config.gram_exponent

    def draw(noise: Noise) -> Integers:
        exact = packed(own.together(weights))
        drawn: Integers = noisy_symmetric(exact[None, :], scale, noise)[0]
        return drawn

    strengths, directions = leading(
        unpacked(release("together", draw), titles).astype(np.int64), scale, config.factors, config.edge
    )
    vectors = directions * np.sqrt(strengths) / weights[:, None]
    # The matrix leaves the unit of vectors open: a mean squared length of one settles it.
    length = np.sqrt((vectors**2).sum() / titles)
    start = vectors / length if length else np.zeros((titles, 0))
    return start, start


def next_vectors(
    own: People,
    vectors: Floats,
    weights: Floats,
    config: PrivateAlsConfig,
    scales: Scales,
    release: Paid,
    part: str,
    anchor: Floats | None,
) -> Floats:
    """Vectors after one sweep from `vectors`: one released part."""
    titles, width = vectors.shape
    cells = width * (width + 1) // 2

    def draw(noise: Noise) -> Integers:
        found = noisy(own.statistics(vectors, config, weights), scales, noise)
        return np.concatenate([found.gram, found.systems.ravel(), found.rights.ravel()])

    flat = release(part, draw)
    found = Statistics(
        flat[:cells],
        flat[cells : cells + titles * cells].reshape(titles, cells),
        flat[cells + titles * cells :].reshape(titles, width),
    )
    return solve(found, config, anchor)
