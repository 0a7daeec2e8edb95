"""When a month's segmentation is drawn: once enough arrival days are at hand, however much came on them."""

from __future__ import annotations

import logging
from datetime import date

import pytest
from models_world import FIRST, SPAN, World, bytes_of, rows_of
from test_segment_step import paid

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.models.steps import segment
from media_privacy_pipeline.policy import load

LEAST = load().releases.vectors["segment_profile"].least_days


def store_days(session: Session, world: World, days: int) -> None:
    """Take in the first so many days of what training permits."""
    world.store_events(session, "training", world.events(), days)


def with_least_days(session: Session, days: int) -> None:
    """Put the session under a policy that asks for so many days."""
    policy = session.policy
    statement = policy.releases.vectors["segment_profile"].model_copy(update={"least_days": days})
    releases = policy.releases.model_copy(update={"vectors": {"segment_profile": statement}})
    vars(session)["policy"] = policy.model_copy(update={"releases": releases})


@pytest.mark.parametrize("days", [1, LEAST - 1])
def test_too_few_days_cost_nothing_and_the_log_says_how_many_there_are(
    session: Session, caplog: pytest.LogCaptureFixture, days: int
) -> None:
    world = World(viewers=2400).store(session)
    store_days(session, world, days)
    with caplog.at_level(logging.INFO):
        result = segment(session, SPAN)
    assert paid(session) == []
    assert rows_of(session, "segment_profile") == rows_of(session, "viewer_segments") == []
    assert str(result.metadata["reason"]).startswith(f"{days} arrival days of the {LEAST} ")
    assert str(result.metadata["reason"]) in caplog.text
    assert not (session.settings.models / "segments").exists(), "its plan would be that of the first days"
    assert segment(session, SPAN).skipped


def test_the_first_run_with_enough_days_draws_the_month(session: Session) -> None:
    world = World(viewers=2400).store(session)
    store_days(session, world, LEAST - 1)
    segment(session, SPAN)
    store_days(session, world, LEAST)
    result = segment(session, SPAN)
    assert result.metadata["segments"] == len(rows_of(session, "segment_profile")) > 0
    assert "reason" not in result.metadata
    assert len(rows_of(session, "viewer_segments")) == world.viewers


@pytest.mark.parametrize("accounts", [0, 1, 2])
def test_the_last_account_that_leaves_or_the_first_that_comes_changes_nothing_about_what_is_drawn(
    session: Session, accounts: int
) -> None:
    world = World(viewers=2 * accounts).store(session)
    store_days(session, world, LEAST)
    segment(session, SPAN)
    assert paid(session) == [f"2026-03.{part}" for part in range(5)]


def test_days_after_the_span_do_not_count(session: Session) -> None:
    World(viewers=30).store(session)
    segment(session, Span.of(FIRST, date(2026, 3, LEAST - 1)))
    assert paid(session) == []


def test_the_last_segments_hold_until_there_are_enough_days_again(session: Session) -> None:
    World(viewers=2400).store(session)
    segment(session, SPAN)
    charges, kept = paid(session), bytes_of(session, "segment_profile")
    with_least_days(session, 300)
    result = segment(session, Span.of(FIRST, date(2026, 4, 2)))
    assert paid(session) == charges
    assert bytes_of(session, "segment_profile") == kept
    assert result.metadata["period"] == "2026-03"
    assert "2026-04" in str(result.metadata["reason"])


def test_what_is_begun_is_not_given_up_for_want_of_days(session: Session) -> None:
    World(viewers=2400).store(session)
    segment(session, SPAN)
    kept = bytes_of(session, "segment_profile")
    with_least_days(session, 300)
    assert segment(session, SPAN).skipped
    assert bytes_of(session, "segment_profile") == kept
