"""Ridge regression of many targets, its penalty chosen on held-out rows: each row in turn, in closed form.

With centred features X, centred targets Y and X'X = V diag(d) V', the fitted values under penalty p are
Z diag(1/(d + p)) Z'Y with Z = XV. Leaving row i out changes its residual r_i to r_i / (1 - h_i),
h_i = 1/n + sum_f z_if² / (d_f + p) (Allen 1974), so that one decomposition does for all penalties and all
held-out rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from ..interactions import Floats

_CLOSE = 1e-9
_BLOCK = 4_096


@dataclass(frozen=True)
class Ridge:
    """`coefficients` (terms, targets); means that they are about; the penalty taken, and the part of the held-out rows'
    squared spread that it explains, below 0 where it is worse than the mean."""

    coefficients: Floats
    features_mean: Floats
    targets_mean: Floats
    penalty: float
    explained: float

    def predict(self, features: csr_matrix) -> Floats:
        """Targets of other rows: shape (rows, targets)."""
        shift = self.targets_mean - self.features_mean @ self.coefficients
        return np.asarray(features @ self.coefficients + shift)


def ridge(features: csr_matrix, targets: Floats, penalties: Sequence[float]) -> Ridge:
    """Fit to two rows or more; of penalties that do equally well the largest is taken."""
    rows, targets = len(targets), targets.astype(np.float64)
    mean, at = np.asarray(features.mean(axis=0)).ravel(), targets.mean(axis=0)
    gram = (features.T @ features).toarray() - rows * np.outer(mean, mean)
    values, vectors = np.linalg.eigh(gram)
    values = np.maximum(values, 0)
    turned = vectors.T @ (features.T @ targets - rows * np.outer(mean, at))
    # The mean of all but one row is off by n / (n - 1) of that row's distance from the mean of all.
    spread = float((((targets - at) * rows / (rows - 1)) ** 2).sum())
    errors = np.zeros(len(penalties))
    for first in range(0, rows, _BLOCK):
        own = slice(first, first + _BLOCK)
        scores = features[own] @ vectors - mean @ vectors
        for n, penalty in enumerate(penalties):
            shrunk = scores / (values + penalty)
            left = targets[own] - at - shrunk @ turned
            lever = 1 / rows + (shrunk * scores).sum(axis=1)
            errors[n] += float(((left / np.maximum(1 - lever, _CLOSE)[:, None]) ** 2).sum())
    best = max(range(len(penalties)), key=lambda n: (-errors[n], penalties[n]))
    coefficients = vectors @ (turned / (values + penalties[best])[:, None])
    explained = 1 - float(errors[best]) / spread if spread > 0 else 0.0
    return Ridge(coefficients, mean, at, float(penalties[best]), explained)
