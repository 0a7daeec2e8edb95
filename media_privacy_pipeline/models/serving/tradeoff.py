"""What a calibrated re-rank costs and brings: figures of one model on held-out viewers, for weights from none to much.

Exact figures of people, hence internal, like `model_metrics`; the release report shows them.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ..base import NOBODY, Recommender
from ..config import DiscoveryConfig, EvaluationConfig
from ..evaluation.beyond import miscalibration
from ..evaluation.bootstrap import means, resampled_means
from ..evaluation.metrics import hits, ndcg
from ..evaluation.split import Split
from ..interactions import Floats, Ints, positions
from .filters import EVERYONE, Filters
from .rerank import rerank
from .shelf import Shelf
from .weekly import Ranker

SCHEMA = pa.schema(
    [
        ("list", pa.string()),
        ("calibration", pa.float64()),
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("viewers", pa.int64()),
    ]
)
PLAIN, RERANKED = "plain", "reranked"


def tradeoff(
    model: Recommender, split: Split, shelf: Shelf, config: DiscoveryConfig, evaluation: EvaluationConfig
) -> pa.Table:
    """Rows of `rerank_tradeoff` (SCHEMA) for a model that learned from split.train; none without test viewers.

    `plain` is the model's own order without floor, cap or calibration; `reranked` has all three, one for each of the
    configuration's weights. ndcg@10, miscalibration (nats), the share of the long tail and of the most listed creator
    in each list, and ndcg_cost, the paired loss of NDCG against the plain list; means with 95 % bootstrap intervals.
    """
    if not len(split.test):
        return SCHEMA.empty_table()
    lists = _lists(model, split, shelf, config)
    named: list[tuple[str, float | None]] = [(PLAIN, None), *((RERANKED, weight) for weight in config.curve)]
    columns: dict[tuple[str, float | None, str], Floats] = {}
    for name, weight in named:
        figures = _figures(lists[weight], split, shelf)
        for metric, values in figures.items():
            columns[name, weight, metric] = values
        columns[name, weight, "ndcg_cost"] = columns[PLAIN, None, "ndcg"] - figures["ndcg"]
    table = np.stack(list(columns.values()), axis=1)
    drawn = resampled_means(table, evaluation.resamples, evaluation.seed)
    rows = []
    for number, ((name, weight, metric), value) in enumerate(zip(columns, means(table).tolist(), strict=True)):
        known = drawn[:, number][~np.isnan(drawn[:, number])]
        if len(known):
            low, high = np.quantile(known, [0.025, 0.975]).tolist()
            told = int((~np.isnan(table[:, number])).sum())
            rows.append(dict(zip(SCHEMA.names, (name, weight, metric, value, low, high, told), strict=True)))
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _lists(model: Recommender, split: Split, shelf: Shelf, config: DiscoveryConfig) -> dict[float | None, Ints]:
    """The list of each test viewer for each weight, None for the plain one: a block of viewers at a time."""
    viewers = len(split.test)
    offered = dict.fromkeys(shelf.titles.tolist(), EVERYONE)
    ranker = Ranker.of(model, shelf, Filters(offered, np.full(viewers, EVERYONE), np.zeros(viewers, bool)))
    parts: dict[float | None, list[Ints]] = {weight: [] for weight in (None, *config.curve)}
    for first in range(0, viewers, config.block_viewers):
        rows = np.arange(first, min(first + config.block_viewers, viewers))
        found, tastes = ranker.candidates(split.histories, rows, config), shelf.tastes(split.histories.take(rows))
        for weight, blocks in parts.items():
            order = rerank(
                found.titles,
                found.scores,
                tastes,
                shelf,
                length=config.length,
                weight=weight or 0.0,
                tail_share=0.0 if weight is None else config.tail_share,
                per_creator=None if weight is None else config.per_creator,
            )
            listed = np.take_along_axis(found.titles, np.maximum(order, 0), axis=1)
            blocks.append(np.where(order == NOBODY, NOBODY, listed))
    return {weight: np.concatenate(blocks) for weight, blocks in parts.items()}


def _figures(listed: Ints, split: Split, shelf: Shelf) -> dict[str, Floats]:
    """Figures of each viewer's list; NaN where a list has none."""
    in_test = positions(split.test.titles, shelf.titles)
    places = np.where(listed == NOBODY, NOBODY, in_test[np.maximum(listed, 0)])
    there = listed != NOBODY
    size = np.where(there.any(axis=1), there.sum(axis=1), np.nan)
    makers = np.where(there, shelf.creators[np.maximum(listed, 0)], NOBODY)
    most = np.zeros(len(listed))
    for column in range(listed.shape[1]):
        same = (makers == makers[:, [column]]) & (makers[:, [column]] != NOBODY)
        most = np.maximum(most, same.sum(axis=1))
    return {
        "ndcg": ndcg(hits(places, split.test), split.test.lengths, 10),
        "miscalibration": miscalibration(listed, split.histories, shelf.kinds, shelf.titles),
        "tail_share": (there & shelf.tail[np.maximum(listed, 0)]).sum(axis=1) / size,
        "top_creator_share": most / size,
    }
