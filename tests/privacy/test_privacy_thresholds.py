"""Thresholds of the sampler's table lie where exact arithmetic puts them, within the error that they state."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.privacy.sampler import Sampler, table_scale
from media_privacy_pipeline.privacy.thresholds import EXP_ERROR, HalfGaussian, exp_below

DIGITS = 150


def exact_exp(ratio: Fraction) -> Decimal:
    with localcontext(prec=DIGITS):
        return (-Decimal(ratio.numerator) / ratio.denominator).exp()


def exact_sums(sigma: int, step: int) -> tuple[list[Decimal], Decimal]:
    """Sums of weights up to each h, and of all of them, to 150 digits: each weight is an exponential of its own."""
    with localcontext(prec=DIGITS):
        total, sums = Decimal(0), []
        for h in range(28 * -(-sigma // step)):
            total += (Decimal(-((step * h) ** 2)) / (2 * sigma * sigma)).exp()
            sums.append(total)
        return sums, total


@given(st.integers(0, 10**6), st.integers(1, 10**5), st.sampled_from([64, 192, 300]))
def test_an_exponential_is_at_most_the_stated_error_too_small(numerator: int, denominator: int, precision: int) -> None:
    below = exp_below(numerator, denominator, precision)
    with localcontext(prec=DIGITS):
        truth = exact_exp(Fraction(numerator, denominator)) * 2**precision
        assert below <= truth < below + EXP_ERROR


@pytest.mark.parametrize(("sigma", "step"), [(1, 1), (2, 1), (3, 1), (28, 1), (100, 1), (1001, 8)])
def test_sums_enclose_the_exact_ones(sigma: int, step: int) -> None:
    half = HalfGaussian.of(sigma, step, 192)
    sums, total = exact_sums(sigma, step)
    with localcontext(prec=DIGITS):
        unit = Decimal(2) ** 192
        for j, below in enumerate(half.sums):
            assert below <= sums[j] * unit <= below + HalfGaussian.error(j)
        # What the sum leaves out at 28 scales is below 1e-169.
        assert half.sums[-1] <= total * unit <= half.above


@pytest.mark.parametrize("sigma", [1, 2, 3, 17, 100, 640])
def test_the_table_holds_the_leading_63_bits_of_the_exact_thresholds(sigma: int) -> None:
    sampler = Sampler(sigma)
    sums, total = exact_sums(sigma, 1)
    with localcontext(prec=DIGITS):
        exact = [int(part / total * 2**63) for part in sums[: sampler.prefixes.size]]
    assert [int(prefix) for prefix in sampler.prefixes] == exact


@pytest.mark.parametrize("sigma", [4096, 4097, 13_600_000, 2**55])
def test_large_scales_enclose_sums_of_weights_computed_one_by_one(sigma: int) -> None:
    step = Sampler(sigma).step
    half = HalfGaussian.of(sigma, step, 192)
    assert half.slack(63)
    for j in (0, 1, 2, table_scale(sigma), 5 * table_scale(sigma)):
        difference = half.sums[j + 1] - half.sums[j]
        with localcontext(prec=DIGITS):
            weight = exact_exp(Fraction((step * (j + 1)) ** 2, 2 * sigma * sigma)) * 2**192
            assert difference <= weight <= difference + 3 * (j + 1) * (j + 2)


def test_too_few_digits_are_noticed() -> None:
    assert not HalfGaussian.of(100, 1, 72).slack(63)


def test_a_uniform_that_touches_a_threshold_is_not_placed() -> None:
    half = HalfGaussian.of(100, 1, 192)
    bits = 180
    touching = half.prefix(50, bits)
    assert half.place(touching, bits) is None
    # Above the lower bound of the threshold, and not above the upper one.
    assert half.place(touching + 1, bits) is None
    assert half.place(touching - 2**40, bits) == 50
    assert half.place(touching + 2**40, bits) == 51


def test_a_uniform_beyond_the_last_sum_is_not_placed() -> None:
    assert HalfGaussian.of(100, 1, 192).place(2**400 - 1, 400) is None
