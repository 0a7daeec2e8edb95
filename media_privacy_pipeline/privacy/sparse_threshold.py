"""The threshold of a release whose keys are not known beforehand: exact, for the discrete noise that is drawn.

What nobody but one account has must stay hidden: all of its cells together, but with a probability of threshold_delta.
Source: Wilkins, Kifer, Zhang and Karrer 2024 (Exact privacy analysis of the Gaussian sparse histogram mechanism), for
our weights and the discrete Gaussian; proof in docs/privacy-proofs.md, 9.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from fractions import Fraction
from functools import lru_cache

import pyarrow as pa

from .thresholds import HalfGaussian

_PRECISION = 192
_MARGIN = Fraction(10**9 - 1, 10**9)
"""What a float's error may be of the share of one cell is a millionth of this margin's."""


def alone(weights: pa.Table) -> dict[int, int]:
    """The most cells that an account may have at each weight (64ths), by weight: the only cases to look at, since more
    cells of one weight are told more easily than fewer."""
    most: dict[int, int] = {}
    for weight, kept in zip(weights["weight"].to_pylist(), weights["kept"].to_pylist(), strict=True):
        most[weight] = max(most.get(weight, 0), kept // weight)
    return most


def least_threshold(weights: pa.Table, sigma: int, delta: float) -> int:
    """The least whole number T (64ths) such that no account's cells, had by it alone, reach T with noise of scale
    sigma, any of them, with a probability above delta. Never too small; too large by 1 at most."""
    return max(weight + _reach(sigma, _share(delta, cells)) for weight, cells in alone(weights).items())


def told_probability(weights: pa.Table, sigma: int, threshold: int) -> float:
    """The most that the probability is of telling any cell that nobody but one account has: what least_threshold
    bounds, the other way round."""
    half = _half(sigma)
    tails = [(float(_tail_above(half, threshold - weight)), cells) for weight, cells in alone(weights).items()]
    return max(-math.expm1(cells * math.log1p(-tail)) for tail, cells in tails)


def _share(delta: float, cells: int) -> Fraction:
    """At most the p with 1 - (1 - p)^cells = delta: what each of so many independent cells may be told with."""
    return Fraction(-math.expm1(math.log1p(-delta) / cells)) * _MARGIN


def _reach(sigma: int, share: Fraction) -> int:
    """The least t >= 1 with P(X >= t) <= share for certain, for discrete Gaussian X."""
    half = _half(sigma)
    return 1 + bisect_left(range(1, len(half.sums)), True, key=lambda t: _tail_above(half, t) <= share)


def _tail_above(half: HalfGaussian, least: int) -> Fraction:
    """A number that is no less than P(X >= least), for least >= 1, and above it by under 2^-128 or so.

    P(X >= t) is the half sum from t on over the sum over all whole numbers, which counts 0 once: (C - C_{t-1}) over
    (2 C - 1). The half sums lie between what was rounded down and that plus its error.
    """
    if least < 1:
        return Fraction(1)
    place = min(least - 1, len(half.sums) - 1)
    return Fraction(half.above - half.sums[place], 2 * half.sums[-1] - (1 << half.precision))


@lru_cache(maxsize=4)
def _half(sigma: int) -> HalfGaussian:
    return HalfGaussian.of(sigma, 1, _PRECISION)
