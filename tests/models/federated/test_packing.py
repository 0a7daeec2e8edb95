"""A packed matrix has the matrix's norm, and noise on it is the noise of a matrix made symmetric."""

from __future__ import annotations

import numpy as np
import pytest

from media_privacy_pipeline.models.federated.packing import (
    packed,
    packed_size,
    state_of_bytes,
    state_to_bytes,
    unpacked,
)


@pytest.mark.parametrize("width", [1, 2, 7])
def test_packing_keeps_norms_and_comes_back(width: int) -> None:
    vectors = np.random.default_rng(1).normal(size=(5, width))
    matrices = vectors[:, :, None] * vectors[:, None, :]
    flat = packed(matrices)
    assert flat.shape == (5, packed_size(width))
    assert np.linalg.norm(flat, axis=1) == pytest.approx((vectors**2).sum(axis=1))
    assert np.abs(unpacked(flat, width) - matrices).max() < 1e-12


def test_noise_on_a_packed_matrix_is_that_of_a_matrix_made_symmetric() -> None:
    drawn = unpacked(np.random.default_rng(2).normal(size=(200_000, packed_size(2))), 2)
    assert drawn.var(axis=0) == pytest.approx(np.array([[1, 0.5], [0.5, 1]]), rel=0.02)
    assert (drawn == drawn.transpose(0, 2, 1)).all()


def test_a_public_state_is_the_same_bytes_again() -> None:
    arrays = {"factors": np.arange(6.0).reshape(2, 3), "weights": np.ones(2)}
    content = state_to_bytes(arrays)
    assert content == state_to_bytes(dict(reversed(arrays.items())))
    back = state_of_bytes(content)
    assert {name: array.tolist() for name, array in back.items()} == {n: a.tolist() for n, a in arrays.items()}
