"""The segment step: paid once a month, stored bytes ever after, assignments afresh."""

from __future__ import annotations

from datetime import date

import pytest
from models_world import FIRST, GENRES, SPAN, World, bytes_of, rows_of

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.models.config import ModelsConfig, SegmentsConfig
from media_privacy_pipeline.models.segments.step import STATEMENT
from media_privacy_pipeline.models.steps import segment
from media_privacy_pipeline.privacy.open import open_desk


def paid(session: Session) -> list[str]:
    desk = open_desk(session)
    try:
        return [charge.partition for charge in desk.ledger.charges(STATEMENT)]
    finally:
        desk.ledger.close()


@pytest.fixture
def segmented(session: Session) -> Session:
    World(viewers=2400).store(session)
    segment(session, SPAN)
    return session


def test_viewers_of_a_taste_share_a_segment_that_is_named_after_it(segmented: Session) -> None:
    world = World(viewers=2400)
    names = {row["segment_id"]: row["name"] for row in rows_of(segmented, "segment_profile")}
    assert set(names.values()) == {genre.capitalize() for genre in GENRES}
    of = {row["viewer_key"]: names[row["segment_id"]] for row in rows_of(segmented, "viewer_segments")}
    right = sum(
        of[world.key("personalisation", v)] == GENRES[world.taste(v)].capitalize() for v in range(world.viewers)
    )
    assert right > 0.95 * world.viewers
    for row in rows_of(segmented, "segment_profile"):
        # Accounts are pairs of neighbours: a quarter of the 1,200 accounts' weight is in each taste.
        assert float(row["viewers"]) == pytest.approx(300, abs=75)  # type: ignore[arg-type]


def test_within_the_month_nothing_is_paid_again_and_the_profile_stays_to_the_byte(segmented: Session) -> None:
    charges, profile = paid(segmented), bytes_of(segmented, "segment_profile")
    assert charges == [f"2026-03.{part}" for part in range(len(charges))]
    assert segment(segmented, SPAN).skipped
    other = World(viewers=800, seed=9)
    other.store(segmented)
    result = segment(segmented, SPAN)
    assert not result.skipped
    assert paid(segmented) == charges
    assert bytes_of(segmented, "segment_profile") == profile
    assert len(rows_of(segmented, "viewer_segments")) == 800


def test_a_lost_profile_is_written_again_from_the_stored_sums(segmented: Session) -> None:
    charges, profile = paid(segmented), bytes_of(segmented, "segment_profile")
    segmented.lake.delete("segment_profile")
    segmented.lake.delete("permitted_training_viewing_events")
    segment(segmented, SPAN)
    assert bytes_of(segmented, "segment_profile") == profile
    assert paid(segmented) == charges


def test_another_month_is_paid_for_anew(segmented: Session) -> None:
    before = len(paid(segmented))
    segment(segmented, Span.of(FIRST, date(2026, 4, 2)))
    assert len(paid(segmented)) == 2 * before


def test_too_few_people_are_told_nothing_of(session: Session) -> None:
    World(viewers=30).store(session)
    result = segment(session, SPAN, ModelsConfig(segments=SegmentsConfig(minimum_size=10_000)))
    assert result.rows["segment_profile"] == 0
    assert result.rows["viewer_segments"] == 0


def test_without_genres_nothing_is_paid_and_the_reason_is_told(session: Session) -> None:
    World(viewers=30).store(session)
    World(titles=0).store_titles(session)
    result = segment(session, SPAN)
    assert result.metadata["segments"] == 0
    assert "reason" in result.metadata
    assert rows_of(session, "segment_profile") == []
    assert paid(session) == []
    assert segment(session, SPAN).skipped


def test_a_policy_that_pays_for_too_few_parts_is_a_clear_error(session: Session) -> None:
    World(viewers=30).store(session)
    with pytest.raises(UsageError, match=r"releases\.vectors\.segment_profile must pay for"):
        segment(session, SPAN, ModelsConfig(segments=SegmentsConfig(iterations=50)))
