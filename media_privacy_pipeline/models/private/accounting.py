"""Scales of the noise of a training, and what it costs: exact, since every viewer is in every sum.

Each sum moves by its sensitivity and gets discrete Gaussian noise of a whole scale; squared mu add up (privacy room).
Over a symmetric matrix a cell off the diagonal stands for two. Counted so, a length of L costs

    L² max(1 / (s² - 4), 1 / (2 (h² - 4)))

with noise of scale s on the diagonal and h beside it: half the variance will do there.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from ...privacy.accountant import compose, mu_of, sigma_for
from .config import PrivateAlsConfig
from .statistics import sensitivities

COUNT_STEPS = 64
"""Steps in a count of one account."""
LEAD_STEPS = 1024
"""Steps in a difference of one between two recalls of an account."""
GRAM_STEPS = 1024
"""Steps in the length of one of an account's row of the matrix of what is watched together."""


@dataclass(frozen=True)
class Symmetric:
    """Whole scales of the noise on a symmetric matrix's diagonal and beside it."""

    diagonal: int
    beside: int

    def mu(self, sensitivity: float) -> float:
        """What it costs to move the matrix by so much, cells beside the diagonal counted twice."""
        return max(mu_of(sensitivity, self.diagonal), mu_of(sensitivity, self.beside) / sqrt(2))

    @classmethod
    def within(cls, sensitivity: float, mu: float, *, halved: bool = True) -> Symmetric:
        """The least scales that cost mu at most."""
        diagonal = sigma_for(sensitivity, mu)
        return cls(diagonal, sigma_for(sensitivity, mu * sqrt(2)) if halved else diagonal)


@dataclass(frozen=True)
class Scales:
    """The noise of each sum of a training: counts of titles, what is watched together (None: not taken), and in each of
    `sweeps` sweeps gram, systems and rights; the comparison's leads (0: not taken). `mu` is what all of it costs."""

    counts: int
    together: Symmetric | None
    gram: Symmetric
    systems: Symmetric
    rights: int
    sweeps: int
    leads: int
    mu: float


def scales_of(config: PrivateAlsConfig) -> Scales:
    """The least noise that keeps a training within its mu."""
    bounds = sensitivities(config)
    unit = sqrt(config.counted_titles) * COUNT_STEPS
    counts = sigma_for(unit, config.mu * sqrt(config.counts_share))
    together, spent = None, [mu_of(unit, counts)]
    if config.gram_share:
        moved = float(GRAM_STEPS**2)
        together = Symmetric.within(moved, config.mu * sqrt(config.gram_share), halved=config.halved)
        spent.append(together.mu(moved))
    leads = 0
    if config.lead_share:
        leads = sigma_for(LEAD_STEPS, config.mu * sqrt(config.lead_share))
        spent.append(mu_of(LEAD_STEPS, leads))
    left = 1 - config.counts_share - config.gram_share - config.lead_share
    each = config.mu * sqrt(left / (3 * config.sweeps)) if config.sweeps else config.mu
    gram = Symmetric.within(bounds.gram, each, halved=config.halved)
    systems = Symmetric.within(bounds.systems, each, halved=config.halved)
    rights = sigma_for(bounds.rights, each)
    sweep = [gram.mu(bounds.gram), systems.mu(bounds.systems), mu_of(bounds.rights, rights)]
    return Scales(counts, together, gram, systems, rights, config.sweeps, leads, compose(spent + sweep * config.sweeps))


def noise_edge(scale: Symmetric, titles: int) -> float:
    """About the largest eigenvalue of noise alone on a matrix of so many titles (Wigner), in the matrix's steps."""
    return 2 * scale.beside * sqrt(titles)
