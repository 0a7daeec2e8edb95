"""creator_exposure and fairness_report: counted once a month, at the declared price, and never again."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from models_world import SPAN, World, bytes_of, rows_of, write
from test_popular_by_region import put

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.engines.types import arrow_schema
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


def store_plays(session: Session, titles: list[str], days: int = 7, referrer: str = "recommendation") -> None:
    """800 accounts play the first of the titles three times and the second once on one of so many arrival days."""
    table, taken_in = "permitted_analytics_viewing_events", [SPAN.last - timedelta(days=n) for n in range(days)]
    session.lake.delete(table)
    with session.lake.write(table, f"{titles} {days}", taken_in) as staging:
        folder = staging / f"arrival_day={SPAN.last.isoformat()}"
        folder.mkdir()
        played = [titles[0]] * 3 + titles[1:]
        rows = {"account_key": [f"a{n}" for n in range(800) for _ in played], "title_id": played * 800}
        rows |= {"referrer": [referrer] * len(played) * 800}
        schema = arrow_schema(
            {n: kind for n, kind in session.project.contracts[table].types.items() if n != "arrival_day"}
        )
        columns = [
            pa.array(rows.get(name, [None] * len(played) * 800), schema.field(name).type) for name in schema.names
        ]
        pq.write_table(pa.Table.from_arrays(columns, schema=schema), folder / "part-0.parquet")


@pytest.fixture
def world(session: Session) -> World:
    world = World(viewers=8, titles=4)
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
    store_plays(session, [world.title(0), world.title(3)])
    return world


def test_what_recommendations_lead_to_stands_beside_what_is_watched(session: Session, world: World) -> None:
    expose(session, SPAN, CONFIG)
    creators = {row["creator"]: row for row in rows_of(session, STATEMENT)}
    assert creators.keys() == {"ada", "bea", "small"}
    assert creators["small"]["under_minimum"]
    assert creators["small"]["exposure"] is None
    # 800 accounts; the noise, 22 times the square root of 3, makes a deviation of .07: p < 1e-6.
    assert creators["ada"]["exposure"] == pytest.approx(3 / 4, abs=0.35)
    assert creators["bea"]["exposure"] == pytest.approx(0, abs=0.3)
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


def test_a_month_is_paid_for_once_and_its_count_holds_whatever_is_played_later(session: Session, world: World) -> None:
    expose(session, SPAN, CONFIG)
    paid, kept = charges(session), [bytes_of(session, table) for table in TABLES]
    declared = session.policy.releases.vectors[STATEMENT].mu
    assert [(period, pytest.approx(mu, rel=1e-3)) for period, mu in paid] == [("2026-03.0", declared)]
    assert paid[0][1] <= declared
    store_plays(session, [world.title(2)])
    put(session, "title_daily", "day", SPAN.last - timedelta(days=3), [{"title_id": world.title(1), "viewers": 9.0}])
    assert expose(session, SPAN, CONFIG).skipped
    assert charges(session) == paid
    assert [bytes_of(session, table) for table in TABLES] == kept
    early = Span.of(date(2026, 4, 1), date(2026, 4, 1))
    store_plays(session, [world.title(2)], 3)
    assert expose(session, early, CONFIG).skipped, "the last month's count holds until the next is drawn"


def test_too_few_days_cost_nothing_and_nor_does_a_policy_that_pays_for_none(session: Session, world: World) -> None:
    store_plays(session, [world.title(0)], 6)
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
    store_plays(session, [world.title(0)], referrer="search")
    result = expose(session, SPAN, CONFIG)
    assert [period for period, _ in charges(session)] == ["2026-03.0"]
    assert result.metadata["period"] == "2026-03"
