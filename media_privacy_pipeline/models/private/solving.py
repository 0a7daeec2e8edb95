"""From sums to titles' vectors: noise, then post-processing, which costs nothing more."""

from __future__ import annotations

import numpy as np

from ...privacy.noise import Noise
from ..blas import one_thread
from ..interactions import Floats, Ints
from .accounting import Scales, Symmetric
from .config import PrivateAlsConfig
from .statistics import CLIP_STEPS, WEIGHT_STEPS, Statistics

_BATCH = 512


def noisy(exact: Statistics, scales: Scales, noise: Noise) -> Statistics:
    """The sums with fresh noise on every number of them."""
    return Statistics(
        noisy_symmetric(exact.gram[None, :], scales.gram, noise)[0],
        noisy_symmetric(exact.systems, scales.systems, noise),
        noise(exact.rights, scales.rights),
    )


def noisy_symmetric(packed: Ints, scale: Symmetric, noise: Noise) -> Ints:
    """Rows of packed symmetric matrices (matrices, p) with noise, one draw for each cell and its mirror image."""
    diagonal = on_diagonal(width_of(packed.shape[1]))
    found = np.empty_like(packed)
    found[:, diagonal] = noise(np.ascontiguousarray(packed[:, diagonal]), scale.diagonal)
    found[:, ~diagonal] = noise(np.ascontiguousarray(packed[:, ~diagonal]), scale.beside)
    return found


def solve(found: Statistics, config: PrivateAlsConfig, start: Floats | None = None) -> Floats:
    """Titles' vectors, shape (titles, d), float64, from sums with noise (or without it, to compare with).

    (A_i + alpha0 G + λ I) v_i = b_i + λ start_i, with A_i and G made positive semidefinite; `start` is zero where not
    given. A pure function of the sums.
    """
    titles, width = found.rights.shape
    unit = WEIGHT_STEPS * (CLIP_STEPS / config.clip) ** 2
    gram = semidefinite(unpacked(found.gram, width) / unit)
    rights = found.rights / (WEIGHT_STEPS * CLIP_STEPS / config.clip)
    if start is not None:
        rights = rights + config.title_regularisation * start
    base = config.unobserved * gram + config.title_regularisation * np.eye(width)
    vectors = np.empty((titles, width))
    with one_thread():
        for first in range(0, titles, _BATCH):
            some = slice(first, first + _BATCH)
            systems = semidefinite(unpacked(found.systems[some], width) / unit) + base
            vectors[some] = np.linalg.solve(systems, rights[some, :, None])[:, :, 0]
    return vectors


def semidefinite(matrices: Floats) -> Floats:
    """The nearest positive semidefinite matrices (..., d, d) to symmetric ones."""
    values, axes = np.linalg.eigh(matrices)
    return np.asarray((axes * np.maximum(values, 0)[..., None, :]) @ np.swapaxes(axes, -1, -2))


def unpacked(packed: Ints | Floats, width: int) -> Floats:
    """Symmetric matrices (..., d, d) from their upper triangles (..., p)."""
    upper = np.triu_indices(width)
    matrices = np.zeros((*packed.shape[:-1], width, width))
    matrices[..., upper[0], upper[1]] = packed
    matrices[..., upper[1], upper[0]] = packed
    return matrices


def on_diagonal(width: int) -> Ints:
    """Which of the p numbers of a packed matrix are of its diagonal."""
    upper = np.triu_indices(width)
    return np.asarray(upper[0] == upper[1])


def width_of(packed: int) -> int:
    """d of p = d (d + 1) / 2."""
    return int((np.sqrt(8 * packed + 1) - 1) / 2 + 0.5)
