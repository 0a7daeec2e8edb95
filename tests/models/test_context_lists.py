"""A history as it weighs on one kind of device in one part of the day, and the lists that are made of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from media_privacy_pipeline.models.config import ConfidenceConfig, ContextConfig, IalsConfig, ServingConfig
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.recommenders.ials import Ials
from media_privacy_pipeline.models.serving.context import SCHEMA, InContext, context_lists, in_context
from media_privacy_pipeline.models.serving.filters import Filters

KEYS = pa.array(["a" * 32, "b" * 32, "c" * 32])
ANN, BEA, CID = KEYS.to_pylist()
COLUMNS = ("viewer_key", "title_id", "daypart", "device_class", "plays", "timed_plays", "watched_seconds")
TITLES = [f"t{n}" for n in range(8)]
ROWS = [
    # Ann: cartoons (even titles) on the phone in the morning, westerns (odd titles) on the big screen at night.
    (ANN, "t0", "morning", "mobile", 2), (ANN, "t2", "morning", "mobile", 1), (ANN, "t1", "night", "screen", 3),
    (ANN, "t3", "night", "screen", 1), (ANN, "t2", "morning", "screen", 1),
    # Bea watches one thing once, on the phone.
    (BEA, "t4", "morning", "mobile", 1),
]  # fmt: skip


def made(rows: list[tuple[Any, ...]] = ROWS, **config: Any) -> InContext:
    full = [(*row, row[4], 1800 * row[4]) for row in rows]
    table = pa.table({name: [row[n] for row in full] for n, name in enumerate(COLUMNS)})
    return in_context(table, KEYS, ConfidenceConfig(alpha=2.0), ContextConfig(**config))


def heard(found: InContext, row: int) -> dict[str, float]:
    places = slice(found.histories.starts[row], found.histories.starts[row + 1])
    titles = found.histories.titles[found.histories.columns[places]].tolist()
    return dict(zip(titles, found.histories.weights[places].tolist(), strict=True))


def test_a_viewer_has_a_history_for_each_context_they_watch_enough_in() -> None:
    found = made()
    assert found.histories.viewers.to_pylist() == [f"{ANN} morning mobile", f"{ANN} night screen"]
    assert found.owner.tolist() == [0, 0]


def test_what_agrees_in_one_of_two_weighs_less_and_what_agrees_in_neither_is_left_out() -> None:
    found = made(one_agrees=0.5)
    one, two, three = (1 + 2 * np.log2(1 + views) for views in (1, 2, 3))
    # t2 was watched once as it is, and once in the morning on another device: a full and a half of two plays.
    assert heard(found, 0) == pytest.approx({"t0": two, "t2": 0.75 * two})
    assert heard(found, 1) == pytest.approx({"t1": three, "t3": one, "t2": 0.25 * two})
    assert heard(made(one_agrees=0), 1) == pytest.approx({"t1": three, "t3": one})


def test_somebody_elses_rows_change_nothing() -> None:
    own = made([row for row in ROWS if row[0] == ANN])
    more = made([*ROWS, (BEA, "t1", "night", "screen", 40), (CID, "t0", "morning", "mobile", 9)])
    for row, name in enumerate(own.histories.viewers.to_pylist()):
        place = more.histories.viewers.to_pylist().index(name)
        assert heard(more, place) == heard(own, row)


@pytest.fixture(scope="module")
def model() -> Ials:
    """Even titles are alike, and odd ones."""
    factors = np.array([[1.0, 0.1 * n] if n % 2 == 0 else [0.1 * n, -1.0] for n in range(8)], np.float32)
    return Ials.of_factors(np.array(TITLES), factors, IalsConfig(factors=2, confidence="given"))


def rows_of(model: Ials, found: InContext, hidden: Interactions | None = None, k: int = 3) -> list[dict[str, Any]]:
    filters = Filters(dict.fromkeys(TITLES, 0), np.full(3, 99), np.zeros(3, bool), hidden)
    lists = context_lists(model, found, filters, ServingConfig(k=k, block_viewers=1))
    return pa.concat_tables([SCHEMA.empty_table(), *lists]).to_pylist()


def test_each_context_has_a_list_of_what_fits_it_with_reasons_from_it(model: Ials) -> None:
    rows = rows_of(model, made(one_agrees=0))
    by = {(r["daypart"], r["device_class"]): [x for x in rows if x["daypart"] == r["daypart"]] for r in rows}
    assert by.keys() == {("morning", "mobile"), ("night", "screen")}
    morning, night = by["morning", "mobile"], by["night", "screen"]
    assert {row["viewer_key"] for row in rows} == {ANN}
    assert [row["rank"] for row in morning] == [1, 2, 3]
    assert {row["title_id"] for row in morning[:2]} == {"t4", "t6"}
    assert {row["title_id"] for row in night[:2]} == {"t5", "t7"}
    assert {row["reason_title_id"] for row in morning[:2]} <= {"t0", "t2"}
    assert {row["reason_title_id"] for row in night[:2]} <= {"t1", "t3"}


def test_nothing_that_was_watched_in_any_context_or_hidden_is_listed(model: Ials) -> None:
    hidden = Interactions.of([ANN, BEA], ["t6", "t7"], everyone=KEYS)
    offered = {row["title_id"] for row in rows_of(model, made(one_agrees=0), hidden, k=8)}
    assert offered == {"t4", "t5", "t7"}


def test_nobody_watching_anything_makes_no_list(model: Ials) -> None:
    empty = pa.schema([(name, pa.string() if n < 4 else pa.int64()) for n, name in enumerate(COLUMNS)]).empty_table()
    found = in_context(empty, KEYS, ConfidenceConfig(), ContextConfig())
    assert rows_of(model, found) == []
