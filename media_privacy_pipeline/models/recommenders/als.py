"""Alternating least squares at the speed of memory: factors of both sides, row by row by conjugate gradients.

Half a sweep turns the fixed side Y to the eigenvectors of a0 YᵀY, which changes no score. In that basis the system of a
row with weights c over the rows y_j of Y is a diagonal, a0 times the eigenvalues + λ_row, and sum_j c_j y_j y_jᵀ, which
is never formed: rows of like length are gathered once into a block that stays in the processor's cache, and every
conjugate gradient step (Takács, Pilászy and Tikk 2011), preconditioned by the diagonal, passes over that block. Warm
starts make two steps enough. A row costs its length times the factors, and not their square or cube.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from ...errors import Refused
from ..blas import one_thread
from ..interactions import Floats, Ints
from .config import IalsConfig

_BLOCK = 1 << 20
"""Single-precision numbers of a gathered block (4 MB): large enough that the calls cost little beside the work."""
_DEVIATION = 0.1
"""Of random starting vectors' lengths (Rendle et al. 2021)."""
DIVERGED = "ials: the training diverged; the champion stays. More regularisation may help"


def factorise(matrix: csr_matrix, config: IalsConfig) -> tuple[Floats, Floats]:
    """Factors of viewers and titles, float32, in one basis, from their confidences (viewers, titles).

    The result does not depend on the number of threads. Raises Refused when the fit diverges.
    """
    random = np.random.default_rng(config.seed)
    viewers, titles = (starting(random, n, config) for n in matrix.shape)
    by_viewer = Side.of(matrix.tocsr(), config)
    by_title = Side.of(matrix.T.tocsr(), config)
    with one_thread(), np.errstate(all="ignore"), ThreadPoolExecutor(config.threads) as pool:
        for _ in range(config.iterations):
            viewers, titles = _half(by_viewer, viewers, titles, config, pool)
            titles, viewers = _half(by_title, titles, viewers, config, pool)
            if not (np.isfinite(titles).all() and np.isfinite(viewers).all()):
                raise Refused(DIVERGED)
    return viewers, titles


def starting(random: np.random.Generator, rows: int, config: IalsConfig) -> Floats:
    """Random vectors of so many rows to start from: shape (rows, factors), float32."""
    return random.normal(0, _DEVIATION / np.sqrt(config.factors), (rows, config.factors)).astype(np.float32)


@dataclass(frozen=True)
class Block:
    """Rows of like length that are solved together: their columns and weights (rows, length), 0 where padded."""

    rows: Ints
    columns: Ints
    weights: Floats


@dataclass(frozen=True)
class Side:
    """One direction of the matrix: each row's λ, and its rows in blocks. A part of its rows is a side as well."""

    ridge: Floats
    blocks: list[Block]

    @classmethod
    def of(cls, matrix: csr_matrix, config: IalsConfig) -> Side:
        """The rows of a matrix of confidences."""
        rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        mass = np.bincount(rows, matrix.data.astype(np.float64), matrix.shape[0])
        ridge = config.regularisation * (mass + config.unobserved * matrix.shape[1]) ** config.frequency
        groups = _groups(np.diff(matrix.indptr), _BLOCK // config.factors)
        return cls(ridge.astype(np.float32), [_block(matrix, rows) for rows in groups])


def _block(matrix: csr_matrix, rows: Ints) -> Block:
    first, lengths = matrix.indptr[rows].astype(np.int64), matrix.indptr[rows + 1] - matrix.indptr[rows]
    place = np.arange(int(lengths.max()))[None, :]
    inside = place < lengths[:, None]
    at = np.where(inside, first[:, None] + place, 0)
    weights = np.where(inside, matrix.data[at], 0).astype(np.float32)
    return Block(rows, np.where(inside, matrix.indices[at], 0).astype(np.int64), weights)


def _groups(lengths: Ints, pairs: int) -> Iterator[Ints]:
    """Rows that are not empty in the order of their length, in groups of about so many pairs, padding included."""
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    first = 0
    while first < len(order):
        last = first + max(1, pairs // max(1, int(lengths[order[first]])))
        # The longest decides how wide the block is.
        last = first + max(1, pairs // int(lengths[order[min(last, len(order)) - 1]]))
        yield order[first : min(last, len(order))]
        first = last


def _half(
    side: Side, solved: Floats, fixed: Floats, config: IalsConfig, pool: ThreadPoolExecutor
) -> tuple[Floats, Floats]:
    """Solve one side with the other held; both in the new basis."""
    basis, common = axes(fixed.T @ fixed, config)
    turned = np.ascontiguousarray(fixed @ basis)
    return solve(side, solved @ basis, turned, common, config, pool.map), turned


def axes(gram: Floats, config: IalsConfig) -> tuple[Floats, Floats]:
    """Eigenvectors of the fixed side's Gram matrix, as columns, and a0 times its eigenvalues.

    Raises Refused where it is no number.
    """
    if not np.isfinite(gram).all():
        raise Refused(DIVERGED)
    values, basis = np.linalg.eigh(gram)
    return basis, config.unobserved * np.maximum(values, 0)


def solve(
    side: Side,
    start: Floats,
    turned: Floats,
    common: Floats,
    config: IalsConfig,
    each: Callable[[Callable[[Block], None], Iterable[Block]], Iterable[None]] = map,
) -> Floats:
    """Vectors of a side's rows from where they start, the other side held, all in the basis of `axes`."""
    result = np.zeros_like(start)

    def work(block: Block) -> None:
        with np.errstate(all="ignore"):
            diagonal = common[None, :] + side.ridge[block.rows][:, None]
            result[block.rows] = _conjugate(block, start[block.rows], turned, diagonal, config.steps)

    for _ in each(work, side.blocks):
        pass
    return result


def _conjugate(block: Block, x: Floats, fixed: Floats, diagonal: Floats, steps: int) -> Floats:
    """A few preconditioned conjugate gradient steps from x for the rows of a block: shape (rows, factors)."""
    # Twice as fast as fixed[block.columns].
    own = np.take(fixed, block.columns, axis=0)
    weights = block.weights

    def push(pairs: Floats) -> Floats:
        return np.asarray(np.matmul(pairs[:, None, :], own)[:, 0, :])

    def pull(vectors: Floats) -> Floats:
        return np.asarray(np.matmul(own, vectors[:, :, None])[:, :, 0])

    residual = push(weights * (1 - pull(x))) - diagonal * x
    towards = residual / diagonal
    direction = towards
    size = np.einsum("nf,nf->n", residual, towards)
    for left in range(steps - 1, -1, -1):
        pulled, dragged = pull(direction), diagonal * direction
        curvature = np.einsum("nl,nl,nl->n", weights, pulled, pulled) + np.einsum("nf,nf->n", direction, dragged)
        # Where nothing is left to gain, both are zero and the row stays as it is.
        length = np.divide(size, curvature, out=np.zeros_like(size), where=curvature > 0)[:, None]
        x = x + length * direction
        if left:
            residual = residual - length * (push(weights * pulled) + dragged)
            towards = residual / diagonal
            before, size = size, np.einsum("nf,nf->n", residual, towards)
            ratio = np.divide(size, before, out=np.zeros_like(size), where=before > 0)[:, None]
            direction = towards + ratio * direction
    return x
