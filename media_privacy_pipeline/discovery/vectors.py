"""Latent semantic analysis: where titles and words lie when what stands together lies together.

Deerwester et al. (1990): the leading singular directions of the matrix of titles by stems, each title of length one. A
query is the sum of its words' vectors, and is as near to a title as their cosine says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.linalg import svds

from .entries import Entry
from .index import Index

DIRECTIONS = 48
_LEAST = 1e-6

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Vectors:
    """A vector for each title and each stem, titles x directions and stems x directions; without any direction where
    there are fewer than three titles or stems."""

    titles: Floats
    stems: dict[str, Floats]


def embed(catalogue: Sequence[Entry], index: Index) -> Vectors:
    """Vectors of a catalogue's titles, and of all stems of its index. The same input gives the same vectors."""
    terms = sorted(set(index.stems.values()))
    place = {entry.title_id: at for at, entry in enumerate(catalogue)}
    cells = [
        (place[title], column, weight)
        for column, term in enumerate(terms)
        for title, weight in index.weights[term].items()
    ]
    wide = min(DIRECTIONS, len(catalogue) - 1, len(terms) - 1)
    if wide < 2:
        return Vectors(np.zeros((len(catalogue), 0)), {term: np.zeros(0) for term in terms})
    rows, columns, weights = (np.array(each) for each in zip(*cells, strict=True))
    matrix = csr_array((weights, (rows, columns)), shape=(len(catalogue), len(terms)), dtype=np.float64)
    lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1))
    matrix = csr_array(matrix.multiply(1 / np.maximum(lengths, _LEAST)[:, None]))
    # A start that no random number is drawn for, and signs that do not hang on it.
    left, values, right = svds(matrix, k=wide, v0=np.ones(min(matrix.shape)))
    order = np.argsort(-values, kind="stable")
    order = order[values[order] > _LEAST * values.max()]
    left, values, right = left[:, order], values[order], right[order]
    signs = np.sign(right[np.arange(len(right)), np.abs(right).argmax(axis=1)])
    rarity = np.array([max(index.weights[term].values()) for term in terms])
    by_term = (right * signs[:, None]).T * rarity[:, None]
    return Vectors(left * (values * signs), dict(zip(terms, by_term, strict=True)))
