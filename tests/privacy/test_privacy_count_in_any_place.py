"""The measure that counts accounts may stand anywhere among a statement's measures: what is published is the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from media_privacy_pipeline.privacy.contributions import BoundedSums
from media_privacy_pipeline.privacy.estimate import measures_of
from media_privacy_pipeline.privacy.mechanism import mechanism_of
from media_privacy_pipeline.privacy.unknown_keys import told
from media_privacy_pipeline.release_policy import TableStatement

CELLS = pa.table({"title_id": [f"t{n:02}" for n in range(60)]})
VIEWERS = 64 * np.arange(0, 6000, 100)
PLAYS = VIEWERS // 3 - 640
"""Around the middle of their clips, so that the sum of plays is this and twice the viewers."""
TOTALS = np.array([VIEWERS.sum(), VIEWERS.sum() // 2])
BEYOND = np.array([0])
"""Where cuts are paid for there is a third: accounts with more than K cells."""


def either_way(**said: Any) -> list[TableStatement]:
    """One statement with its count of accounts first, and last."""
    measures = {"viewers": {"budget": 0.6}, "plays": {"of": "plays", "least": 1, "most": 3, "budget": 0.2}}
    told_of = {"title": "A toy", "squared_norm": 2, "most_cells": 6, "mu": 0.4, **said}
    orders = (measures, dict(reversed(measures.items())))
    return [TableStatement.model_validate({**told_of, "measures": order}) for order in orders]


@pytest.mark.parametrize("budgets", [{"totals_budget": 0.2}, {"totals_budget": 0.1, "cut_budget": 0.1}])
def test_what_is_published_does_not_depend_on_where_the_count_stands(budgets: dict[str, float]) -> None:
    ratios = {"plays_each": {"of": "plays", "over": "viewers"}}
    first, last = either_way(cells={"title_id": {"of": "titles"}}, ratios=ratios, **budgets)
    cut = [VIEWERS // np.array([1, 3] * 30)] if "cut_budget" in budgets else []
    totals = np.concatenate([TOTALS, BEYOND]) if cut else TOTALS
    one = measures_of(first, CELLS, np.stack([VIEWERS, PLAYS, *cut]), totals)
    other = measures_of(last, CELLS, np.stack([PLAYS, VIEWERS, *cut]), totals)
    assert one.column_names != other.column_names
    assert one == other.select(one.column_names)


def test_keys_are_told_by_the_count_wherever_it_stands() -> None:
    said = {"cells": {"title_id": {"unknown": True}}, "totals_budget": 0.2, "threshold_delta": 1e-9}
    first, last = either_way(**said)
    one, _ = told(first, CELLS, BoundedSums(np.stack([VIEWERS, PLAYS]), TOTALS))
    other, drawn = told(last, CELLS, BoundedSums(np.stack([PLAYS, VIEWERS]), TOTALS))
    assert one == other
    assert 0 < one.num_rows < CELLS.num_rows
    assert drawn.values[1].min() >= mechanism_of(last).threshold


def test_a_statement_that_counts_no_accounts_has_no_place_for_them() -> None:
    measures = {"plays": {"of": "plays", "least": 1, "most": 3, "budget": 0.8}}
    (statement, _) = either_way(cells={"title_id": {"of": "titles"}}, totals_budget=0.2)
    mechanism = mechanism_of(TableStatement.model_validate({**statement.model_dump(), "measures": measures}))
    assert mechanism.counts_sigma == 0
    with pytest.raises(ValueError, match="no measure of the statement counts accounts"):
        _ = mechanism.counts_place
