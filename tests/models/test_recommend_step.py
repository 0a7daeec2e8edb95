"""The recommend step: whom it serves, with what, why, and the same bytes every time."""

from __future__ import annotations

from typing import Any

import pytest
from models_world import GENRES, SPAN, World, bytes_of, open_counts, rows_of

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.models.config import ModelsConfig, ServingConfig
from media_privacy_pipeline.models.steps import recommend, train
from media_privacy_pipeline.policy import ServingPolicy


def lists(session: Session) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows_of(session, "recommendations"):
        found.setdefault(str(row["viewer_key"]), []).append(row)
    return found


@pytest.fixture
def trained(session: Session) -> Session:
    World(
        sensitive={"t003"}, maturity={"t000": "18", "t004": "12", "t008": None}, birth_year={0: None, 4: 2010}, kids={8}
    ).store(session)
    train(session, SPAN)
    return session


def test_every_viewer_gets_unseen_titles_of_their_taste_with_reasons_of_their_own(trained: Session) -> None:
    recommend(trained, SPAN, ModelsConfig(serving=ServingConfig(k=5)))
    world, own = World(), {}
    for viewer, title, _ in world.events():
        own.setdefault(world.key("personalisation", viewer), set()).add(title)
    found = lists(trained)
    assert found.keys() == own.keys()
    right = 0
    for viewer in range(world.viewers):
        rows = found[world.key("personalisation", viewer)]
        assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5]
        assert not {row["title_id"] for row in rows} & own[rows[0]["viewer_key"]]
        assert {row["reason_title_id"] for row in rows} <= own[rows[0]["viewer_key"]]
        assert all(0 < row["reason_share"] <= 1 for row in rows)
        right += int(str(rows[0]["title_id"])[1:]) % len(GENRES) == world.taste(viewer)
    assert right > 0.6 * world.viewers


def test_nobody_is_offered_what_is_not_for_their_age(trained: Session) -> None:
    recommend(trained, SPAN, ModelsConfig(serving=ServingConfig(k=40)))
    world, found = World(), lists(trained)

    def offered(viewer: int) -> set[str]:
        return {row["title_id"] for row in found[world.key("personalisation", viewer)]}

    assert "t000" in set().union(*(offered(v) for v in (12, 16, 20, 24)))
    assert "t000" not in offered(0) | offered(4) | offered(8)
    assert not {"t000", "t004", "t008"} & offered(8)


def test_nobody_is_offered_what_the_operator_blocks(trained: Session) -> None:
    every = ModelsConfig(serving=ServingConfig(k=40))
    recommend(trained, SPAN, every)
    assert "t001" in {row["title_id"] for row in rows_of(trained, "recommendations")}
    blocking = ServingPolicy(blocked_titles=("t001", "nowhere"))
    vars(trained)["policy"] = trained.policy.model_copy(update={"serving": blocking})
    result = recommend(trained, SPAN, every)
    assert "t001" not in {row["title_id"] for row in rows_of(trained, "recommendations")}
    assert result.metadata["blocked titles"] == 1
    assert result.metadata["blocked titles that the catalogue lacks"] == 1


def test_the_same_inputs_give_the_same_bytes_whatever_the_block_size(trained: Session) -> None:
    recommend(trained, SPAN)
    first = bytes_of(trained, "recommendations")
    assert recommend(trained, SPAN).skipped
    trained.lake.delete("recommendations")
    trained.lake.delete("personalisation_interactions")
    recommend(trained, SPAN)
    assert bytes_of(trained, "recommendations") == first
    rows = rows_of(trained, "recommendations")
    recommend(trained, SPAN, ModelsConfig(serving=ServingConfig(block_viewers=7)))
    assert rows_of(trained, "recommendations") == rows


def test_who_has_no_history_gets_the_open_counts_without_a_reason(session: Session) -> None:
    world = World(viewers=20, maturity={"t009": "18"}, kids={19})
    world.store(session)
    world.store_events(session, "personalisation", [event for event in world.events() if event[0] < 18])
    train(session, SPAN)
    open_counts(session, {"t009": 50.0, "t007": 40.0, "t001": 30.0, "t002": -4.0, "gone": 90.0})
    result = recommend(session, SPAN)
    found = lists(session)
    adult, kid = (found[world.key("personalisation", viewer)] for viewer in (18, 19))
    assert [row["title_id"] for row in adult] == ["t009", "t007", "t001"]
    assert [row["title_id"] for row in kid] == ["t007", "t001"]
    assert {row["reason_title_id"] for row in adult} == {None}
    assert {row["reason_share"] for row in adult} == {None}
    assert result.metadata["viewers without a history"] == 2


def test_without_a_model_and_open_counts_nobody_gets_a_list(session: Session) -> None:
    World(viewers=8).store(session)
    assert recommend(session, SPAN).rows["recommendations"] == 0


def test_who_leaves_is_gone_from_the_next_lists(trained: Session) -> None:
    recommend(trained, SPAN)
    world = World()
    world.store_events(trained, "personalisation", [event for event in world.events() if event[0] != 5])
    trained.lake.delete("permitted_personalisation_accounts")
    recommend(trained, SPAN)
    assert world.key("personalisation", 5) not in lists(trained)
    assert len(lists(trained)) == world.viewers - 1
