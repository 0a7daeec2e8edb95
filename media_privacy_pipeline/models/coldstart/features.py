"""Metadata as numbers: hashed TF-IDF of the words, and an indicator of each label.

Words are hashed (crc32) into a fixed number of columns, so that the size of the regression does not depend on the
language; labels have a column each. What fewer than `least_titles` of the known titles have is left out: one title
alone teaches nothing of another. Words and labels of a title have length one each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from math import log
from zlib import crc32

import numpy as np
from scipy.sparse import csr_matrix

from ..interactions import Floats
from .config import ColdStartConfig
from .metadata import Metadata


@dataclass(frozen=True)
class Features:
    """`weights`: what each known term (a word's bucket, or a label) weighs; its place is its column."""

    weights: dict[int | str, float]
    buckets: int

    @classmethod
    def of(cls, known: Sequence[Metadata], config: ColdStartConfig) -> Features:
        """The terms of titles whose factors are known."""
        words = Counter(chain.from_iterable(set(_buckets(title, config.buckets)) for title in known))
        labels = Counter(chain.from_iterable(title.labels for title in known))
        idf: dict[int | str, float]
        idf = {b: 1 + log((1 + len(known)) / (1 + n)) for b, n in sorted(words.items()) if n >= config.least_titles}
        often = sorted(labels.items(), key=lambda entry: (-entry[1], entry[0]))[: config.labels]
        return cls({**idf, **{label: 1.0 for label, n in often if n >= config.least_titles}}, config.buckets)

    def over(self, titles: Sequence[Metadata]) -> csr_matrix:
        """Shape (titles, terms). The row of a title whose metadata says nothing that is known is empty."""
        place = {term: column for column, term in enumerate(self.weights)}
        rows, columns, values = [], [], []
        for row, title in enumerate(titles):
            for terms in (Counter(_buckets(title, self.buckets)), Counter(title.labels)):
                own = [(place[term], n * self.weights[term]) for term, n in terms.items() if term in place]
                length = float(np.linalg.norm([value for _, value in own])) if own else 1.0
                rows += [row] * len(own)
                columns += [column for column, _ in own]
                values += [value / length for _, value in own]
        shape = (len(titles), len(place))
        return csr_matrix((np.array(values, np.float64), (rows, columns)), shape=shape)


def says(features: csr_matrix) -> Floats:
    """Rows that say something: shape (titles,), bool."""
    return np.asarray(np.diff(features.indptr) > 0)


def _buckets(title: Metadata, buckets: int) -> Iterable[int]:
    return (crc32(word.encode()) % buckets for word in title.words)
