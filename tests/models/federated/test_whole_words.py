"""No sum leaves the words that it is added up in, and a part past its bound is never sent."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.models.federated.blocks import Block
from media_privacy_pipeline.models.federated.sizes import Crowd
from media_privacy_pipeline.models.federated.terms import Terms
from media_privacy_pipeline.models.federated.words import centred, of_bytes, to_bytes, word_bytes_for


@given(
    st.integers(20, 5_000),
    st.floats(0.6, 1),
    st.integers(1, 2**32),
    st.one_of(st.just(0.0), st.floats(0.1, 1e3)),
)
def test_the_sum_of_the_largest_parts_and_noise_does_not_wrap(
    clients: int, staying: float, bound: int, noise: float
) -> None:
    crowd = Crowd(clients, 0, max(3, math.ceil(clients * staying)))
    block = Block("b", 3, bound, max(8.0, noise * bound), 2, max(8.0, noise * bound / 2))
    terms = Terms(bytes(32), 1, crowd, (block,), b"")
    # Every client at its bound in the same coordinate, and the noise of all of them 40 deviations out.
    most = clients * bound + 40 * Fraction(max(block.scales(crowd.honest))) * Fraction(math.sqrt(clients))
    assert most < 2 ** (8 * terms.word_bytes - 1)
    # And no byte is wasted.
    assert terms.word_bytes == 1 or most >= 2 ** (8 * terms.word_bytes - 8 - 1) * 0.999


def test_sums_that_no_word_holds_are_a_clear_error() -> None:
    with pytest.raises(UsageError, match="do not fit into words of 8 bytes"):
        word_bytes_for(2.0**63)


@given(st.lists(st.integers(-(2**39), 2**39 - 1), min_size=1, max_size=5), st.integers(5, 8))
def test_residues_are_told_as_the_numbers_next_to_zero(numbers: list[int], word_bytes: int) -> None:
    words = np.array(numbers, np.int64).view(np.uint64)
    travelled = of_bytes(to_bytes(words, word_bytes), len(numbers), word_bytes)
    assert int(travelled.max()) < 2 ** (8 * word_bytes)
    assert centred(travelled, word_bytes).tolist() == numbers


@given(st.lists(st.integers(-(2**39), 2**39), min_size=6, max_size=6))
def test_the_bound_is_checked_in_exact_arithmetic(numbers: list[int]) -> None:
    part = np.array(numbers, np.int64)
    # Upper triangles of two matrices of width 2: the middle number of each is beside the diagonal.
    squared = sum(int(n) ** 2 * (2 if at % 3 == 1 else 1) for at, n in enumerate(numbers))
    enough = math.isqrt(squared) + 1
    Block("b", 6, enough, 0.0, 2).check(part)
    if squared:
        with pytest.raises(UsageError, match="past its bound"):
            Block("b", 6, math.sqrt(squared) * (1 - 1e-12), 0.0, 2).check(part)


@pytest.mark.parametrize(
    "part", [np.zeros(1, np.int64), np.zeros(2), np.zeros(2, np.int32), np.array([0, -(2**63)], np.int64)]
)
def test_what_is_no_part_is_refused(part: np.ndarray) -> None:
    with pytest.raises(UsageError, match=r"has 2 whole numbers|past its bound"):
        Block("b", 2, 1.0, 0.0).check(part)
