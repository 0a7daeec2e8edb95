"""Numbers and names of segments from month to month: the same taste keeps both, whatever order it comes out in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..interactions import Floats
from .learning import Segmentation
from .profile import distinct_names, standing_out
from .space import Known, Plan, unit

_ALIKE = 0.6
"""Least cosine between the directions of one segment in two months."""


@dataclass(frozen=True)
class Numbered:
    """Groups of clusters with their segments' numbers and names, in the order of the groups."""

    groups: list[list[int]]
    numbers: list[int]
    names: list[str]

    def of_clusters(self, clusters: int) -> list[int]:
        """Number of each cluster; 0 for one that is in no segment."""
        found = [0] * clusters
        for group, number in zip(self.groups, self.numbers, strict=True):
            for cluster in group:
                found[cluster] = number
        return found


def numbered(plan: Plan, found: Segmentation, groups: list[list[int]]) -> Numbered:
    """Give each group the number of the segment of the period before that it is most like, all in all; new ones follow.

    A name is kept while the best genre of it stands out still, and is made from what stands out otherwise.
    """
    matched = _matched(_directions(found, groups), _by_genre(plan, found, groups), plan)
    used = {known.segment_id for known in plan.before}
    fresh = iter(range(max(used, default=0) + 1, max(used, default=0) + len(groups) + 2))
    numbers = [known.segment_id if known is not None else next(fresh) for known in matched]
    genres = [[(plan.genres[n], lift) for n, lift in some] for some in standing_out(found.genres, groups, found.sigma)]
    kept = [_still(known, {genre for genre, _ in some}) for known, some in zip(matched, genres, strict=True)]
    return Numbered(groups, numbers, distinct_names(genres, kept))


def known_segments(plan: Plan, found: Segmentation, named: Numbered) -> tuple[Known, ...]:
    """What the next period needs to know of this one's segments."""
    directions, by_genre = _directions(found, named.groups), _by_genre(plan, found, named.groups)
    genres = standing_out(found.genres, named.groups, found.sigma)
    return tuple(
        Known(
            segment_id=number,
            name=name,
            genres=tuple(plan.genres[n] for n, _ in some),
            direction=dict(zip(plan.axes, direction.tolist(), strict=True)),
            by_genre=None if plan.factors is None else dict(zip(plan.genres, leaning.tolist(), strict=True)),
        )
        for number, name, some, direction, leaning in zip(
            named.numbers, named.names, genres, directions, by_genre, strict=True
        )
    )


def _directions(found: Segmentation, groups: Sequence[Sequence[int]]) -> Floats:
    """Of each group, its clusters weighed by their noisy sizes: shape (groups, width)."""
    weights = np.maximum(found.sizes, 1.0)[:, None]
    sums = [(found.centres[list(group)] * weights[list(group)]).sum(axis=0) for group in groups]
    return unit(np.array(sums).reshape(len(groups), found.centres.shape[1]))


def _by_genre(plan: Plan, found: Segmentation, groups: Sequence[Sequence[int]]) -> Floats:
    """Of each group, what its genre shares differ by from everybody's, by the plan's scale: shape (groups, genres).

    From the noisy genre sums, so that segments can be matched between spaces whose axes are others.
    """
    if plan.factors is None:
        return _directions(found, groups)
    sums = np.array([found.genres[list(group)].sum(axis=0) for group in groups]).reshape(len(groups), len(plan.genres))
    parts = np.maximum(sums, 0)
    tiny = np.finfo(float).tiny
    everyone = parts.sum(axis=0) / max(float(parts.sum()), tiny)
    shares = parts / np.maximum(parts.sum(axis=1, keepdims=True), tiny)
    return unit((shares - everyone) * np.array(plan.scale))


def _matched(directions: Floats, by_genre: Floats, plan: Plan) -> list[Known | None]:
    """For each direction the segment of before that goes with it: the pairs of the highest cosines together.

    By the axes of the plan's space where all of before have these, else by genre.
    """
    from scipy.optimize import linear_sum_assignment

    matched: list[Known | None] = [None] * len(directions)
    if not plan.before or not len(directions):
        return matched
    same = plan.factors is None or all(set(plan.axes) <= known.direction.keys() for known in plan.before)
    axes = plan.axes if same else plan.genres
    of = [
        known.by_genre if known.by_genre is not None and axes == plan.genres else known.direction
        for known in plan.before
    ]
    earlier = unit(np.array([[each.get(axis, 0.0) for axis in axes] for each in of]))
    alike = (directions if same else by_genre) @ earlier.T
    for row, column in zip(*linear_sum_assignment(-alike), strict=True):
        if alike[row, column] >= _ALIKE:
            matched[row] = plan.before[column]
    return matched


def _still(known: Known | None, standing: set[str]) -> str | None:
    if known is None or (known.genres[:1] and known.genres[0] not in standing) or (not known.genres and standing):
        return None
    return known.name
