"""The segment step: paid once a month, stored bytes ever after, assignments afresh."""

from __future__ import annotations

import json
from datetime import date

import pytest
import yaml
from models_world import FIRST, GENRES, SPAN, World, bytes_of, rows_of

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.models.config import ModelsConfig, SegmentsConfig
from media_privacy_pipeline.models.segments.paying import STATEMENT
from media_privacy_pipeline.models.steps import segment
from media_privacy_pipeline.orchestration.catalogue import catalogue
from media_privacy_pipeline.policy import PACKAGED, load
from media_privacy_pipeline.privacy.open import open_desk
from media_privacy_pipeline.sql import load_project


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


def test_another_month_is_paid_for_anew_and_the_same_tastes_keep_their_numbers_and_names(segmented: Session) -> None:
    before, told = len(paid(segmented)), rows_of(segmented, "segment_profile")
    # The order of the catalogue, and with it that of the first centres, is another next month.
    World(viewers=2400, seed=5).store(segmented)
    segment(segmented, Span.of(FIRST, date(2026, 4, 2)))
    assert len(paid(segmented)) == 2 * before
    again = rows_of(segmented, "segment_profile")
    names = [{row["segment_id"]: row["name"] for row in rows} for rows in (told, again)]
    assert names[0] == names[1]
    assert [row["viewers"] for row in told] != [row["viewers"] for row in again]


def test_advertising_knows_its_own_people_under_its_own_keys(session: Session) -> None:
    world = World(viewers=2400).store(session)
    consenting = [event for event in world.events() if event[0] % 3 == 0]
    world.store_events(session, "advertising", consenting)
    segment(session, SPAN)
    ads = {row["viewer_key"]: row["segment_id"] for row in rows_of(session, "viewer_segments_advertising")}
    own = {row["viewer_key"]: row["segment_id"] for row in rows_of(session, "viewer_segments")}
    assert ads.keys() == {world.key("advertising", viewer) for viewer in range(0, 2400, 3)}
    assert len(own) == 2400
    assert not ads.keys() & own.keys()
    for viewer in range(0, 2400, 3):
        assert ads[world.key("advertising", viewer)] == own[world.key("personalisation", viewer)]
    before = bytes_of(session, "viewer_segments")
    world.store_events(session, "advertising", [])
    segment(session, SPAN)
    assert rows_of(session, "viewer_segments_advertising") == []
    assert bytes_of(session, "viewer_segments") == before


def test_a_policy_that_shows_advertising_nothing_has_no_such_table_and_drops_what_was_there(session: Session) -> None:
    World(viewers=2400).store(session)
    segment(session, SPAN)
    document = yaml.safe_load(PACKAGED.read_text())
    document["purposes"]["advertising"]["columns"] = {}
    path = session.settings.home / "policy.yaml"
    path.write_text(yaml.safe_dump(document))
    policy = load(path)
    vars(session)["policy"] = policy
    vars(session)["project"] = load_project(session.settings.sql, policy)
    assert "viewer_segments_advertising" not in session.project.contracts
    segment(session, SPAN)
    assert not session.lake.has("viewer_segments_advertising")
    assert not session.lake.has("advertising_interactions")
    assert len(rows_of(session, "viewer_segments")) == 2400
    steps = catalogue(policy, session.project)
    assert not [table for step in steps for table in (*step.tables, *step.deps) if "segments_advertising" in table]


def test_what_the_number_of_segments_rests_on_is_told_and_stays(segmented: Session) -> None:
    path = segmented.settings.models / "segments" / "2026-03.stability"
    kept = path.read_bytes()
    told = json.loads(kept)
    assert told["chosen"] == 4
    assert told["stability"]["4"] >= SegmentsConfig().stability
    result = segment(segmented, SPAN)
    assert (result.metadata["clusters"], result.metadata["stability"]) == (4, told["stability"]["4"])
    assert path.read_bytes() == kept
    path.unlink()
    segment(segmented, SPAN)
    assert json.loads(path.read_bytes()) == told


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
