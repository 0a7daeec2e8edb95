"""Parts in whole steps stay within their bounds, and no sum of them leaves the words that it is added up in."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.models.federated.fixed import (
    Block,
    centred,
    decode,
    encode,
    fraction_bits,
    of_bytes,
    to_bytes,
)
from media_privacy_pipeline.models.federated.sizes import Crowd
from media_privacy_pipeline.models.federated.terms import Terms

NUMBERS = st.floats(-1e6, 1e6)


@given(st.lists(NUMBERS, min_size=3, max_size=3), st.floats(1e-3, 1e3), st.integers(10, 50))
def test_a_part_is_never_longer_than_its_bound_in_exact_arithmetic(part: list[float], bound: float, bits: int) -> None:
    steps = encode(np.array(part), Block("b", 3, bound, 0.0), bits)
    assert sum(Fraction(int(n)) ** 2 for n in steps) <= Fraction(bound) ** 2 * 4**bits


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=3), st.integers(20, 50))
def test_a_part_within_its_bound_is_off_by_less_than_a_step(part: list[float], bits: int) -> None:
    steps = encode(np.array(part), Block("b", 3, 2.0, 0.0), bits)
    assert np.abs(decode(steps.view(np.uint64), bits) - part).max() < 2.0**-bits
    assert all(abs(int(n)) <= abs(x) * 2.0**bits for n, x in zip(steps, part, strict=True))


@given(
    st.integers(20, 5_000),
    st.floats(0.6, 1),
    st.floats(1e-3, 1e3),
    st.one_of(st.just(0.0), st.floats(1e-3, 1e4)),
    st.integers(4, 8),
)
def test_the_sum_of_the_largest_parts_and_noise_does_not_wrap(
    clients: int, staying: float, bound: float, sigma: float, word_bytes: int
) -> None:
    crowd = Crowd(clients, 0, max(3, math.ceil(clients * staying)))
    terms = Terms(bytes(32), 1, crowd, (Block("b", 1, bound, sigma * bound),), b"", word_bytes)
    bits, scale = terms.fractions[0], terms.scales[0]
    # Every client at its bound in the same coordinate, and the noise of all of them 40 deviations out.
    most = clients * Fraction(bound) * Fraction(2) ** bits + 40 * Fraction(scale) * Fraction(math.sqrt(clients))
    assert most < 2 ** (8 * word_bytes - 1)


def test_no_bit_is_wasted() -> None:
    block = Block("b", 1, 1.0, 0.0)
    assert fraction_bits(block, 1_000, 1.0, 8) == 63 - 10 - 1


@given(st.lists(st.integers(-(2**39) + 1, 2**39 - 1), min_size=1, max_size=5), st.integers(5, 8))
def test_residues_are_told_as_the_numbers_next_to_zero(numbers: list[int], word_bytes: int) -> None:
    words = np.array(numbers, np.int64).view(np.uint64)
    travelled = of_bytes(to_bytes(words, word_bytes), len(numbers), word_bytes)
    assert travelled.max() < 2 ** (8 * word_bytes)
    assert centred(travelled, word_bytes).view(np.int64).tolist() == numbers


@pytest.mark.parametrize("part", [np.array([1.0]), np.array([1.0, np.nan]), np.array([np.inf, 1.0])])
def test_what_is_no_part_is_refused(part: np.ndarray) -> None:
    with pytest.raises(ValueError, match="has 2 finite numbers"):
        encode(part, Block("b", 2, 1.0, 0.0), 20)
