"""What a viewer hid is never listed for them again, in no table of lists; it stays in the lists of the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from models_world import ALONE, QUICK, SPAN, World, open_counts, rows_of, write

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.models.serving.step import discover
from media_privacy_pipeline.models.steps import recommend, train

WORLD = World(viewers=40, titles=24)
KEY = WORLD.key("personalisation", 6)


def hide(session: Session, *hidden: tuple[str, str]) -> None:
    """Let personalisation see that viewers hid titles."""
    keys, titles = [viewer for viewer, _ in hidden], [title for _, title in hidden]
    write(session, "permitted_personalisation_hidden_titles", viewer_key=keys, account_key=keys, title_id=titles)


def listed(session: Session, table: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows_of(session, table):
        found.setdefault(str(row["viewer_key"]), []).append(str(row["title_id"]))
    return found


@pytest.fixture
def served(session: Session) -> Session:
    WORLD.store(session)
    train(session, SPAN, QUICK)
    recommend(session, SPAN, ALONE)
    discover(session, SPAN, ALONE)
    return session


def test_what_was_hidden_leaves_the_lists_of_that_viewer_alone(served: Session) -> None:
    before = listed(served, "recommendations")
    hidden = before[KEY][:2]
    hide(served, *((KEY, title) for title in hidden), ("f" * 32, "t001"), (KEY, "nowhere"))
    recommend(served, SPAN, ALONE)
    after = listed(served, "recommendations")
    assert after[KEY] == [title for title in before[KEY] if title not in hidden]
    assert {key: own for key, own in after.items() if key != KEY} == {k: o for k, o in before.items() if k != KEY}


def test_it_leaves_this_weeks_discoveries_at_once_and_is_not_in_the_next_ones(served: Session) -> None:
    before = listed(served, "weekly_discovery")
    hidden = before[KEY][1]
    hide(served, (KEY, hidden))
    discover(served, SPAN, ALONE)
    assert listed(served, "weekly_discovery")[KEY] == [title for title in before[KEY] if title != hidden]
    discover(served, Span.of(SPAN.first, SPAN.last + timedelta(days=7)), ALONE)
    after = listed(served, "weekly_discovery")
    assert hidden not in after[KEY]
    assert hidden in {title for key, own in after.items() if key != KEY for title in own}


def test_who_is_listed_by_the_open_counts_is_not_offered_it_either(session: Session) -> None:
    World(viewers=3, titles=8).store(session)
    World(viewers=3).store_events(session, "personalisation", [])
    open_counts(session, {"t001": 3.0, "t002": 2.0, "t003": 1.0})
    hide(session, (WORLD.key("personalisation", 1), "t002"))
    recommend(session, SPAN, ALONE)
    found = listed(session, "recommendations")
    assert found[WORLD.key("personalisation", 1)] == ["t001", "t003"]
    assert found[WORLD.key("personalisation", 2)] == ["t001", "t002", "t003"]


def test_a_policy_that_shows_personalisation_no_hidden_titles_makes_no_lists(session: Session) -> None:
    World(viewers=3).store(session)
    contracts = {n: c for n, c in session.project.contracts.items() if n != "permitted_personalisation_hidden_titles"}
    vars(session)["project"] = replace(session.project, contracts=contracts)
    with pytest.raises(UsageError, match=r"purposes\.personalisation\.columns lacks hidden_titles"):
        recommend(session, SPAN, ALONE)
    assert not session.lake.has("recommendations")
