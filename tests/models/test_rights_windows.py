"""A title is offered on the days that its rights allow, and on no other; without a window, on every day."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest
from models_world import ALONE, FIRST, SPAN, World, open_counts, rows_of, write

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.models.inputs import closed_titles, personalisation_interactions
from media_privacy_pipeline.models.serving.step import discover
from media_privacy_pipeline.models.steps import recommend

TODAY = SPAN.as_of.date()
"""The serving day: the one that begins at the as-of time."""
BEFORE, AFTER = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
WINDOWS: dict[str, tuple[date | None, date | None]] = {
    "t000": (None, None),
    "t001": (TODAY, TODAY),
    "t002": (AFTER, None),
    "t003": (None, BEFORE),
    "t004": (None, TODAY),
    "t005": (BEFORE, AFTER),
}


def store_titles(session: Session, windows: dict[str, tuple[date | None, date | None]]) -> None:
    first, last = (pa.array([each[n] for each in windows.values()], pa.date32()) for n in range(2))
    names = list(windows)
    write(session, "accepted_titles", title_id=names, title=names, available_from=first, available_until=last)


@pytest.fixture
def served(session: Session) -> Session:
    """Three viewers without a history, who are offered all that there is."""
    world = World(viewers=3)
    world.store_accounts(session, range(3))
    world.store_events(session, "personalisation", [])
    store_titles(session, WINDOWS)
    open_counts(session, {title: 9.0 - n for n, title in enumerate(WINDOWS)})
    personalisation_interactions(session, SPAN)
    return session


def offered(session: Session, table: str) -> set[object]:
    return {row["title_id"] for row in rows_of(session, table)}


def test_only_what_may_be_shown_on_the_serving_day_is_listed(served: Session) -> None:
    told = recommend(served, SPAN, ALONE)
    discover(served, SPAN, ALONE)
    assert offered(served, "recommendations") == {"t000", "t001", "t004", "t005"}
    assert offered(served, "weekly_discovery") == {"t000", "t001", "t004", "t005"}
    assert told.metadata["titles outside their rights window"] == 2


def test_a_day_on_the_lists_are_made_anew_though_nothing_else_changed(served: Session) -> None:
    recommend(served, SPAN, ALONE)
    discover(served, SPAN, ALONE)
    tomorrow = Span.of(FIRST, SPAN.last + timedelta(days=1))
    recommend(served, tomorrow, ALONE)
    discover(served, tomorrow, ALONE)
    assert offered(served, "recommendations") == {"t000", "t002", "t005"}
    # The week's list is not made again: what is over leaves it, and what is new waits for Monday.
    assert offered(served, "weekly_discovery") == {"t000", "t005"}


def test_a_day_on_which_no_window_opens_or_ends_changes_nothing(served: Session) -> None:
    store_titles(served, {"t000": (None, None), "t001": (date(2020, 1, 1), date(2030, 1, 1))})
    recommend(served, SPAN, ALONE)
    assert recommend(served, Span.of(FIRST, SPAN.last, SPAN.as_of + timedelta(days=1)), ALONE).skipped


def test_a_catalogue_without_windows_is_open_for_ever(session: Session) -> None:
    World(viewers=1, titles=4).store_titles(session)
    assert closed_titles(session, date(1800, 1, 1)) == frozenset()
