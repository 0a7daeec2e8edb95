"""Cumulative sums of the discrete Gaussian's weights, in whole numbers, each with a bound of its error.

Every number is a multiple of 2^-precision, a unit, and lies at or below the true value: rounding goes down. How far
below is counted, never estimated (docs/privacy-proofs.md, 4a).
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

_GUARD = 32
EXP_ERROR = 5
"""Units by which `exp_below` may be below the truth."""


def exp_below(numerator: int, denominator: int, precision: int) -> int:
    """E with E <= 2^precision · exp(-numerator/denominator) < E + EXP_ERROR, for a ratio of 0 or more."""
    halvings = (numerator // denominator).bit_length()
    precision += halvings
    denominator <<= halvings
    # The ratio is under 1 now: the terms of the alternating series fall, each cut by under 2 guarded units.
    term = total = 1 << (precision + _GUARD)
    index = 0
    while term:
        index += 1
        term = term * numerator // (denominator * index)
        total += -term if index % 2 else term
    below = max(0, (total >> _GUARD) - 1)
    for _ in range(halvings):
        below = below * below >> precision
    return below >> halvings


@dataclass(frozen=True)
class HalfGaussian:
    """The weights w(h) = exp(-(step·h)²/(2 sigma²)) of h = 0, 1, 2, ..., summed up: h has the law w(h) over their sum.

    `sums[j]` is at most w(0) + ... + w(j), and at most `error(j)` units below it; `above` is no less than the infinite
    sum.
    """

    precision: int
    sums: tuple[int, ...]
    above: int

    @staticmethod
    def of(sigma: int, step: int, precision: int) -> HalfGaussian:
        """Sums up to the first weight under one unit, for step <= sigma.

        Neighbouring weights differ by a ratio, and neighbouring ratios by a constant one: two products a weight.
        """
        squared = sigma * sigma
        ratio = exp_below(step * step, 2 * squared, precision)
        shrink = exp_below(step * step, squared, precision)
        weight, total, sums = 1 << precision, 0, []
        while weight:
            total += weight
            sums.append(total)
            weight = weight * ratio >> precision
            ratio = ratio * shrink >> precision
        last = len(sums) - 1
        # Weights after the last fall at least as fast as a geometric series from the first one that came out as 0.
        tail = 3 * (last + 2) * (last + 1 + -(-squared // (step * step)))
        return HalfGaussian(precision, tuple(sums), total + HalfGaussian.error(last) + tail)

    @staticmethod
    def error(j: int) -> int:
        """Units by which the sum of the weights 0..j may be below the truth."""
        return j * (j + 1) * (j + 2)

    def prefix(self, j: int, bits: int) -> int:
        """The threshold P(h <= j) in steps of 2^-bits, rounded down: it is this, or up to `slack` more."""
        return (self.sums[j] << bits) // self.above

    def slack(self, bits: int) -> bool:
        """Whether each threshold is less than two steps of 2^-bits above its `prefix`."""
        return (self.above - self.sums[-1]) << (bits + 1) < self.sums[-1]

    def place(self, uniform: int, bits: int) -> int | None:
        """How many thresholds are at or below a uniform in [uniform, uniform + 1) · 2^-bits; None if that is open."""
        least = self.sums[-1]
        passed = bisect_left(
            range(len(self.sums)), True, key=lambda j: (self.sums[j] + self.error(j)) << bits > uniform * least
        )
        ahead = bisect_left(
            range(len(self.sums)), True, key=lambda j: (uniform + 1) * self.above <= self.sums[j] << bits
        )
        return passed if passed == ahead < len(self.sums) else None
