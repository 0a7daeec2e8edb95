"""popular_by_region: each country's own list as far as it stands out of the noise, from open counts alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from models_world import QUICK, SPAN, World, rows_of, write

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.models.coldstart.floor import RegionalFloor
from media_privacy_pipeline.models.coldstart.region import Counts, counts_of, regional
from media_privacy_pipeline.models.coldstart.step import ELSEWHERE, popularise
from media_privacy_pipeline.models.steps import recommend
from media_privacy_pipeline.policy import ServingPolicy

PERIODS = [date(2026, 1, 19), date(2026, 2, 16), date(2026, 3, 16)]
"""The last has not ended by the span's end, and the first is not the last that has."""
SIGMA = 10.0


def store_open(session: Session, overall: dict[str, float], own: dict[tuple[str, str], float]) -> None:
    """Released counts: of all countries on one day, and of countries in the last period, and others
    in those before and after it."""
    put(session, "title_daily", "day", date(2026, 3, 17), [{"title_id": t, "viewers": v} for t, v in overall.items()])
    for period in PERIODS:
        sign = 1 if period == PERIODS[1] else -1
        rows = [
            {
                "country": c,
                "title_id": t,
                "viewers": max(0.0, sign * v),
                "viewers_high": max(0.0, sign * v) + 1.96 * SIGMA,
            }
            for (c, t), v in own.items()
        ]
        put(session, "title_by_country", "period", period, rows)


def put(session: Session, table: str, by: str, day: date, rows: list[dict[str, Any]]) -> None:
    with session.lake.write(table, f"{day} {rows}", [day], by=by) as staging:
        (staging / f"{by}={day.isoformat()}").mkdir()
        full = {
            name: pa.array([row.get(name, 0.0) for row in rows])
            for name in session.project.contracts[table].types
            if name != by
        }
        pq.write_table(pa.table(full), staging / f"{by}={day.isoformat()}" / "part-0.parquet")


def lists(session: Session) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows_of(session, "popular_by_region"):
        found.setdefault(str(row["country"]), []).append(str(row["title_id"]))
    return found


@pytest.fixture
def stored(session: Session) -> Session:
    world = World(viewers=8, titles=12, maturity={"t002": "18"}).store(session)
    overall = {world.title(n): 1000.0 - 50 * n for n in range(10)}
    own = {("DE", t): v / 5 for t, v in overall.items()} | {("DE", "t007"): 900.0}
    own |= {("JP", t): v / 5 for t, v in overall.items()}
    store_open(session, overall, own)
    return session


def test_a_country_leads_with_what_stands_out_there_and_the_others_have_everybodys_list(stored: Session) -> None:
    result = popularise(stored, SPAN)
    found = lists(stored)
    everybody = [f"t{n:03d}" for n in range(10)]
    assert found["DE"][0] == "t007"
    assert found["JP"] == found["FR"] == found[ELSEWHERE] == everybody
    assert {row["own_share"] for row in rows_of(stored, "popular_by_region") if row["country"] == "FR"} == {0.0}
    assert result.metadata["period"] == "2026-02-16"
    assert popularise(stored, SPAN).skipped


def test_noise_alone_gives_every_country_the_same_list() -> None:
    random = np.random.default_rng(7)
    overall = 1000 / np.arange(1, 501)
    titles = np.array([f"t{n:03d}" for n in range(500)])
    noisy = 0.1 * overall + random.normal(0, SIGMA, (40, 500))
    found = regional(Counts([f"c{n}" for n in range(40)], titles, noisy, np.full((40, 500), SIGMA**2), overall))
    assert found.own_share.max() < 0.25
    assert (found.own_share == 0).mean() > 0.3
    apart = overall * random.permutation(np.repeat([0.2, 3.0], 250)) + random.normal(0, SIGMA, 500)
    real = regional(Counts(["c"], titles, apart[None], np.full((1, 500), SIGMA**2), overall))
    assert real.own_share[0] > 0.9


def test_rows_add_up_with_their_noise_and_unknown_countries_are_left_out() -> None:
    rows = [("DE", "a", 5.0, 5.0 + 1.959964 * 3), ("DE", "a", 7.0, 7.0 + 1.959964 * 4), ("XX", "b", 9.0, 9.0)]
    counts = counts_of(["DE", "ZZ"], {"a": 2.0, "c": -1.0}, rows)
    assert counts.titles.tolist() == ["a", "b", "c"]
    assert counts.own.tolist() == [[12.0, 0, 0], [0, 0, 0]]
    assert counts.variance[0, 0] == pytest.approx(25)
    assert counts.overall.tolist() == [2.0, 0.0, 0.0]


def test_blocked_titles_and_those_that_left_the_catalogue_are_not_listed(stored: Session) -> None:
    vars(stored)["policy"] = stored.policy.model_copy(update={"serving": ServingPolicy(blocked_titles=("t001",))})
    World(titles=9).store_titles(stored)
    popularise(stored, SPAN)
    assert lists(stored)["FR"] == [f"t{n:03d}" for n in range(9) if n != 1]


def test_who_has_no_history_gets_the_list_of_their_country_and_age(stored: Session) -> None:
    world = World(viewers=8)
    keys = [world.key("personalisation", n) for n in range(5)]
    stored.lake.delete("permitted_personalisation_viewing_events")
    world.store_events(stored, "personalisation", [])
    write(
        stored,
        "permitted_personalisation_accounts",
        viewer_key=list(keys),
        account_key=list(keys),
        is_kid=[False] * 5,
        birth_year=[1980, 1980, 2015, 1980, 1990],
        country=["DE", "JP", "JP", "SE", None],
    )
    popularise(stored, SPAN)
    recommend(stored, SPAN, QUICK)
    found: dict[str, list[str]] = {}
    for row in rows_of(stored, "recommendations"):
        found.setdefault(str(row["viewer_key"]), []).append(str(row["title_id"]))
        assert row["reason_title_id"] is None
    german, japanese, child, swede, nowhere = (found[key] for key in keys)
    assert german == lists(stored)["DE"]
    assert japanese == swede == nowhere == lists(stored)[ELSEWHERE]
    assert child == [title for title in japanese if title != "t002"]


def test_before_any_period_was_released_all_have_everybodys_list_and_without_counts_none(session: Session) -> None:
    World(viewers=4, titles=6).store(session)
    popularise(session, SPAN)
    assert lists(session) == {}
    day = SPAN.last - timedelta(days=3)
    put(
        session, "title_daily", "day", day, [{"title_id": "t001", "viewers": 4.0}, {"title_id": "t000", "viewers": 9.0}]
    )
    popularise(session, SPAN)
    assert set(map(tuple, lists(session).values())) == {("t000", "t001")}
    assert ELSEWHERE in lists(session)


def test_a_floor_without_the_list_of_elsewhere_is_a_clear_error() -> None:
    with pytest.raises(UsageError, match="no list of ZZ"):
        RegionalFloor({"DE": {"t": 1.0}}, "ZZ", pa.array([], pa.string()), [])
