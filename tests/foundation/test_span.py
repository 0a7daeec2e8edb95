"""A run's as-of time comes from its days, never from the wall clock."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from media_privacy_pipeline.engines import Span
from media_privacy_pipeline.errors import UsageError


def test_the_as_of_time_is_the_end_of_the_last_day() -> None:
    span = Span.of(date(2026, 2, 27), date(2026, 3, 1))
    assert span.as_of == datetime(2026, 3, 2)
    assert span.days == [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)]


def test_a_given_as_of_time_is_kept() -> None:
    assert Span.of(date(2026, 3, 1), date(2026, 3, 1), datetime(2026, 4, 1)).as_of == datetime(2026, 4, 1)


def test_days_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(UsageError, match="2026-03-02 to 2026-03-01 are in the wrong order"):
        Span.of(date(2026, 3, 2), date(2026, 3, 1))
