"""Exposure is counted in one bounded vector an account, whoever is in it and whatever they are shown."""

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
VIEWERS = [f"v{n}" for n in range(6)]

Lists = dict[str, list[str]]
LISTS = st.dictionaries(
    st.sampled_from(VIEWERS), st.lists(st.sampled_from([*TITLES, "gone"]), min_size=1, unique=True), max_size=6
)
HOUSES = st.lists(st.integers(0, 2), min_size=6, max_size=6)


def rows(lists: Lists) -> pa.Table:
    listed = [(viewer, n + 1, title) for viewer, own in lists.items() for n, title in enumerate(own)]
    names = {"viewer_key": pa.string(), "rank": pa.int32(), "title_id": pa.string()}
    columns = zip(*listed, strict=True) if listed else ([], [], [])
    return pa.table({n: pa.array(list(c), t) for (n, t), c in zip(names.items(), columns, strict=True)})


def accounts(houses: list[int]) -> pa.Table:
    keys = {"viewer_key": VIEWERS[: len(houses)], "account_key": [f"a{house}" for house in houses]}
    return pa.table({name: pa.array(column, pa.string()) for name, column in keys.items()})


def counted(lists: Lists, houses: list[int]) -> np.ndarray:
    return np.concatenate(list(contributions(PLAN, rows(lists), accounts(houses))))


@settings(max_examples=100)
@given(LISTS, HOUSES, st.integers(0, 2))
def test_an_account_moves_the_sum_by_no_more_than_the_declared_norm(lists: Lists, houses: list[int], out: int) -> None:
    found = counted(lists, houses)
    assert (np.linalg.norm(found, axis=1) <= 1 + 1e-12).all()
    left = {viewer: own for viewer, own in lists.items() if houses[VIEWERS.index(viewer)] != out}
    assert np.linalg.norm(found.sum(axis=0) - counted(left, houses).sum(axis=0)) <= 1 + 1e-12


@settings(max_examples=50)
@given(LISTS, HOUSES)
def test_every_account_with_a_list_is_worth_one_in_each_facet(lists: Lists, houses: list[int]) -> None:
    there = {houses[VIEWERS.index(viewer)] for viewer, own in lists.items() if set(own) - {"gone"}}
    found = counted(lists, houses)
    assert len(found) == len(there)
    for facet in FACETS:
        own = [n for n, (name, _) in enumerate(PLAN.groups) if name == facet]
        assert found[:, own].sum(axis=1) / SCALE == pytest.approx(np.ones(len(there)))


def test_a_place_is_worth_less_further_down_and_profiles_share_an_account() -> None:
    column = {group: n for n, group in enumerate(PLAN.groups)}
    (row,) = counted({"v0": ["t1", "t4", "t2"], "v1": ["t3"]}, [7, 7]) / SCALE
    worth = np.array([1, 1 / np.log2(3), 0.5])
    first, second, third = worth / worth.sum() / 2
    assert row[column["creator", "ada"]] == pytest.approx(first + third)
    assert row[column["creator", "bea"]] == pytest.approx(second)
    assert row[column["creator", "unknown"]] == pytest.approx(0.5)
    assert row[column["genre", "comedy"]] == pytest.approx(third / 2)
    assert row[column["reach", "long tail"]] == pytest.approx(second + 0.5)


def test_whose_account_is_not_known_is_not_counted() -> None:
    assert not len(counted({"v5": ["t1"]}, [1, 1]))
    assert counted({"v5": ["t1"], "v0": ["t1"]}, [1]).shape[0] == 1


def test_shares_gaps_and_intervals_are_those_of_the_counts() -> None:
    lists: Lists = {"v0": ["t1"], "v1": ["t1"], "v2": ["t1"], "v3": ["t3"]}
    sums = counted(lists, [0, 1, 2, 3]).sum(axis=0) * 1000
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
    sums = counted({"v0": ["t4"], "v1": ["t1"]}, [0, 1]).sum(axis=0) * 1000
    found = {row["group_name"]: row for row in told(PLAN, sums, SCALE, 100.0) if row["facet"] == "creator"}
    assert found["bea"]["under_minimum"]
    assert {v for name, v in found["bea"].items() if name.startswith(("exposure", "utility", "gap"))} == {None}
    assert not found["ada"]["under_minimum"]
    assert found["unknown"]["exposure"] == 0


def test_lists_that_do_not_stand_out_of_the_noise_tell_nothing() -> None:
    sums = counted({"v0": ["t1"]}, [0]).sum(axis=0)
    assert told(PLAN, sums, 22.0, 1.0) == []
    assert told(PLAN.model_copy(update={"watched": {}}), sums * 1000, 1.0, 1.0) == []


def test_the_truth_lies_in_as_many_intervals_as_they_say() -> None:
    random = np.random.default_rng(11)
    exact = counted({"v0": ["t1", "t4"], "v1": ["t2"], "v2": ["t3", "t1"]}, [0, 1, 2]).sum(axis=0) * 300
    truth = {row["group_name"]: row["exposure"] for row in told(PLAN, exact, 1e-9, 1.0)}
    inside = []
    for _ in range(300):
        noisy = exact + random.normal(0, 20 * SCALE, len(exact))
        for row in told(PLAN, noisy, 20 * SCALE, 1.0):
            inside.append(row["exposure_low"] <= truth[row["group_name"]] <= row["exposure_high"])
    assert 0.94 < np.mean(inside) <= 1
