"""What a re-rank knows of titles, all of it public: genres, creators, and the long tail of the open counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..evaluation.judging import Genres
from ..inputs import Title
from ..interactions import Bools, Floats, Interactions, Ints, Strings, positions

NOBODY = -1


@dataclass(frozen=True)
class Shelf:
    """The titles of a model: `kinds` (titles, genres) shares each out over its genres, rows of 0 for titles without;
    `creators` (titles,) numbers who made them, -1 for unknown; `tail` (titles,) marks the long tail."""

    titles: Strings
    kinds: Floats
    creators: Ints
    tail: Bools

    @classmethod
    def of(cls, titles: Strings, catalogue: Mapping[str, Title], tail: frozenset[str]) -> Shelf:
        """From the catalogue; titles that it lacks have neither genre nor creator."""
        known = [catalogue.get(title) for title in titles.tolist()]
        makers = sorted({title.creator for title in catalogue.values() if title.creator is not None})
        number = {name: n for n, name in enumerate(makers)}
        kinds = Genres.of({key: title.genres for key, title in catalogue.items()}).over(titles).astype(np.float32)
        creators = [NOBODY if title is None or title.creator is None else number[title.creator] for title in known]
        marked = np.array([title in tail for title in titles.tolist()], bool)
        return cls(titles, kinds, np.array(creators, np.int64), marked)

    def tastes(self, histories: Interactions) -> Floats:
        """Each viewer's titles by genre: shape (viewers, genres), rows that sum to 1; 0 where no title has a genre."""
        place = positions(self.titles, histories.titles)[histories.columns]
        known, sums = place >= 0, np.zeros((len(histories), self.kinds.shape[1]))
        np.add.at(sums, histories.rows[known], self.kinds[place[known]])
        total = sums.sum(axis=1, keepdims=True)
        return np.asarray(np.divide(sums, total, out=np.zeros_like(sums), where=total > 0))


def long_tail(catalogue: Mapping[str, Title], popularity: Mapping[str, float], head_share: float) -> frozenset[str]:
    """Titles that are not among the most viewed ones that make up `head_share` of all open viewer counts together.

    Empty without open counts: then nothing tells the head from the tail.
    """
    counts = {title: max(0.0, popularity.get(title, 0.0)) for title in catalogue}
    total = sum(counts.values())
    if total == 0:
        return frozenset()
    tail, reached = set(counts), 0.0
    for title in sorted(counts, key=lambda key: (-counts[key], key)):
        if reached >= head_share * total:
            break
        tail.discard(title)
        reached += counts[title]
    return frozenset(tail)
