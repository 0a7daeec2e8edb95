"""Models of titles by titles from blocks of viewers: each block's products, added up by ranges of titles.

What is sent are titles² numbers a block, whatever its viewers; EASE's sums come to the driver, as large as on one
machine, and of the neighbours' only those entries that are kept.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix

from ...errors import UsageError
from ..interactions import Floats, Interactions, Ints
from ..recommenders.config import EaseConfig, ItemKnnConfig, PopularityConfig, Rp3BetaConfig
from ..recommenders.ease import Ease
from ..recommenders.history import faded
from ..recommenders.itemitem import largest, matrix_of
from ..recommenders.neighbours import ItemKnn, Rp3Beta
from ..recommenders.popularity import Popularity
from .blocks import Blocks, reader
from .sums import Array, Rows, by_title


def fit_popularity(blocks: Blocks, config: PopularityConfig) -> Popularity:
    """See Recommender.fit."""
    least, half_life = blocks.least, config.half_life_days

    def weights(own: Interactions) -> Floats:
        return faded(own, half_life, least).astype(np.float64)

    return Popularity(blocks.titles, _sums(blocks, "popularity", weights), config)


def fit_ease(blocks: Blocks, config: EaseConfig) -> Ease:
    """See Recommender.fit. The driver holds the matrix of the head titles, as one machine does."""
    counts = _sums(blocks, "ease", lambda own: np.ones(own.pairs))
    model = Ease(config)
    places = model.places_of_head(counts.astype(np.int64))
    least = blocks.least

    def products(own: Interactions) -> tuple[csr_matrix, csr_matrix]:
        watched = matrix_of(own, config, least)[:, places]
        return watched, watched

    model.take(blocks.titles[places], model.solved(_together(blocks, len(places), products)))
    return model


def fit_item_knn(blocks: Blocks, config: ItemKnnConfig) -> ItemKnn:
    """See Recommender.fit."""
    least = blocks.least

    def squares(own: Interactions) -> Floats:
        return np.asarray(matrix_of(own, config, least).data ** 2)

    lengths, model = np.sqrt(_sums(blocks, "item_knn", squares)), ItemKnn(config)

    def products(own: Interactions) -> tuple[csr_matrix, csr_matrix]:
        watched = matrix_of(own, config, least)
        return watched, watched

    def similarity(together: Floats, places: Ints) -> Floats:
        return model.similarity(together, lengths, places)

    model.take(blocks.titles, _nearest(blocks, config.neighbours, products, similarity))
    return model


def fit_rp3beta(blocks: Blocks, config: Rp3BetaConfig) -> Rp3Beta:
    """See Recommender.fit."""
    least, model = blocks.least, Rp3Beta(config)
    mass = _sums(blocks, "rp3beta", lambda own: np.asarray(matrix_of(own, config, least).data))

    def products(own: Interactions) -> tuple[csc_matrix, csc_matrix]:
        return model.steps(matrix_of(own, config, least), mass)

    def walks(reached: Floats, places: Ints) -> Floats:
        return model.walks(reached, mass, places)

    model.take(blocks.titles, _nearest(blocks, config.neighbours, products, walks))
    return model


def _sums(blocks: Blocks, kind: str, weights: Callable[[Interactions], Floats]) -> Floats:
    """Sum of what each pair of a title weighs: shape (titles,). Raises UsageError without a pair."""
    if not blocks.pairs.sum():
        raise UsageError(f"{kind}: there is nothing to learn from")
    read = reader(blocks)

    def partial(n: int) -> Rows:
        own = read(n)
        found = np.bincount(own.columns, weights(own), len(own.titles))[:, None]
        return lambda first, last: (np.arange(first, last), found[first:last])

    sums = by_title(blocks.executors, blocks.numbers, len(blocks.titles), 1, partial, kind=np.float64)
    return np.asarray(sums[:, 0], np.float64)


_Products = Callable[[Interactions], tuple[csr_matrix, csr_matrix]]


def _partial(blocks: Blocks, products: _Products) -> Callable[[int], Rows]:
    """Columns of LᵀR of a block, as rows: of the title j, over all titles i, sum over viewers of L_ui R_uj."""
    read = reader(blocks)

    def partial(n: int) -> Rows:
        left, right = products(read(n))
        across, right = left.T.tocsr(), right.tocsc()

        def rows(first: int, last: int) -> tuple[Array, Array]:
            found = np.ascontiguousarray((across @ right[:, first:last]).toarray().T)
            some = np.flatnonzero(found.any(axis=1))
            return first + some, found[some]

        return rows

    return partial


def _together(blocks: Blocks, titles: int, products: _Products) -> Floats:
    """LᵀR of all viewers, on the driver: shape (titles, titles)."""
    found = by_title(blocks.executors, blocks.numbers, titles, titles, _partial(blocks, products), kind=np.float64)
    return np.asarray(found.T, np.float64)


def _nearest(
    blocks: Blocks, neighbours: int, products: _Products, scored: Callable[[Floats, Ints], Floats]
) -> csr_matrix:
    """The largest entries of each column of what `scored` makes of columns of LᵀR, without the diagonal."""
    titles = len(blocks.titles)
    kept = min(neighbours, titles)

    def finish(first: int, sums: Array) -> Array:
        columns = np.asarray(sums, np.float64).T
        places = np.arange(first, first + columns.shape[1])
        block = scored(columns, places)
        block[places, np.arange(len(places))] = 0
        best = largest(block, kept)
        found = np.zeros((len(places), 2 * kept))
        for n in range(len(places)):
            own = slice(best.indptr[n], best.indptr[n + 1])
            found[n, : own.stop - own.start] = best.indices[own]
            found[n, kept : kept + own.stop - own.start] = best.data[own]
        return found

    table = by_title(
        blocks.executors,
        blocks.numbers,
        titles,
        titles,
        _partial(blocks, products),
        kind=np.float64,
        finish=finish,
        finished=(2 * kept, np.float64),
    )
    columns, at = np.nonzero(table[:, kept:])
    rows, values = table[columns, at].astype(np.int64), table[columns, kept + at].astype(np.float32)
    return csr_matrix((values, (rows, columns)), shape=(titles, titles))
