"""weekly_discovery: unseen titles for each viewer and ISO week, a list that stays as it is until the week is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..base import NOBODY, Ranking, Recommender
from ..config import DiscoveryConfig
from ..interactions import Interactions, Ints
from .filters import Filters
from .rerank import rerank
from .shelf import Shelf

SCHEMA = pa.schema(
    [
        ("viewer_key", pa.string()),
        ("week", pa.date32()),
        ("rank", pa.int32()),
        ("title_id", pa.string()),
        ("reason_title_id", pa.string()),
    ]
)


def week_of(day: date) -> date:
    """The Monday of a day's ISO week."""
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True)
class Ranker:
    """A recommender and what is public of its titles; `tail` lets long-tail titles through, and nothing else."""

    model: Recommender
    shelf: Shelf
    everything: Filters
    tail: Filters

    @classmethod
    def of(cls, model: Recommender, shelf: Shelf, filters: Filters) -> Ranker:
        """A ranker whose filters are those of all viewers to be served."""
        marked = set(shelf.titles[shelf.tail].tolist())
        return cls(model, shelf, filters, filters.among(marked))

    def candidates(self, histories: Interactions, rows: Ints, config: DiscoveryConfig) -> Ranking:
        """The best titles of some viewers and their best of the long tail, best score first, each title once."""
        some = histories.take(rows)
        best = self.model.recommend(some, config.candidates, self.everything.take(rows))
        rare = self.model.recommend(some, config.tail_candidates, self.tail.take(rows))
        again = (rare.titles[:, :, None] == best.titles[:, None, :]).any(axis=2)
        titles = np.hstack([best.titles, np.where(again, NOBODY, rare.titles)])
        scores = np.hstack([best.scores, rare.scores])
        order = np.argsort(np.where(titles == NOBODY, np.inf, -scores), axis=1, kind="stable")
        parts = (titles, scores, *(np.hstack([getattr(best, n), getattr(rare, n)]) for n in ("reasons", "shares")))
        return Ranking(*(np.take_along_axis(part, order, axis=1) for part in parts))


def weekly_lists(
    rankers: list[Ranker], histories: Interactions, week: date, config: DiscoveryConfig
) -> Iterator[pa.Table]:
    """Rows of `weekly_discovery` (SCHEMA), a block of viewers at a time, in their order.

    The first ranker that has anything for a viewer serves them.
    """
    for first in range(0, len(histories), config.block_viewers):
        left = np.arange(first, min(first + config.block_viewers, len(histories)))
        parts = []
        for ranker in rankers:
            if len(left) and len(ranker.shelf.titles):
                found = ranker.candidates(histories, left, config)
                served = found.titles[:, 0] != NOBODY
                parts.append(_rows(ranker, histories.take(left), found, week, config))
                left = left[~served]
        table = pa.concat_tables([SCHEMA.empty_table(), *parts])
        yield table.sort_by([("viewer_key", "ascending"), ("rank", "ascending")])


def still_fit(stored: pa.Table, viewers: pa.Array, filters: Filters) -> pa.Table:
    """The rows of a week that may still be shown: of viewers who are served, of titles that they may be offered.

    `filters` are those of `viewers`, row by row. What a viewer watched since stays: the list is of the week.
    """
    row = pc.fill_null(pc.index_in(stored.column("viewer_key"), value_set=viewers), NOBODY).to_numpy()
    titles = pc.unique(stored.column("title_id")).sort()
    mask = filters.over(np.array(titles.to_pylist(), np.str_))
    place = pc.index_in(stored.column("title_id"), value_set=titles).to_numpy()
    known = row != NOBODY
    fits = np.zeros(len(row), bool)
    fits[known] = mask.fits(row[known], place[known])
    return stored.filter(pa.array(fits))


def _rows(ranker: Ranker, viewers: Interactions, found: Ranking, week: date, config: DiscoveryConfig) -> pa.Table:
    """The re-ranked lists of some viewers in long form."""
    chosen = rerank(
        found.titles,
        found.scores,
        ranker.shelf.tastes(viewers),
        ranker.shelf,
        length=config.length,
        weight=config.calibration,
        tail_share=config.tail_share,
        per_creator=config.per_creator,
    )
    viewer, rank = np.nonzero(chosen != NOBODY)
    at = chosen[viewer, rank]
    reasons, names = found.reasons[viewer, at], pa.array(ranker.shelf.titles.tolist() or [None], pa.string())
    columns = [
        viewers.viewers.take(pa.array(viewer)),
        pa.array([week] * len(viewer), pa.date32()),
        pa.array(rank + 1, pa.int32()),
        names.take(pa.array(found.titles[viewer, at])),
        names.take(pa.array(reasons, mask=reasons == NOBODY)),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)
