"""What a purpose gives is said where it was measured, and only there."""

from __future__ import annotations

from typing import Any

import pytest
from rights_world import AS_OF

from media_privacy_pipeline.policy import load
from media_privacy_pipeline.rights.access.benefit import benefits, measured
from media_privacy_pipeline.rights.access.windows import windows


def metric(model: str, value: float, low: float | None = 0.0, high: float | None = 0.1, k: int = 20) -> dict[str, Any]:
    return {"model": model, "metric": "recall", "k": k, "value": value, "low": low, "high": high, "viewers": 7}


WHOLE = [metric("ials", 0.4), metric("popularity", 0.3), metric("ials-minus-popularity", 0.1, 0.02, 0.18)]


def test_both_lists_and_the_interval_of_their_difference() -> None:
    found = measured([*WHOLE, metric("ials", 0.9, k=10)])
    assert found is not None
    assert (found.personal, found.popular, found.low, found.high, found.viewers) == (0.4, 0.3, 0.02, 0.18, 7)
    assert found.sure


def test_an_interval_around_zero_is_no_advantage() -> None:
    found = measured([*WHOLE[:2], metric("ials-minus-popularity", 0.1, -0.02, 0.22)])
    assert found is not None
    assert not found.sure


@pytest.mark.parametrize("missing", range(3))
def test_half_a_measurement_is_none(missing: int) -> None:
    assert measured([row for n, row in enumerate(WHOLE) if n != missing]) is None


def test_it_is_told_of_those_who_get_lists_and_those_they_are_learned_from(house: Any) -> None:
    assert benefits(house).keys() == {"personalisation", "training"}


def test_windows_run_from_what_is_used_alone() -> None:
    used = {"purpose": "context", "source": "viewing_events", "allowed": True, "happened_at": AS_OF}
    [row] = windows(load(), [used, {**used, "allowed": False, "purpose": "training"}])
    assert (row["purpose"], row["rows"], row["window_days"]) == ("context", 1, 90)
    assert str(row["newest_until"]) == "2026-06-02 00:00:00"
