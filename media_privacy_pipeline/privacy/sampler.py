"""An exact sampler of the discrete Gaussian: inverse CDF on bits of the system's generator, by table, never by floats.

A whole number of any scale is step · h + l with a sign. h comes from a table of thresholds, l < step from bits, and
both are kept with a probability that makes their law the discrete Gaussian. Where the bits at hand cannot tell on which
side of a threshold a uniform lies, more bits are drawn and the threshold is computed further, until they can: nothing
is approximated (docs/privacy-proofs.md, 4a).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .thresholds import EXP_ERROR, HalfGaussian, exp_below

Integers: TypeAlias = NDArray[np.int64]
Words: TypeAlias = NDArray[np.uint64]

Source: TypeAlias = Callable[[int], bytes]
"""So many random bytes. Only tests pass another one than the system's generator."""

LARGEST_TABLE_SCALE = 4096
_BITS = 63
_PRECISION = 192
_CHUNK = 1 << 16
_FARTHEST = 1 << 62
_FEW_STEP_BITS = 8


def table_scale(sigma: int) -> int:
    """The scale of the table behind a scale, rounded down: its size and what it costs to make are in proportion."""
    return sigma >> _step_bits(sigma)


class Sampler:
    """Draws from the discrete Gaussian of one scale. Holds only what the scale implies: no state, no buffer of bits."""

    def __init__(self, sigma: int) -> None:
        self.sigma = sigma
        # A power of two, so that l is whole bits; the table's own scale sigma / step stays in (2048, 4096] above 4096.
        self.step_bits = _step_bits(sigma)
        self.step = 1 << self.step_bits
        half = HalfGaussian.of(sigma, self.step, _PRECISION)
        if not half.slack(_BITS):
            raise ArithmeticError(f"{_PRECISION} bits do not hold the thresholds of scale {sigma}")
        prefixes: list[int] = []
        # The last one kept leaves nothing above it that would count as decided: the tail has its way through `_settle`.
        while not prefixes or prefixes[-1] < (1 << _BITS) - 2:
            prefixes.append(half.prefix(len(prefixes), _BITS))
        self.prefixes: Words = np.array(prefixes, dtype=np.uint64)
        self.guide, self.guide_shift = guide_of(self.prefixes, table_scale(sigma))
        # The system's bits take most of the time: half a word is enough for l and all but a few of the decisions.
        self.word_bits = 32 if self.step_bits <= _FEW_STEP_BITS else 64
        self.keep_bits = self.word_bits - self.step_bits
        # 1 - exp(-x) <= x <= (2h + 1) · cost / 2^keep_bits, whatever l is.
        self._cost = -(-(1 << (self.keep_bits + 2 * self.step_bits)) // (2 * sigma * sigma))

    def draw(self, count: int, source: Source = os.urandom) -> Integers:
        """`count` independent draws; cut at ±2^62, which a draw passes with a probability below 2^-11000."""
        drawn = np.empty(count, dtype=np.int64)
        filled = 0
        while filled < count:
            # Never more proposals than are still needed, so that no accepted one is thrown away.
            kept = self._propose(min(_CHUNK, count - filled), source)
            drawn[filled : filled + kept.size] = kept
            filled += kept.size
        return drawn

    def _propose(self, count: int, source: Source) -> Integers:
        words = _words(source, count)
        negative = (words & np.uint64(1)).view(np.int64)
        magnitude = self._heights(words >> np.uint64(1), source)
        keep = None
        if self.step_bits:
            low = _words(source, count, self.word_bits)
            keep = self.keeps(magnitude, low, source)
            magnitude = (magnitude << self.step_bits) + (low & np.uint64(self.step - 1)).view(np.int64)
        # Zero has one sign only, or it would come twice as often as it should.
        twice = magnitude + (1 - negative) == 0
        keep = ~twice if keep is None else keep & ~twice
        # Two's complement: with negative in {0, 1}, (x ^ -negative) + negative is x or -x.
        signed: Integers = (magnitude ^ -negative) + negative
        kept: Integers = signed[keep]
        return kept

    def _heights(self, uniforms: Words, source: Source) -> Integers:
        """h for each uniform of 63 bits."""
        heights: Integers = self.guide[(uniforms >> self.guide_shift).view(np.int64)].astype(np.int64)
        searched = np.flatnonzero(heights < 0)
        asked = uniforms[searched]
        found = np.searchsorted(self.prefixes, asked, side="right")
        heights[searched] = found
        undecided = (found > 0) & (asked - self.prefixes[found - 1] <= 1)
        for place in searched[undecided]:
            height = self._settle(int(uniforms[place]), source)
            heights[place] = min(height, (_FARTHEST >> self.step_bits) - 1)
        return heights

    def _settle(self, uniform: int, source: Source) -> int:
        """h for a uniform whose 63 bits touch a threshold: more bits, against thresholds of more digits."""
        bits, precision = _BITS, _PRECISION
        while True:
            uniform, bits = _extended(uniform, bits, 64, source)
            while precision < bits + 128:
                precision *= 2
            height = _half(self.sigma, self.step, precision).place(uniform, bits)
            if height is not None:
                return height

    def keeps(self, heights: Integers, low: Words, source: Source) -> NDArray[np.bool_]:
        """Whether each step · h + l is kept, which it is with probability exp(-x), x = l (2 step h + l) / (2 sigma²).

        l are the word's low bits; its other bits are the uniform that decides.
        """
        uniforms = (low >> np.uint64(self.step_bits)).view(np.int64)
        keep = uniforms <= (1 << self.keep_bits) - 1 - (2 * heights + 1) * self._cost
        # Within the table the product is under 2^keep_bits, since a table with steps has a scale above 2048 and ends
        # before 10 scales; beyond the table it might not fit, and the exact way decides.
        keep &= heights <= self.prefixes.size
        for place in np.flatnonzero(~keep):
            rest, height = int(low[place]) & (self.step - 1), int(heights[place])
            numerator = rest * (2 * self.step * height + rest)
            keep[place] = self._below_exp(int(uniforms[place]), numerator, source)
        return keep

    def _below_exp(self, uniform: int, numerator: int, source: Source) -> bool:
        """Whether a uniform is below exp(-numerator / (2 sigma²)), with as many further bits as that takes."""
        bits = self.keep_bits
        while True:
            precision = bits + 64
            least = exp_below(numerator, 2 * self.sigma * self.sigma, precision)
            if (uniform + 1) << (precision - bits) <= least:
                return True
            if uniform << (precision - bits) >= least + EXP_ERROR:
                return False
            uniform, bits = _extended(uniform, bits, 64, source)


@lru_cache(maxsize=32)
def sampler(sigma: int) -> Sampler:
    """The sampler of a scale, made once in a process."""
    return Sampler(sigma)


@lru_cache(maxsize=2)
def _half(sigma: int, step: int, precision: int) -> HalfGaussian:
    return HalfGaussian.of(sigma, step, precision)


def _step_bits(sigma: int) -> int:
    """The least b with sigma / 2^b <= LARGEST_TABLE_SCALE."""
    return max(0, (-(-sigma // LARGEST_TABLE_SCALE) - 1).bit_length())


def _words(source: Source, count: int, bits: int = 64) -> Words:
    return np.frombuffer(source(bits // 8 * count), dtype=f"<u{bits // 8}").astype(np.uint64, copy=False)


def _extended(uniform: int, bits: int, by: int, source: Source) -> tuple[int, int]:
    return uniform << by | int.from_bytes(source(by // 8), "big"), bits + by


def guide_of(prefixes: Words, scale: int) -> tuple[NDArray[np.int32], np.uint64]:
    """h by the leading bits of a uniform where they decide, -1 where a threshold is near; and how far to shift."""
    # About 16 cells a threshold where thresholds are densest, so that few uniforms have to be searched for.
    leading = min(17, (16 * scale).bit_length())
    shift = _BITS - leading
    first = np.arange(1 << leading, dtype=np.uint64) << np.uint64(shift)
    at_first = np.searchsorted(prefixes, first, side="right")
    at_last = np.searchsorted(prefixes, first + np.uint64((1 << shift) - 1), side="right")
    touched = (at_first > 0) & (first - prefixes[at_first - 1] <= 1)
    guide = np.where((at_first == at_last) & ~touched, at_first, -1).astype(np.int32)
    return guide, np.uint64(shift)
