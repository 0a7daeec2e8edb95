"""Alternating least squares of recommenders.als with viewers in blocks: the same steps, so the same factors.

A sweep is two jobs. In the first, each block's viewers are solved from the titles' factors, as on one machine, and what
they add to the viewers' Gram matrix is told to the driver. In the second, the block's viewers add up, for each title i,

    A_i = sum_u c_ui x_u x_uᵀ        b_i = sum_u c_ui x_u        c_i = sum_u c_ui

these sums are brought together by ranges of titles, and each title's conjugate gradient steps are taken with A_i where
one machine passes over the x_u: the same numbers but for the order in which they are added. A_i has factors² / 2
numbers, however many viewers a title has: what is sent grows with blocks and titles and not with viewers.

    STATE/sweep-<n>/block-<b>.parquet   vectors of a block's viewers after the first job of the sweep
    STATE/sweep-<n>/titles.parquet      factors of all titles after the second, and the turn between the two bases

Who is killed goes on with the first block that is not there. Random vectors that viewers start from are those of one
machine: the driver runs through them all, a piece at a time, and tells each block where in the sequence it begins.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix

from ...errors import Refused, UsageError
from ..blas import one_thread
from ..interactions import Floats, Interactions
from ..recommenders.als import DIVERGED, Side, axes, solve, starting
from ..recommenders.config import IalsConfig
from ..recommenders.history import learned
from ..recommenders.ials import Ials
from .arrays import read_matrix, write_matrix
from .blocks import Blocks, reader
from .sums import Array, Rows, by_title

_GRAM = pa.schema([("gram", pa.binary())])
_DRAWN = 1 << 16
"""Rows of random vectors that the driver holds at a time."""


def fit_ials(blocks: Blocks, config: IalsConfig, state: Path) -> Ials:
    """See Recommender.fit: item factors from blocks of viewers. `state` is a folder of this training's own, where an
    earlier run of the same training may have left something.

    Raises UsageError without anything to learn from, Refused when the fit diverges.
    """
    if not blocks.pairs.sum():
        raise UsageError("ials: there is nothing to learn from")
    done = max((int(at.parent.name.removeprefix("sweep-")) for at in state.glob("sweep-*/titles.parquet")), default=0)
    begins, factors = _begins(blocks, config)
    turn = np.eye(config.factors, dtype=np.float32)
    if done:
        factors, turn = _told(read_matrix(state / f"sweep-{done}" / "titles.parquet"), config)
    for sweep in range(done + 1, config.iterations + 1):
        before, here = state / f"sweep-{sweep - 1}", state / f"sweep-{sweep}"
        here.mkdir(parents=True, exist_ok=True)
        with one_thread(), np.errstate(all="ignore"):
            basis, common = axes(factors.T @ factors, config)
            turned = np.ascontiguousarray(factors @ basis)
        write_matrix(here / "fixed.parquet", turned)
        gram = _solve_viewers(blocks, config, before if sweep > 1 else None, here, begins, turn @ basis, common)
        with one_thread(), np.errstate(all="ignore"):
            turn, common = (each.astype(np.float32) for each in axes(gram, config))
        factors = _solve_titles(blocks, config, here, turn, common)
        if not np.isfinite(factors).all():
            raise Refused(DIVERGED)
        write_matrix(here / "titles.parquet", np.concatenate([factors, turn]))
        shutil.rmtree(before, ignore_errors=True)
    return Ials.of_factors(blocks.titles, factors, config)


def _told(stored: Floats, config: IalsConfig) -> tuple[Floats, Floats]:
    return stored[: -config.factors], stored[-config.factors :]


def _begins(blocks: Blocks, config: IalsConfig) -> tuple[list[Mapping[str, Any]], Floats]:
    """States of the random generator at each block's first viewer, and the titles' starting vectors."""
    random, begins = np.random.default_rng(config.seed), []
    for viewers in blocks.viewers.tolist():
        begins.append(random.bit_generator.state)
        for first in range(0, viewers, _DRAWN):
            starting(random, min(_DRAWN, viewers - first), config)
    return begins, starting(random, len(blocks.titles), config)


def _solve_viewers(
    blocks: Blocks,
    config: IalsConfig,
    before: Path | None,
    here: Path,
    begins: list[Mapping[str, Any]],
    turn: Floats,
    common: Floats,
) -> Floats:
    """Write every block's vectors; the Gram matrix of all of them."""
    read, least = reader(blocks), blocks.least

    def work(n: int) -> Iterable[pa.RecordBatch]:
        with one_thread(), np.errstate(all="ignore"):
            file = here / f"block-{n:05d}.parquet"
            if not file.exists():
                own = read(n)
                start = _start(begins[n], len(own), config) if before is None else read_matrix(before / file.name)
                side = Side.of(_matrix(own, config, least), config)
                turned = read_matrix(here / "fixed.parquet")
                write_matrix(file, solve(side, start @ turn, turned, common, config))
            vectors = read_matrix(file).astype(np.float64)
            yield pa.RecordBatch.from_pydict({"gram": [(vectors.T @ vectors).tobytes()]}, schema=_GRAM)

    found = blocks.executors.each(blocks.numbers, work, _GRAM).column("gram").to_pylist()
    grams = (np.frombuffer(each, np.float64) for each in found)
    return np.asarray(sum(grams, np.zeros(config.factors**2))).reshape(config.factors, config.factors)


