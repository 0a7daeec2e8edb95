"""Exposure is counted in one bounded vector an account, of its own plays alone, whatever and how much it plays."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_privacy_pipeline.models.fairness.exposure import SCALE, contributions
from media_privacy_pipeline.models.fairness.plan import FACETS, Plan, Watched
from media_privacy_pipeline.models.fairness.report import told
from media_privacy_pipeline.models.inputs import Title

TITLES = {
    "t1": Title("One", 0, ("drama",), sensitive=False, creator="ada"),
    "t2": Title("Two", 0, ("drama", "comedy"), sensitive=False, creator="ada"),
    "t3": Title("Three", 0, (), sensitive=False, creator=None),
    "t4": Title("Four", 0, ("news",), sensitive=False, creator="bea"),
}
WATCHED = {"t1": Watched(500.0, 3.0), "t2": Watched(300.0, 4.0), "t3": Watched(196.0, 0.0), "t4": Watched(4.0, 12.0)}
PLAN = Plan.of("2026-03", TITLES, frozenset({"t3", "t4"}), WATCHED, 28)
Plays = dict[tuple[str, str], int]
PAIRS = st.tuples(st.sampled_from(["a1", "a2", "a3"]), st.sampled_from([*TITLES, "gone"]))
PLAYS = st.dictionaries(PAIRS, st.integers(1, 10_000))


def counted(plays: Plays) -> np.ndarray:
    names = {"account_key": [who for who, _ in plays], "title_id": [what for _, what in plays]}
    columns = {name: pa.chunked_array([pa.array(values, pa.string())]) for name, values in names.items()}
    table = pa.table({**columns, "plays": pa.array(list(plays.values()), pa.int64())})
    return np.concatenate(list(contributions(PLAN, table)))


@settings(max_examples=40)
@given(PLAYS, st.sampled_from(["a1", "a2", "a3"]), PLAYS)
def test_whatever_an_account_plays_moves_the_sum_by_no_more_than_the_declared_norm(
    plays: Plays, one: str, other: Plays
) -> None:
    found = counted(plays)
    assert (np.linalg.norm(found, axis=1) <= 1 + 1e-12).all()
    without = {pair: n for pair, n in plays.items() if pair[0] != one}
    assert np.linalg.norm(found.sum(axis=0) - counted(without).sum(axis=0)) <= 1 + 1e-12
    added = without | {pair: n for pair, n in other.items() if pair[0] == one}
    assert np.linalg.norm(counted(added).sum(axis=0) - counted(without).sum(axis=0)) <= 1 + 1e-12


@settings(max_examples=25)
@given(PLAYS)
def test_every_account_with_a_play_is_worth_one_in_each_facet(plays: Plays) -> None:
    there = {who for who, what in plays if what != "gone"}
    found = counted(plays)
    assert len(found) == len(there)
    for facet in FACETS:
        own = [n for n, (name, _) in enumerate(PLAN.groups) if name == facet]
        assert found[:, own].sum(axis=1) / SCALE == pytest.approx(np.ones(len(there)))


def test_plays_are_parts_of_an_account_and_a_title_of_its_genres() -> None:
    column = {group: n for n, group in enumerate(PLAN.groups)}
    (row,) = counted({("a1", "t1"): 5, ("a1", "t4"): 1, ("a1", "t2"): 2, ("a1", "gone"): 9}) / SCALE
    assert row[column["creator", "ada"]] == pytest.approx(7 / 8)
    assert row[column["creator", "bea"]] == pytest.approx(1 / 8)
    assert row[column["creator", "unknown"]] == 0
    assert row[column["genre", "drama"]] == pytest.approx(6 / 8)
    assert row[column["genre", "comedy"]] == pytest.approx(1 / 8)
    assert row[column["reach", "long tail"]] == pytest.approx(1 / 8)


def test_shares_gaps_and_intervals_are_those_of_the_counts() -> None:
    sums = counted({("a1", "t1"): 1, ("a2", "t1"): 1, ("a3", "t1"): 1, ("a4", "t3"): 8}).sum(axis=0) * 1000
    found = {row["group_name"]: row for row in told(PLAN, sums, 10 * SCALE, 100.0)}
    ada = found["ada"]
    assert ada["exposure"] == pytest.approx(0.75)
    assert ada["utility"] == pytest.approx(0.8)
    assert ada["gap"] == pytest.approx(-0.05)
    shown = np.hypot(10, 0.75 * 10 * 2**0.5) / 4000
    watched = np.sqrt(0.2**2 * 25 + 0.8**2 * 144) / 1000
    assert ada["exposure_high"] - ada["exposure"] == pytest.approx(1.959964 * shown)
    assert ada["utility_high"] - ada["utility"] == pytest.approx(1.959964 * watched)
    assert ada["gap_high"] - ada["gap"] == pytest.approx(1.959964 * np.hypot(shown, watched))
    head, tail = found["head"], found["long tail"]
    assert head["gap"] == pytest.approx(-tail["gap"])
    assert head["gap_high"] - head["gap"] == pytest.approx(tail["gap_high"] - tail["gap"])


def test_a_creator_under_the_minimum_audience_is_said_to_be_and_has_no_figure() -> None:
    sums = counted({("a1", "t4"): 1, ("a2", "t1"): 1}).sum(axis=0) * 1000
    found = {row["group_name"]: row for row in told(PLAN, sums, SCALE, 100.0) if row["facet"] == "creator"}
    assert found["bea"]["under_minimum"]
    assert {v for name, v in found["bea"].items() if name.startswith(("exposure", "utility", "gap"))} == {None}
    assert not found["ada"]["under_minimum"]
    assert found["unknown"]["exposure"] == 0


def test_accounts_that_do_not_stand_out_of_the_noise_tell_nothing() -> None:
    sums = counted({("a1", "t1"): 1}).sum(axis=0)
    assert told(PLAN, sums, 22.0, 1.0) == []
    assert told(PLAN.model_copy(update={"watched": {}}), sums * 1000, 1.0, 1.0) == []


def test_the_truth_lies_in_as_many_intervals_as_they_say() -> None:
    random = np.random.default_rng(11)
    plays = {("a1", "t1"): 2, ("a1", "t4"): 1, ("a2", "t2"): 1, ("a3", "t3"): 3, ("a3", "t1"): 1}
    exact = counted(plays).sum(axis=0) * 300
    truth = {row["group_name"]: row["exposure"] for row in told(PLAN, exact, 1e-9, 1.0)}
    inside = []
    for _ in range(300):
        noisy = exact + random.normal(0, 20 * SCALE, len(exact))
        for row in told(PLAN, noisy, 20 * SCALE, 1.0):
            inside.append(row["exposure_low"] <= truth[row["group_name"]] <= row["exposure_high"])
    assert 0.94 < np.mean(inside) <= 1
