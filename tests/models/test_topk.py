"""Partial sorting with ties settled."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from media_privacy_pipeline.models.topk import top_k

SCORES = arrays.arrays(
    np.float32,
    st.tuples(st.integers(0, 5), st.integers(0, 40)),
    elements=st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 2.0]),
)


@given(SCORES, st.integers(0, 42))
def test_it_is_the_stable_full_sort_cut_at_k(scores: np.ndarray, k: int) -> None:
    found = top_k(scores, k)
    for row, listed in zip(scores, found, strict=True):
        expected = sorted((n for n in range(len(row)) if row[n] > -np.inf), key=lambda n: (-row[n], n))[:k]
        assert [n for n in listed.tolist() if n >= 0] == expected
        assert listed.tolist()[len(expected) :] == [-1] * (len(listed) - len(expected))
