"""creator_exposure and fairness_report: lists counted once a month, at the declared price, and never again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
from models_world import SPAN, World, bytes_of, rows_of, write
from test_popular_by_region import put

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.models.config import FairnessConfig, ModelsConfig
from media_privacy_pipeline.models.fairness.step import STATEMENT, expose
from media_privacy_pipeline.privacy.open import open_desk

CONFIG = ModelsConfig(fairness=FairnessConfig(minimum_audience=150.0))
TABLES = (STATEMENT, "fairness_report")


def charges(session: Session) -> list[tuple[str, float]]:
    desk = open_desk(session)
    try:
        return [(charge.partition, charge.spend.mu) for charge in desk.ledger.charges(STATEMENT)]
    finally:
        desk.ledger.close()


def store_lists(session: Session, world: World, titles: list[str]) -> None:
    keys = [world.key("personalisation", n) for n in range(world.viewers)]
    listed: dict[str, list[Any]] = {
        "viewer_key": [key for key in keys for _ in titles],
        "rank": [n + 1 for _ in keys for n in range(len(titles))],
        "title_id": titles * len(keys),
        "score": [1.0] * len(keys) * len(titles),
    }
    write(session, "recommendations", **listed)


@pytest.fixture
def world(session: Session) -> World:
    World(viewers=8, titles=4, plays=20).store(session)
    world = World(viewers=1600, titles=4)
    world.store_accounts(session, range(world.viewers))
    write(
        session,
        "accepted_titles",
        title_id=[world.title(n) for n in range(4)],
        title=["a", "b", "c", "d"],
        genres=[["drama"], ["drama"], ["comedy"], ["news"]],
        creator=["ada", "ada", "bea", "small"],
        maturity=["all"] * 4,
        sensitive=[False] * 4,
    )
    counts = [
        {"title_id": world.title(n), "viewers": v, "viewers_high": v + 2} for n, v in enumerate((900, 300, 800, 5))
    ]
    put(session, "title_daily", "day", SPAN.last - timedelta(days=2), counts)
    store_lists(session, world, [world.title(0), world.title(3)])
    return world


def test_what_is_shown_stands_beside_what_is_watched(session: Session, world: World) -> None:
    expose(session, SPAN, CONFIG)
    creators = {row["creator"]: row for row in rows_of(session, STATEMENT)}
    assert creators.keys() == {"ada", "bea", "small"}
    assert creators["small"]["under_minimum"]
    assert creators["small"]["exposure"] is None
    # 800 accounts; the noise, 22 times the square root of 3, makes a deviation of .063: p < 1e-7.
    assert creators["ada"]["exposure"] == pytest.approx(1 / (1 + 0.63), abs=0.35)
    assert creators["ada"]["utility"] == pytest.approx(1200 / 2005)
    groups = {(row["facet"], row["group_name"]): row for row in rows_of(session, "fairness_report")}
    assert groups.keys() == {
        ("genre", "comedy"),
        ("genre", "drama"),
        ("genre", "news"),
        ("reach", "head"),
        ("reach", "long tail"),
    }
    assert groups["genre", "news"]["under_minimum"]


def test_a_month_is_paid_for_once_and_its_count_holds_whatever_is_shown_later(session: Session, world: World) -> None:
    expose(session, SPAN, CONFIG)
    paid, kept = charges(session), [bytes_of(session, table) for table in TABLES]
    declared = session.policy.releases.vectors[STATEMENT].mu
    assert [(period, pytest.approx(mu, rel=1e-3)) for period, mu in paid] == [("2026-03.0", declared)]
    assert paid[0][1] <= declared
    store_lists(session, world, [world.title(2)])
    put(session, "title_daily", "day", SPAN.last - timedelta(days=3), [{"title_id": world.title(1), "viewers": 9.0}])
    assert expose(session, SPAN, CONFIG).skipped
    assert charges(session) == paid
    assert [bytes_of(session, table) for table in TABLES] == kept
    early = Span.of(date(2026, 4, 1), date(2026, 4, 1))
    world.store_events(session, "training", world.events(), 3)
    assert expose(session, early, CONFIG).skipped, "the last month's count holds until the next is drawn"


def test_too_few_days_cost_nothing_and_nor_does_a_policy_that_pays_for_none(session: Session, world: World) -> None:
    world.store_events(session, "training", world.events(), 6)
    result = expose(session, SPAN, CONFIG)
    assert charges(session) == []
    assert rows_of(session, STATEMENT) == rows_of(session, "fairness_report") == []
    assert "from 7 arrival days on" in str(result.metadata["reason"])
    assert not (session.settings.models / "fairness").exists()
    releases = session.policy.releases
    without = {name: each for name, each in releases.vectors.items() if name != STATEMENT}
    changed = releases.model_copy(update={"vectors": without})
    vars(session)["policy"] = session.policy.model_copy(update={"releases": changed})
    assert "pays for no creator_exposure" in str(expose(session, SPAN, CONFIG).metadata["reason"])


def test_a_month_without_anybody_is_drawn_and_paid_for_as_any_other(session: Session, world: World) -> None:
    nobody = {"viewer_key": pa.string(), "rank": pa.int32(), "title_id": pa.string(), "score": pa.float64()}
    write(session, "recommendations", **{name: pa.array([], kind) for name, kind in nobody.items()})  # type: ignore[arg-type]
    result = expose(session, SPAN, CONFIG)
    assert [period for period, _ in charges(session)] == ["2026-03.0"]
    assert result.metadata["period"] == "2026-03"
