"""Where 63 bits cannot tell, further bits and further digits decide, and decide right."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from media_privacy_pipeline.privacy.sampler import Sampler, guide_of

DIGITS = 400


class Bits:
    """A source that hands out what it was given, and says how many bytes were asked for."""

    def __init__(self, *parts: bytes) -> None:
        self.rest = b"".join(parts)
        self.taken = 0

    def __call__(self, count: int) -> bytes:
        taken, self.rest = self.rest[:count], self.rest[count:]
        assert len(taken) == count, "more bits were asked for than the case needs"
        self.taken += count
        return taken


def word(uniform: int, negative: bool = False) -> bytes:
    return (uniform << 1 | negative).to_bytes(8, "little")


def more(bits: int, count: int = 1) -> bytes:
    return bits.to_bytes(8 * count, "big")


def threshold(sigma: int, j: int, bits: int) -> int:
    """P(h <= j) in steps of 2^-bits, rounded down, by decimal arithmetic and one exponential a weight."""
    with localcontext(prec=DIGITS):
        weights = [(Decimal(-h * h) / (2 * sigma * sigma)).exp() for h in range(45 * sigma)]
        return int(sum(weights[: j + 1]) / sum(weights) * 2**bits)


@pytest.mark.parametrize("j", [0, 1, 2, 7, 15])
@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize(("nudge", "passes"), [(-1, False), (1, True), (-(2**30), False), (2**30, True)])
def test_a_uniform_on_a_threshold_is_decided_by_the_next_64_bits(
    j: int, negative: bool, nudge: int, passes: bool
) -> None:
    sampler = Sampler(3)
    uniform = threshold(3, j, 127) + nudge
    assert uniform >> 64 == int(sampler.prefixes[j])
    source = Bits(word(uniform >> 64, negative), more(uniform & (2**64 - 1)))
    size = j + passes
    if size == 0 and negative:
        source.rest += word(0)
    drawn = int(sampler.draw(1, source)[0])
    assert drawn == (-size if negative else size)
    assert source.rest == b""


@pytest.mark.parametrize("times", [2, 5, 9])
def test_a_uniform_that_stays_on_a_threshold_is_decided_by_bits_further_on(times: int) -> None:
    sampler, last = Sampler(3), 63 + 64 * times
    for nudge in (-1, 1):
        uniform = threshold(3, 2, last) + nudge
        rest = uniform & (2 ** (64 * times) - 1)
        source = Bits(word(uniform >> (64 * times)), more(rest, times))
        assert int(sampler.draw(1, source)[0]) == 2 + (nudge > 0)
        assert source.taken == 8 + 8 * times


@pytest.mark.parametrize("j", [1, 5, 11])
def test_the_step_after_a_prefix_is_checked_too(j: int) -> None:
    sampler = Sampler(3)
    source = Bits(word(int(sampler.prefixes[j]) + 1), more(0))
    assert int(sampler.draw(1, source)[0]) == j + 1
    assert source.taken == 16


@pytest.mark.parametrize("away", [-1, 2])
def test_uniforms_beside_a_threshold_take_no_further_bits(away: int) -> None:
    sampler = Sampler(100)
    for j in (3, 50, 200):
        source = Bits(word(int(sampler.prefixes[j]) + away))
        assert int(sampler.draw(1, source)[0]) == j + (away > 0)


def test_every_clean_cell_of_the_guide_says_what_a_search_says() -> None:
    sampler = Sampler(1000)
    cells = np.flatnonzero(sampler.guide >= 0).astype(np.uint64)
    for inside in (np.uint64(0), np.uint64((1 << int(sampler.guide_shift)) - 1)):
        uniforms = (cells << sampler.guide_shift) + inside
        found = np.searchsorted(sampler.prefixes, uniforms, side="right")
        assert (sampler.guide[cells.astype(np.int64)] == found).all()
        beside = uniforms - sampler.prefixes[np.maximum(found, 1) - 1]
        assert (beside[found > 0] >= 2).all()


@pytest.mark.parametrize("before", [1, 2])
def test_a_threshold_just_before_a_cell_makes_it_unclean_if_it_touches_it(before: int) -> None:
    # Five leading bits for a scale of 1: a planted threshold, one or two steps before the tenth cell.
    planted = np.array([(10 << 58) - before, 2**63 - 2], dtype=np.uint64)
    guide, shift = guide_of(planted, 1)
    assert shift == 58
    assert list(guide) == [0] * 9 + [-1] + [-1 if before == 1 else 1] + [1] * 20 + [-1]


def test_the_farthest_tail_is_reached_through_the_fallback() -> None:
    sampler = Sampler(3)
    everything = 2**63 - 1
    # All ones and then a zero: 1 - U is about 2^-127, which a half Gaussian of scale 3 passes at 38 and not at 39.
    source = Bits(word(everything), more(2**64 - 2))
    with localcontext(prec=DIGITS):
        weights = [(Decimal(-h * h) / 18).exp() for h in range(150)]
        above = [sum(weights[h:]) / sum(weights) for h in range(60)]
        expected = max(h for h in range(60) if above[h] * 2**127 > 1.5)
    assert int(sampler.draw(1, source)[0]) == expected > sampler.prefixes.size
    # And the ones may go on for as long as they like.
    source = Bits(word(everything), more(2**640 - 1, 10), more(0))
    assert int(sampler.draw(1, source)[0]) > 80


@pytest.mark.parametrize(("sigma", "step", "size"), [(9001, 4, 4), (1_000_000, 256, 4), (1_800_000, 512, 8)])
@pytest.mark.parametrize(("nudge", "kept"), [(-1, True), (1, False)])
def test_a_proposal_on_its_own_probability_is_kept_or_dropped_by_further_bits(
    sigma: int, step: int, size: int, nudge: int, kept: bool
) -> None:
    sampler = Sampler(sigma)
    assert (sampler.step, sampler.word_bits) == (step, 8 * size)
    h, rest, bits = 2500, step - 1, sampler.keep_bits + 64
    ratio = Fraction(rest * (2 * step * h + rest), 2 * sigma * sigma)
    with localcontext(prec=DIGITS):
        uniform = int((-Decimal(ratio.numerator) / ratio.denominator).exp() * 2**bits) + nudge
    proposal = word((int(sampler.prefixes[h - 1]) + int(sampler.prefixes[h])) // 2)
    decides = (uniform >> 64 << sampler.step_bits | rest).to_bytes(size, "little")
    # What is dropped is drawn anew: h = 0 and l = 1, kept at once.
    anew = word(0) + (1).to_bytes(size, "little")
    source = Bits(proposal, decides, more(uniform & (2**64 - 1)), b"" if kept else anew)
    assert int(sampler.draw(1, source)[0]) == (step * h + rest if kept else 1)
    assert source.rest == b""


@pytest.mark.parametrize("sigma", [4097, 9001, 1_000_000, 13_600_000, 2**55])
def test_the_quick_way_to_keep_a_proposal_keeps_none_that_the_exact_way_would_drop(sigma: int) -> None:
    sampler = Sampler(sigma)
    step, ones = sampler.step, (1 << sampler.keep_bits) - 1
    for height in (0, 1, 7, 2000, 9000, sampler.prefixes.size):
        for rest in {0, 1, step // 2, step - 1}:
            ratio = Fraction(rest * (2 * step * height + rest), 2 * sigma * sigma)
            with localcontext(prec=DIGITS):
                edge = int((-Decimal(ratio.numerator) / ratio.denominator).exp() * 2**sampler.keep_bits)
            # Where the quick way ends for the largest rest, and for the height before; the exact edge; and all ones.
            quick = [
                ones - -(-odd * (1 << sampler.keep_bits) * step**2 // (2 * sigma**2))
                for odd in (2 * height + 1, 2 * height)
            ]
            for uniform in {ones, *(at + nudge for at in (edge, *quick) for nudge in (-1, 0, 1))}:
                if 0 <= uniform <= ones:
                    low = np.array([uniform << sampler.step_bits | rest], dtype=np.uint64)
                    # All further bits are zero: what lies on the edge itself is below the irrational number.
                    assert sampler.keeps(np.array([height]), low, bytes)[0] == (uniform <= edge)


@pytest.mark.parametrize(("sigma", "low_word"), [(4097, 1 << 20 | 1), (13_600_000, 1 << 40 | 1)])
def test_no_product_wraps_for_heights_far_beyond_the_table(sigma: int, low_word: int) -> None:
    sampler = Sampler(sigma)
    heights = np.arange(2**45, 2**45 + 200, dtype=np.int64) * 7919
    low = np.full(heights.size, low_word, dtype=np.uint64)
    assert not sampler.keeps(heights, low, Bits()).any()


def test_beyond_the_table_a_large_scale_still_draws() -> None:
    sampler = Sampler(9001)
    source = Bits(word(2**63 - 1), bytes(4), more(2**64 - 2))
    assert int(sampler.draw(1, source)[0]) > 4 * sampler.prefixes.size
