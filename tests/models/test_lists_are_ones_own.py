"""With the factors given, what a viewer is offered, and why, comes from nobody's viewing but their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from media_privacy_pipeline.models.config import IalsConfig, ServingConfig
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.recommenders.ials import Ials
from media_privacy_pipeline.models.recommenders.popularity import Popularity
from media_privacy_pipeline.models.serving.filters import Filters
from media_privacy_pipeline.models.serving.lists import top_lists

TITLES = [f"t{n:02d}" for n in range(15)]
VIEWERS = ["a", "b", "c", "d", "e"]
CONFIG = IalsConfig(factors=5, regularisation=1.0)
COUNTS = {title: 40.0 - n for n, title in enumerate(TITLES)}
AGES = dict.fromkeys(TITLES, 0) | {"t00": 18, "t01": -1}

HISTORY = st.dictionaries(st.sampled_from(TITLES), st.floats(1, 9), max_size=6)


def served(histories: dict[str, dict[str, float]], block: int = 2, limits: dict[str, int] | None = None) -> pa.Table:
    factors = np.random.default_rng(5).normal(0, 0.4, (len(TITLES), CONFIG.factors)).astype(np.float32)
    pairs = [(who, what, weight) for who, history in histories.items() for what, weight in history.items()]
    who, what = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    rows = Interactions.of(who, what, [pair[2] for pair in pairs], everyone=pa.array(VIEWERS))
    limit = np.array([(limits or {}).get(viewer, 12) for viewer in VIEWERS])
    model = Ials.of_factors(np.array(TITLES), factors, CONFIG)
    filters = Filters(AGES, limit, limit < 12)
    config = ServingConfig(k=4, block_viewers=block)
    return pa.concat_tables(top_lists(model, Popularity.of_counts(COUNTS), rows, filters, config))


def rows_of(table: pa.Table, viewer: str) -> list[dict[str, Any]]:
    rows = [row for row in table.to_pylist() if row.pop("viewer_key") == viewer]
    assert rows
    return rows


@settings(max_examples=50)
@given(HISTORY, st.lists(HISTORY, min_size=8, max_size=8), st.integers(1, 5))
def test_what_others_watch_changes_no_title_score_or_reason(
    own: dict[str, float], others: list[dict[str, float]], block: int
) -> None:
    before, after = (dict(zip("abde", part, strict=True)) | {"c": own} for part in (others[:4], others[4:]))
    found = rows_of(served(before), "c")
    assert found == rows_of(served(after, block), "c")
    assert {row["reason_title_id"] for row in found} <= own.keys() | {None}


@settings(max_examples=25)
@given(st.sets(st.sampled_from(VIEWERS), min_size=2), HISTORY, st.integers(1, 5))
def test_all_of_whom_nothing_may_be_used_get_one_list(unknown: set[str], known: dict[str, float], block: int) -> None:
    table = served({viewer: known for viewer in VIEWERS if viewer not in unknown}, block)
    lists = [rows_of(table, viewer) for viewer in sorted(unknown)]
    assert [row["title_id"] for row in lists[0]] == ["t01", "t02", "t03", "t04"]
    assert {row["reason_title_id"] for row in lists[0]} == {None}
    assert all(one == lists[0] for one in lists)


def test_the_one_list_differs_by_age_alone() -> None:
    table = served({}, limits={"a": 40, "b": 7})
    first = {viewer: rows_of(table, viewer)[0]["title_id"] for viewer in VIEWERS}
    assert first == {"a": "t00", "b": "t02", "c": "t01", "d": "t01", "e": "t01"}
