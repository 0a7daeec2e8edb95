"""Simulated people say and do what the rooms behind the door must cope with."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from media_privacy_pipeline.landing.simulate import consents, requests, viewing
from media_privacy_pipeline.landing.simulate.world import World, make_world

FIRST = date(2026, 9, 1)


@pytest.fixture(scope="module")
def planned() -> tuple[World, pa.Table, pa.Table]:
    world, asked = requests.plan(make_world(3, FIRST, 35, 2000, 200))
    world, said, _ = consents.plan(world)
    return world, consents.render(world, said), requests.render(world, asked)


@pytest.fixture(scope="module")
def plays(planned: tuple[World, pa.Table, pa.Table]) -> list[np.ndarray]:
    return [viewing.plays_of(planned[0], day, 4000) for day in range(35)]


def test_consent_is_said_by_every_signal_and_in_every_state(planned: tuple[World, pa.Table, pa.Table]) -> None:
    _, said, _ = planned
    assert set(said["signal"].to_pylist()) == {"ui", "tcf", "gpp", "gpc", "vppa", "parent", "agent", "import"}
    assert set(said["state"].to_pylist()) == {"granted", "denied", "withdrawn", "objected", None}


def test_most_households_grant_and_some_never_answered(planned: tuple[World, pa.Table, pa.Table]) -> None:
    world, said, _ = planned
    grants = said.filter((pc.field("purpose") == "analytics") & (pc.field("state") == "granted"))
    granting = len(set(grants["account_id"].to_pylist())) / world.population.households
    answering = len(set(said["account_id"].to_pylist())) / world.population.households
    assert 0.7 < granting < 0.92
    assert 0.88 < answering < 0.98


def test_some_consent_is_recorded_late_some_expires_some_is_of_the_future(
    planned: tuple[World, pa.Table, pa.Table],
) -> None:
    _, said, _ = planned
    delay = pc.days_between(said["effective_at"], said["recorded_at"])
    assert pc.max(delay).as_py() >= 2
    assert pc.min(delay).as_py() <= -19
    assert pc.count(said["expires_at"]).as_py() > 0
    assert pc.any(said["covers_history"]).as_py()


def test_every_request_is_made_and_some_are_not_verified(planned: tuple[World, pa.Table, pa.Table]) -> None:
    _, _, asked = planned
    assert set(asked["kind"].to_pylist()) == set(requests.KINDS)
    assert set(asked["verified"].to_pylist()) == {True, False}


def test_erased_households_watch_no_more(planned: tuple[World, pa.Table, pa.Table], plays: list[np.ndarray]) -> None:
    world = planned[0]
    assert (world.gone_day < 35).any()
    for day, rows in enumerate(plays):
        assert (world.gone_day[world.population.household[rows["viewer"]]] > day).all()


def test_ids_are_unique_over_the_days(plays: list[np.ndarray]) -> None:
    numbers = np.concatenate(plays)["number"]
    assert len(np.unique(numbers)) == len(numbers)


def test_plays_start_within_their_utc_day(planned: tuple[World, pa.Table, pa.Table], plays: list[np.ndarray]) -> None:
    for day, rows in enumerate(plays):
        start = planned[0].epoch(day)
        assert (rows["started"] >= start).all()
        assert (rows["started"] < start + 86_400).all()


def test_titles_are_heavy_tailed_and_launches_burst(
    planned: tuple[World, pa.Table, pa.Table], plays: list[np.ndarray]
) -> None:
    world, titles = planned[0], np.concatenate(plays)["title"]
    counts = np.sort(np.bincount(titles, minlength=205))[::-1]
    assert counts[:20].sum() > 0.25 * counts.sum()
    for title in np.flatnonzero(world.catalogue.launch_day > 0):
        before = [rows for day, rows in enumerate(plays) if day < world.catalogue.launch_day[title]]
        assert not any((rows["title"] == title).any() for rows in before)


def test_viewers_of_one_taste_share_more_titles_than_others(
    planned: tuple[World, pa.Table, pa.Table], plays: list[np.ndarray]
) -> None:
    world, rows = planned[0], np.concatenate(plays)
    rows = rows[rows["title"] < len(world.catalogue)]
    cluster = world.population.cluster[rows["viewer"]]
    share = np.stack([np.bincount(rows["title"][cluster == c], minlength=200) for c in range(8)]).astype(float)
    share /= np.linalg.norm(share, axis=1, keepdims=True)
    likeness = share @ share.T
    assert np.median(likeness[~np.eye(8, dtype=bool)]) < 0.8


def test_some_sessions_are_private_and_some_only_when_they_start(
    planned: tuple[World, pa.Table, pa.Table], plays: list[np.ndarray]
) -> None:
    rows = plays[6]
    states: dict[int, list[int]] = {}
    for session, private in zip(rows["session"].tolist(), rows["private"].tolist(), strict=True):
        states.setdefault(session, []).append(private)
    kinds = Counter("".join(str(state) for state in sorted(set(found))) for found in states.values())
    assert kinds["0"] > kinds["1"] > kinds["01"] > 0
    assert kinds["2"] > 0


def test_weekends_are_busier(plays: list[np.ndarray]) -> None:
    by_weekday = [np.mean([len(rows) for rows in plays[n::7]]) for n in range(7)]
    # The first day is a Tuesday.
    assert min(by_weekday[4], by_weekday[5]) > max(by_weekday[0], by_weekday[1])


def test_addresses_belong_to_nobody(planned: tuple[World, pa.Table, pa.Table], plays: list[np.ndarray]) -> None:
    table = viewing.render(planned[0], plays[3])
    assert pc.all(pc.match_substring_regex(table["ip_address"], r"^198\.1[89]\.\d+\.\d+$")).as_py()
    emails = planned[0].population.accounts()["email"]
    assert pc.all(pc.match_substring_regex(emails, r"@example\.org$")).as_py()


def test_a_zone_of_one_household_and_one_day_is_a_zone(tmp_path: Path) -> None:
    from media_privacy_pipeline.landing.simulate import simulate

    made = simulate(tmp_path / "zone", households=1, days=1, titles=1)
    assert made.rows["accounts"] >= 1
