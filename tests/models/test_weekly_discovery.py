"""weekly_discovery: the same list all week, whatever is watched, trained or re-run; a new one on Monday."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from models_world import ALONE, SPAN, World, rows_of

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.models.config import IalsConfig, ModelsConfig
from media_privacy_pipeline.models.inputs import personalisation_interactions
from media_privacy_pipeline.models.serving.step import discover
from media_privacy_pipeline.models.serving.weekly import week_of
from media_privacy_pipeline.models.steps import train

WORLD = World(viewers=60, titles=48)


def lists(session: Session) -> dict[str, list[tuple[object, object]]]:
    found: dict[str, list[tuple[object, object]]] = {}
    for row in rows_of(session, "weekly_discovery"):
        found.setdefault(str(row["viewer_key"]), []).append((row["rank"], row["title_id"]))
    return found


def night(session: Session, span: Span = SPAN) -> None:
    personalisation_interactions(session, span)
    discover(session, span, ALONE)


@pytest.fixture
def trained(session: Session) -> Session:
    WORLD.store(session)
    train(session, SPAN, ALONE)
    night(session)
    return session


def test_everybody_has_one_list_of_unseen_titles_of_this_week(trained: Session) -> None:
    rows = rows_of(trained, "weekly_discovery")
    seen = {(r["viewer_key"], r["title_id"]) for r in rows_of(trained, "personalisation_interactions")}
    assert {row["week"] for row in rows} == {week_of(SPAN.as_of.date())}
    assert not seen & {(row["viewer_key"], row["title_id"]) for row in rows}
    assert all([rank for rank, _ in own] == list(range(1, len(own) + 1)) for own in lists(trained).values())
    assert len(lists(trained)) == WORLD.viewers
    assert discover(trained, SPAN, ALONE).skipped


def test_a_list_stays_whatever_is_watched_and_trained_within_the_week(trained: Session) -> None:
    before = lists(trained)
    viewer = WORLD.key("personalisation", 0)
    shown = str(before[viewer][0][1])
    WORLD.store_events(trained, "personalisation", [*WORLD.events(), (0, shown, SPAN.last)])
    WORLD.store_events(trained, "training", WORLD.events()[50:])
    train(trained, SPAN, ALONE)
    night(trained)
    assert lists(trained) == before


def test_who_withdraws_leaves_at_once_and_who_comes_gets_a_list(trained: Session) -> None:
    before = lists(trained)
    gone = WORLD.key("personalisation", 3)
    events = [event for event in WORLD.events() if event[0] != 3]
    WORLD.store_events(trained, "personalisation", [*events, (WORLD.viewers + 1, WORLD.title(1), SPAN.last)])
    WORLD.store_accounts(trained, [viewer for viewer in range(WORLD.viewers) if viewer != 3])
    night(trained)
    after = lists(trained)
    assert gone not in after
    assert len(after) == WORLD.viewers
    assert {viewer: after[viewer] for viewer in before if viewer != gone} == {
        viewer: own for viewer, own in before.items() if viewer != gone
    }


def test_a_title_that_left_the_catalogue_leaves_the_lists_and_the_others_keep_their_ranks(trained: Session) -> None:
    before = lists(trained)
    World(viewers=60, titles=24).store_titles(trained)
    night(trained)
    stays = {WORLD.title(n) for n in range(24)}
    for viewer, own in lists(trained).items():
        kept = [(rank, title) for rank, title in before[viewer] if title in stays]
        assert own == kept or not kept


def test_on_monday_there_is_a_new_list_and_the_old_one_is_gone(trained: Session) -> None:
    before = lists(trained)
    viewer = WORLD.key("personalisation", 0)
    shown = str(before[viewer][0][1])
    later = Span.of(SPAN.first, SPAN.last, SPAN.as_of + timedelta(days=7))
    WORLD.store_events(trained, "personalisation", [*WORLD.events(), (0, shown, SPAN.last)])
    night(trained, later)
    assert {row["week"] for row in rows_of(trained, "weekly_discovery")} == {week_of(later.as_of.date())}
    assert shown not in {title for _, title in lists(trained)[viewer]}


def test_weeks_begin_on_monday() -> None:
    assert week_of(date(2026, 3, 1)) == date(2026, 2, 23)
    assert week_of(date(2026, 3, 2)) == week_of(date(2026, 3, 8)) == date(2026, 3, 2)


def test_what_the_rerank_costs_is_told_with_intervals(trained: Session) -> None:
    rows = {(r["list"], r["calibration"], r["metric"]): r for r in rows_of(trained, "rerank_tradeoff")}
    plain, strong = rows["plain", None, "miscalibration"], rows["reranked", 0.9, "miscalibration"]
    assert float(str(strong["value"])) < float(str(plain["value"]))
    assert all(float(str(r["low"])) <= float(str(r["value"])) <= float(str(r["high"])) for r in rows.values())
    cost = rows["reranked", 0.9, "ndcg_cost"]
    ndcg = [float(str(rows[name, weight, "ndcg"]["value"])) for name, weight in (("plain", None), ("reranked", 0.9))]
    assert float(str(cost["value"])) == pytest.approx(ndcg[0] - ndcg[1])


def test_without_a_model_and_open_counts_there_is_nothing_to_show(session: Session) -> None:
    WORLD.store(session)
    night(session)
    assert rows_of(session, "weekly_discovery") == []


def test_where_popularity_is_in_service_the_open_counts_that_were_paid_for_are_what_is_listed(session: Session) -> None:
    WORLD.store(session)
    floor = ModelsConfig(contenders={}, ials=IalsConfig(factors=1, regularisation=1e6))
    assert train(session, SPAN, floor).metadata["serves"] == "popularity"
    # Of all titles that people watch, these two alone have open counts.
    counts = {"title_id": [WORLD.title(0), WORLD.title(1)], "viewers": pa.array([9.0, 5.0])}
    with session.lake.write("title_daily", "open", [SPAN.first], by="day") as staging:
        folder = staging / f"day={SPAN.first.isoformat()}"
        folder.mkdir()
        pq.write_table(pa.table(counts), folder / "part-0.parquet")
    night(session)
    assert {row["title_id"] for row in rows_of(session, "weekly_discovery")} <= {WORLD.title(0), WORLD.title(1)}
