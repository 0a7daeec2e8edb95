"""All figures of one model's lists, viewer by viewer, and those of the lists together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..interactions import Floats, Interactions, Ints, Strings, positions
from .beyond import average_popularity, covered, gini, miscalibration, novelty
from .bootstrap import jackknife
from .metrics import average_precision, average_precision_of_all, hits, ndcg, recall, recall_of_all
from .split import Split

PER_VIEWER: Mapping[str, Callable[[Floats, Ints, int], Floats]] = {
    "recall": recall,
    "ndcg": ndcg,
    "map": average_precision,
}
OF_ALL: Mapping[str, Callable[[Floats, Ints, int], Floats]] = {
    "recall_of_all": recall_of_all,
    "map_of_all": average_precision_of_all,
}
"""The same over all test titles, as other libraries define them, for figures to be compared with theirs."""
TOGETHER: Mapping[str, Callable[[Floats], float]] = {"coverage": covered, "gini": gini}
_VIEWERS = 8_192

Key = tuple[str, int]
"""Metric and length of the lists."""


@dataclass(frozen=True)
class Judged:
    """`viewers`: a figure of each viewer (NaN: none) by metric and k; `together`: value and interval."""

    viewers: Mapping[Key, Floats]
    together: Mapping[Key, tuple[float, float, float]]


@dataclass(frozen=True)
class Genres:
    """`kinds` (titles, genres): each title's parts, which add up to 1, or to 0 for a title without a genre."""

    titles: Strings
    names: tuple[str, ...]
    kinds: Floats

    @classmethod
    def of(cls, genres: Mapping[str, Sequence[str]]) -> Genres:
        """From the genres of each title, of which each has an equal part."""
        titles, names = sorted(genres), tuple(sorted({name for own in genres.values() for name in own}))
        at, kinds = {name: n for n, name in enumerate(names)}, np.zeros((len(titles), len(names)))
        for n, title in enumerate(titles):
            own = {at[name] for name in genres[title]}
            kinds[n, list(own)] = 1 / max(1, len(own))
        return cls(np.array(titles, np.str_), names, kinds)

    def over(self, titles: Strings) -> Floats:
        """The parts of other titles, 0 for those that are not known."""
        place = positions(self.titles, titles)
        return np.where((place >= 0)[:, None], self.kinds[np.maximum(place, 0)], 0.0)


def judge(listed: Ints, split: Split, ks: Sequence[int], seed: int, genres: Genres | None = None) -> Judged:
    """Every figure of lists of shape (viewers, max k), whose entries are places in the training titles."""
    titles = split.train.titles
    hit = _hits(listed, split.test, positions(split.test.titles, titles))
    relevant = split.test.lengths
    viewers: dict[Key, Floats] = {}
    together: dict[Key, tuple[float, float, float]] = {}
    counts, learners = split.audience
    share = counts / max(learners, 1)
    kinds = None if genres is None else genres.over(titles)
    for k in ks:
        first = listed[:, :k]
        for name, measure in {**PER_VIEWER, **OF_ALL}.items():
            viewers[name, k] = measure(hit, relevant, k)
        viewers["popularity", k] = average_popularity(first, share)
        viewers["novelty", k] = novelty(first, share, learners)
        if kinds is not None:
            viewers["miscalibration", k] = miscalibration(first, split.histories, kinds, titles)
        for name, figure in TOGETHER.items():
            together[name, k] = jackknife(first, len(titles), figure, seed)
    return Judged(viewers, together)


def _hits(listed: Ints, test: Interactions, in_test: Ints) -> Floats:
    """See metrics.hits; block by block, since its search needs several times the lists' memory."""
    parts: list[Floats] = [np.zeros((0, listed.shape[1]))]
    for first in range(0, len(listed), _VIEWERS):
        some = listed[first : first + _VIEWERS]
        places = np.where(some < 0, -1, in_test[np.maximum(some, 0)]) if len(in_test) else np.full(some.shape, -1)
        parts.append(hits(places, test.block(first, first + len(some))))
    return np.concatenate(parts)
