"""A viewer's history as it weighs on one kind of device in one part of the day: their own rows, and nobody else's.

What they watched in that part of the day on that class of device weighs in full, what agrees in one of the two weighs
less, and what agrees in neither is left out: the soft form of contextual pre-filtering (Adomavicius and Tuzhilin 2011,
"Context-Aware Recommender Systems", section 7.3.1). Models that go by the titles of a history alone hear of it too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..base import Recommender
from ..config import ConfidenceConfig, ContextConfig, ServingConfig
from ..inputs import COUNTS
from ..interactions import Interactions, Ints, confidence
from ..recommenders.popularity import Popularity
from .filters import Filters
from .lists import top_lists

DAYPARTS = ("night", "morning", "afternoon", "evening")
DEVICES = ("screen", "mobile", "other")
SCHEMA = pa.schema(
    [
        ("viewer_key", pa.string()),
        ("daypart", pa.string()),
        ("device_class", pa.string()),
        ("rank", pa.int32()),
        ("title_id", pa.string()),
        ("score", pa.float64()),
        ("reason_title_id", pa.string()),
        ("reason_share", pa.float64()),
    ]
)
_CONTEXTS = tuple(product(range(len(DAYPARTS)), range(len(DEVICES))))
_BETWEEN = " "


@dataclass(frozen=True)
class InContext:
    """Histories by viewer and context. `histories` are of rows named `viewer_key daypart device_class`, ascending;
    `owner` is the viewer's row of each; `seen` holds, by viewer, all that they watched in any context."""

    histories: Interactions
    owner: Ints
    seen: Interactions


def in_context(rows: pa.Table, viewers: pa.Array, weights: ConfidenceConfig, config: ContextConfig) -> InContext:
    """From rows of `context_interactions` of some viewers (ascending), one for each context they watch enough in."""
    titles = pc.unique(rows.column("title_id")).sort()
    who = pc.index_in(rows.column("viewer_key"), viewers).to_numpy()
    what = pc.index_in(rows.column("title_id"), titles).to_numpy()
    part = pc.index_in(rows.column("daypart"), pa.array(DAYPARTS)).to_numpy()
    device = pc.index_in(rows.column("device_class"), pa.array(DEVICES)).to_numpy()
    pair, of_pair = np.unique(who.astype(np.int64) * max(len(titles), 1) + what, return_inverse=True)
    counts = (rows.column(name).to_numpy() for name in COUNTS)
    plays, timed, seconds = (np.bincount(of_pair, count, len(pair)) for count in counts)
    sure = confidence(plays, timed, seconds, weights).astype(np.float64)
    share = rows.column("plays").to_numpy() / plays[of_pair] if len(pair) else np.zeros(0)
    pair_who, pair_what = np.divmod(pair, max(len(titles), 1))
    names, heard, at = [], [], []
    for daypart, kind in _CONTEXTS:
        same = (part == daypart).astype(np.int64) + (device == kind)
        own = np.bincount(who[same == 2], rows.column("plays").to_numpy()[same == 2], len(viewers))
        near = np.array([0.0, config.one_agrees, 1.0])[same] * share
        weight = np.bincount(of_pair, near, len(pair)) * sure
        kept = np.flatnonzero((own >= config.least_plays)[pair_who] & (weight > 0))
        tail = pa.scalar(f"{DAYPARTS[daypart]}{_BETWEEN}{DEVICES[kind]}")
        names.append(pc.binary_join_element_wise(viewers.take(pa.array(pair_who[kept])), tail, _BETWEEN))
        heard.append(weight[kept])
        at.append(pair_what[kept])
    histories = Interactions.of(
        pa.chunked_array(names), pa.chunked_array([titles.take(pa.array(np.concatenate(at)))]), np.concatenate(heard)
    )
    owner = pc.index_in(_part(histories.viewers, 0), viewers).to_numpy()
    seen = Interactions.of(rows.column("viewer_key"), rows.column("title_id"), everyone=viewers)
    return InContext(histories, owner, seen)


def context_lists(model: Recommender, made: InContext, filters: Filters, config: ServingConfig) -> Iterator[pa.Table]:
    """Rows of `context_recommendations` (SCHEMA), in the order of viewers and contexts.

    `filters` are those of the viewers. What a viewer watched in another context is as little offered as what they hid.
    Who has nothing in a context that the model knows has no list for it.
    """
    barred = made.seen if filters.hidden is None else _both(made.seen, filters.hidden)
    own = replace(filters, hidden=barred).take(made.owner)
    for table in top_lists(model, Popularity(), made.histories, own, config):
        named = table.column("viewer_key")
        parts = [_part(named, n) for n in range(3)]
        yield pa.Table.from_arrays([*parts, *table.columns[1:]], schema=SCHEMA)


def _both(some: Interactions, others: Interactions) -> Interactions:
    """The pairs of both, of the same viewers."""
    pairs = [(each.viewers.take(pa.array(each.rows)), pa.array(each.titles[each.columns])) for each in (some, others)]
    viewers, titles = (pa.chunked_array(part, pa.string()) for part in zip(*pairs, strict=True))
    return Interactions.of(viewers, titles, everyone=some.viewers)


def _part(names: pa.Array | pa.ChunkedArray, number: int) -> pa.Array | pa.ChunkedArray:
    """Viewer, part of the day or device of rows' names."""
    return pc.list_element(pc.split_pattern(names, _BETWEEN), number)
