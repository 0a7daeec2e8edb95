"""Splits: nothing of the test side can be learned from, and only new titles are asked for."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from media_privacy_pipeline.models.config import EvaluationConfig
from media_privacy_pipeline.models.evaluation.split import holdout, split_day, temporal, thinned
from media_privacy_pipeline.models.interactions import Interactions

MONDAY = date(2026, 3, 2)


def days(*events: int) -> list[tuple[date, int]]:
    return [(MONDAY + timedelta(days=n), count) for n, count in enumerate(events)]


@pytest.mark.parametrize(
    ("events", "first_test_day"),
    [
        ((), None),
        ((5,), None),
        ((5, 500), 1),  # the last day alone, however much it holds
        ((10,) * 10, 8),
        ((80, 5, 5, 5, 5), 1),
        ((1000,) + (1,) * 50, 23),  # no more than 28 days
    ],
)
def test_the_split_day_holds_out_a_fifth_of_the_events_at_most(
    events: tuple[int, ...], first_test_day: int | None
) -> None:
    expected = None if first_test_day is None else MONDAY + timedelta(days=first_test_day)
    assert split_day(days(*events), EvaluationConfig()) == expected


def test_temporal_asks_only_viewers_with_a_past_for_titles_that_are_new_to_them() -> None:
    before = Interactions.of(["a", "a", "b", "d"], ["t", "u", "t", "u"])
    after = Interactions.of(["a", "a", "b", "c"], ["u", "v", "t", "v"])
    split = temporal(before, after)
    assert split.test.viewers.to_pylist() == ["a"]
    assert split.histories.viewers.to_pylist() == ["a"]
    assert split.test.titles[split.test.columns].tolist() == ["v"]
    assert split.histories.titles[split.histories.columns].tolist() == ["t", "u"]
    assert split.train is before


def test_holdout_parts_each_viewers_titles_without_overlap() -> None:
    pairs = [(f"v{v}", f"t{t}") for v in range(5) for t in range(8)]
    everything = Interactions.of([v for v, _ in pairs], [t for _, t in pairs])
    split = holdout(everything, 0.25, seed=1)
    assert split.test.lengths.tolist() == [2] * 5
    assert split.histories.lengths.tolist() == [6] * 5
    for r in range(5):
        seen, asked = split.histories.block(r, r + 1).columns, split.test.block(r, r + 1).columns
        assert not set(seen) & set(asked)
        assert len(set(seen) | set(asked)) == 8


def test_thinning_keeps_whole_viewers_row_by_row() -> None:
    pairs = [(f"v{v:02d}", f"t{t}") for v in range(30) for t in range(4)]
    split = holdout(Interactions.of([v for v, _ in pairs], [t for _, t in pairs]), 0.5, seed=1)
    few = thinned(split, 7, seed=2)
    assert len(few.test) == len(few.histories) == 7
    assert few.test.viewers.equals(few.histories.viewers)
    assert np.array_equal(few.train.columns, split.train.columns)