def _solve_titles(blocks: Blocks, config: IalsConfig, here: Path, basis: Floats, common: Floats) -> Floats:
    """Factors of all titles from the vectors of all blocks, in their new basis: shape (titles, factors), float32."""
    width = config.factors
    upper, everyone = np.triu_indices(width), len(blocks)

    def finish(first: int, sums: Array) -> Array:
        numbers = np.asarray(sums, np.float64)
        mass, rights = numbers[:, -1], numbers[:, -1 - width : -1]
        systems = np.zeros((len(numbers), width, width))
        systems[:, upper[0], upper[1]] = systems[:, upper[1], upper[0]] = numbers[:, : -1 - width]
        ridge = config.regularisation * (mass + config.unobserved * everyone) ** config.frequency
        diagonal = (common[None, :] + ridge.astype(np.float32)[:, None]).astype(np.float64)
        start = read_matrix(here / "fixed.parquet")[first : first + len(numbers)] @ basis
        with np.errstate(all="ignore"):
            solved = _conjugate(systems, rights, start.astype(np.float64), diagonal, config.steps)
        # A title that nobody has watched is no title to solve.
        return np.asarray(np.where(mass[:, None] > 0, solved, 0.0))

    size = len(upper[0]) + width + 1
    partial = _partial(blocks, config, here, basis)
    numbers = by_title(
        blocks.executors,
        blocks.numbers,
        len(blocks.titles),
        size,
        partial,
        kind=np.float64,
        finish=finish,
        finished=(width, np.float32),
    )
    return np.asarray(numbers, np.float32)


def _partial(blocks: Blocks, config: IalsConfig, here: Path, basis: Floats) -> Callable[[int], Rows]:
    """What a block's viewers add to the sums of titles: systems, packed; right-hand sides; confidences."""
    read, least, upper = reader(blocks), blocks.least, np.triu_indices(config.factors)

    def partial(n: int) -> Rows:
        columns = _matrix(read(n), config, least).tocsc()
        vectors = (read_matrix(here / f"block-{n:05d}.parquet") @ basis).astype(np.float64)

        def rows(first: int, last: int) -> tuple[Array, Array]:
            starts = columns.indptr
            places = first + np.flatnonzero(np.diff(starts[first : last + 1]))
            sums = np.empty((len(places), len(upper[0]) + config.factors + 1))
            for row, title in enumerate(places.tolist()):
                inside = slice(starts[title], starts[title + 1])
                own, weights = vectors[columns.indices[inside]], columns.data[inside].astype(np.float64)
                weighed = own * weights[:, None]
                sums[row, : len(upper[0])] = (weighed.T @ own)[upper]
                sums[row, len(upper[0]) : -1] = weighed.sum(axis=0)
                sums[row, -1] = weights.sum()
            return places, sums

        return rows

    return partial


def _conjugate(systems: Floats, rights: Floats, x: Floats, diagonal: Floats, steps: int) -> Floats:
    """The steps of als, with the systems (titles, factors, factors) in the place of rows that make them up."""

    def pull(vectors: Floats) -> Floats:
        return np.asarray((systems @ vectors[:, :, None])[:, :, 0]) + diagonal * vectors

    residual = rights - pull(x)
    towards = residual / diagonal
    direction, size = towards, (residual * towards).sum(axis=1)
    for left in range(steps - 1, -1, -1):
        pulled = pull(direction)
        curvature = (direction * pulled).sum(axis=1)
        length = np.divide(size, curvature, out=np.zeros_like(size), where=curvature > 0)[:, None]
        x = x + length * direction
        if left:
            residual = residual - length * pulled
            towards = residual / diagonal
            before, size = size, (residual * towards).sum(axis=1)
            ratio = np.divide(size, before, out=np.zeros_like(size), where=before > 0)[:, None]
            direction = towards + ratio * direction
    return x


def _matrix(own: Interactions, config: IalsConfig, least: float) -> csr_matrix:
    shape = (len(own), len(own.titles))
    return csr_matrix((learned(own, config, least), own.columns, own.starts), shape)


def _start(begin: Mapping[str, Any], viewers: int, config: IalsConfig) -> Floats:
    random = np.random.default_rng()
    random.bit_generator.state = begin
    return starting(random, viewers, config)
