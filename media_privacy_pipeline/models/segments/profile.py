"""What a segment is called and what stands out in it, from released numbers alone."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ..interactions import Floats
from .learning import Segmentation
from .space import Plan

if TYPE_CHECKING:
    from .numbering import Numbered

SCHEMA = pa.schema(
    [
        ("segment_id", pa.int32()),
        ("name", pa.string()),
        ("viewers", pa.float64()),
        ("viewers_low", pa.float64()),
        ("viewers_high", pa.float64()),
        ("top_genres", pa.string()),
        ("top_titles", pa.string()),
    ]
)
_Z = 1.959963984540054
_SHOWN = 3


def profile(plan: Plan, found: Segmentation, named: Numbered) -> pa.Table:
    """Rows of `segment_profile` (SCHEMA), one a group, in the order of the groups."""
    groups = named.groups
    genres = standing_out(found.genres, groups, found.sigma)
    titles = standing_out(found.titles, groups, found.sigma)
    title_names = [plan.titles[key] for key in sorted(plan.titles)]
    rows = []
    for number, group in enumerate(groups):
        viewers = float(found.sizes[group].sum())
        margin = _Z * found.sigma * np.sqrt(len(group))
        rows.append(
            {
                "segment_id": named.numbers[number],
                "name": named.names[number],
                "viewers": max(0.0, viewers),
                "viewers_low": max(0.0, viewers - margin),
                "viewers_high": max(0.0, viewers + margin),
                "top_genres": _words(plan.genres, genres[number]),
                "top_titles": _words(title_names, titles[number]),
            }
        )
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def standing_out(counts: Floats, groups: list[list[int]], sigma: float) -> list[list[tuple[int, float]]]:
    """For each group the columns of the noisy `counts` (clusters, columns) of more than their share, with the lift.

    The lift of a column is its share of the group over its share of everyone. It stands out when its count is above
    what everyone's share would make it by more than noise alone reaches anywhere in the table, 95 times in 100 (so many
    cells are looked at that one by one a few would always pass). Best lift first.
    """
    if not groups or not counts.shape[1]:
        return [[] for _ in groups]
    parts = np.stack([np.maximum(counts[group].sum(axis=0), 0) for group in groups])
    everyone = parts.sum(axis=0) / max(parts.sum(), np.finfo(float).tiny)
    reach = NormalDist().inv_cdf(1 - 0.05 / parts.size) * sigma
    found = []
    for group, part in zip(groups, parts, strict=True):
        expected = everyone * part.sum()
        beyond = np.flatnonzero(part - expected > reach * np.sqrt(len(group)))
        lifts = [(int(n), float(part[n] / expected[n])) for n in beyond]
        found.append(sorted(lifts, key=lambda pair: (-pair[1], pair[0])))
    return found


def distinct_names(
    genres: Sequence[Sequence[tuple[str, float]]], kept: Sequence[str | None] | None = None
) -> list[str]:
    """A name for each segment from its genres that stand out: the best two, a third where two would be alike; the one
    that it is to keep, where there is one."""
    kept = kept or [None] * len(genres)
    taken = [name for name in kept if name is not None]
    names: list[str] = []
    for some, keep in zip(genres, kept, strict=True):
        words = [genre[:1].upper() + genre[1:] for genre, _ in some]
        choices = (
            [_joined(words[:n]) for n in range(min(2, len(words)), len(words) + 1)]
            if words
            else ["A bit of everything"]
        )
        fresh = [choice for choice in choices if choice not in names and choice not in taken]
        number = len(names) + 1
        while (numbered := f"{choices[0]} ({number})") in taken:
            number += 1
        names.append(keep or (fresh[0] if fresh else numbered))
    return names


def _joined(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _words(names: Sequence[str], some: Sequence[tuple[int, float]]) -> str:
    return ", ".join(f"{names[n]} (lift {lift:.1f})" for n, lift in some[:_SHOWN])
