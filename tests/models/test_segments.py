"""Segments: an account's bound, sensitive titles shut out, merging, names; on sums without noise unless said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.models.config import SegmentsConfig
from media_privacy_pipeline.models.inputs import Title
from media_privacy_pipeline.models.interactions import Floats, Interactions
from media_privacy_pipeline.models.segments import learning
from media_privacy_pipeline.models.segments.learning import Segmentation, Shape, assigned, learn, merged, population
from media_privacy_pipeline.models.segments.numbering import numbered
from media_privacy_pipeline.models.segments.profile import distinct_names, profile, standing_out
from media_privacy_pipeline.models.segments.space import Plan, make_plan, nearest

GENRES = ("comedy", "drama", "horror", "western")
CATALOGUE = {f"t{n}": Title(f"Title {n}", 0, (GENRES[n % 4],), sensitive=False) for n in range(20)}
CATALOGUE |= {"s1": Title("Secret", 0, ("horror",), sensitive=True), "bare": Title("Bare", 0, (), sensitive=False)}
POPULAR = {f"t{n}": float(n) for n in range(20)} | {"s1": 99.0}


class Exact:
    """A release without noise that keeps what was handed to it."""

    def __init__(self, sigma: float = 0.01) -> None:
        self.sigma = sigma
        self.tables: list[Floats] = []

    def __call__(self, part: int, contributions: Callable[[], Iterator[Floats]]) -> Floats:
        assert part == len(self.tables)
        self.tables.append(np.concatenate(list(contributions())))
        return np.asarray(self.tables[-1].sum(axis=0))


def four(plan: Plan, shape: Shape, sigma: float) -> int:
    return 4


@cache
def plan(**changes: int) -> Plan:
    made = make_plan("2026-03", CATALOGUE, POPULAR, SegmentsConfig(**{"segments": 4, "titles": 8, **changes}))  # type: ignore[arg-type]
    assert made is not None
    return made


def numbers(made: Plan, viewers: Interactions, found: Segmentation, minimum: float) -> list[int]:
    """The segment of each viewer."""
    named = numbered(made, found, merged(found, minimum))
    return list(assigned(viewers, CATALOGUE, made, found, named.of_clusters(len(found.centres))).tolist())


WATCHED = st.lists(st.sampled_from([*CATALOGUE, "unknown"]), min_size=1, max_size=12)
HOUSEHOLDS = st.lists(st.lists(WATCHED, min_size=1, max_size=4), min_size=1, max_size=6)


def people_of(households: list[list[list[str]]]) -> tuple[Interactions, pa.ChunkedArray]:
    """Viewers `aa.pp`, and the account of each in the order of the viewers."""
    rows = [
        (f"{a:02d}.{p:02d}", title)
        for a, profiles in enumerate(households)
        for p, watched in enumerate(profiles)
        for title in watched
    ]
    viewers = Interactions.of([v for v, _ in rows], [t for _, t in rows])
    return viewers, pa.chunked_array([[key.split(".")[0] for key in viewers.viewers.to_pylist()]], pa.string())


@given(HOUSEHOLDS)
def test_no_account_adds_more_than_length_one_to_any_part(households: list[list[list[str]]]) -> None:
    viewers, accounts = people_of(households)
    release = Exact()
    learn(plan(), lambda: population(viewers, accounts, CATALOGUE, plan()), release, four)
    assert len(release.tables) == plan().parts
    for table in release.tables:
        assert (np.linalg.norm(table, axis=1) <= 1 + 1e-9).all()
        assert len(table) <= len(households)


@given(HOUSEHOLDS, st.lists(st.integers(0, 5), max_size=4))
def test_planting_a_sensitive_title_changes_no_segment(households: list[list[list[str]]], where: list[int]) -> None:
    planted = [
        [[*watched, "s1"] if a in where else watched for watched in profiles] for a, profiles in enumerate(households)
    ]
    made = plan()
    without, with_it = Exact(), Exact()
    found = []
    for release, world in ((without, households), (with_it, planted)):
        viewers, accounts = people_of(world)
        segmentation = learn(made, lambda v=viewers, a=accounts: population(v, a, CATALOGUE, made), release, four)  # type: ignore[misc]
        found.append(numbers(made, viewers, segmentation, 0.0))
    for one, two in zip(without.tables, with_it.tables, strict=True):
        assert np.array_equal(one, two)
    assert found[0] == found[1]


def test_a_plan_is_made_of_public_things_alone_and_names_no_sensitive_title() -> None:
    made = plan()
    assert made.genres == GENRES
    assert "s1" not in made.titles
    assert made == plan.__wrapped__()
    assert Plan.model_validate_json(made.model_dump_json()) == made


def test_without_genres_that_differ_there_is_no_plan() -> None:
    alike = {"a": Title("A", 0, ("drama",), sensitive=False), "b": Title("B", 0, (), sensitive=False)}
    assert make_plan("2026-03", alike, {}, SegmentsConfig()) is None
    assert make_plan("2026-03", {}, {}, SegmentsConfig()) is None


def test_tastes_become_segments_that_are_called_after_them() -> None:
    households = [[[f"t{n}" for n in range(20) if n % 4 == a % 4]] for a in range(200)]
    viewers, accounts = people_of(households)
    made = plan()
    found = learn(made, lambda: population(viewers, accounts, CATALOGUE, made), Exact(), four)
    groups = merged(found, 30)
    rows = profile(made, found, numbered(made, found, groups)).to_pylist()
    assert {row["name"] for row in rows} == {"Comedy", "Drama", "Horror", "Western"}
    assert [row["viewers"] for row in rows] == pytest.approx([50] * 4)
    assert all(row["viewers_low"] < row["viewers"] < row["viewers_high"] for row in rows)
    assert rows[0]["top_genres"] == f"{rows[0]['name'].lower()} (lift 4.0)"
    assert "Title" in rows[0]["top_titles"]
    of = dict(zip(viewers.viewers.to_pylist(), numbers(made, viewers, found, 30), strict=True))
    assert len({of[f"{a:02d}.00"] for a in range(0, 80, 4)}) == 1


def test_a_taste_that_everyone_shares_tells_nobody_apart() -> None:
    """Vectors are what differs from the mean: half of everything being drama points nobody towards drama."""
    mostly = {f"t{n}": 60.0 if n % 4 == 1 else 20.0 for n in range(20)}
    made = make_plan("2026-03", CATALOGUE, mostly, SegmentsConfig())
    assert made is not None
    average = made.vectors(np.array([[1 / 6, 1 / 2, 1 / 6, 1 / 6]]))
    assert np.allclose(average, 0)
    leaning = made.vectors(np.array([[2 / 6, 2 / 6, 1 / 6, 1 / 6]]))[0]
    assert made.genres[int(leaning.argmax())] == "comedy"
    assert leaning[1] < 0


def test_blocks_of_accounts_add_up_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    viewers, accounts = people_of([[["t1", "t2"], ["t3"]], [["t4"]], [["t5"], ["t6"], ["t1"]], [["t7"]]])
    whole, blocks = Exact(), Exact()
    learn(plan(), lambda: population(viewers, accounts, CATALOGUE, plan()), whole, four)
    monkeypatch.setattr(learning, "_BLOCK", 3)
    learn(plan(), lambda: population(viewers, accounts, CATALOGUE, plan()), blocks, four)
    for one, two in zip(whole.tables, blocks.tables, strict=True):
        assert np.array_equal(one, two)


def test_viewers_of_nothing_with_a_genre_are_in_no_segment() -> None:
    viewers, accounts = people_of([[["bare", "s1", "unknown"]], [["t1"]]])
    made = plan()
    found = learn(made, lambda: population(viewers, accounts, CATALOGUE, made), Exact(), four)
    assert numbers(made, viewers, found, 0.5)[0] == 0


def segmentation(sizes: list[float]) -> Segmentation:
    k = len(sizes)
    return Segmentation(np.eye(k), np.array(sizes), np.eye(k) * sizes, np.zeros((k, 0)), 1.0)


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [
        ([300.0, 200.0], [[0], [1]]),
        ([300.0, 20.0, 150.0], [[0, 1], [2]]),
        ([60.0, 50.0, 1.0], [[0, 1, 2]]),
        ([40.0, 50.0, -9.0], []),
        ([], []),
    ],
)
def test_small_segments_are_merged_and_withheld_when_nothing_is_large_enough(
    sizes: list[float], groups: list[list[int]]
) -> None:
    assert merged(segmentation(sizes), 100) == groups


def test_what_is_within_the_noise_does_not_stand_out() -> None:
    counts = np.array([[60.0, 40.0], [40.0, 60.0]])
    assert standing_out(counts, [[0], [1]], sigma=10.0) == [[], []]
    assert standing_out(counts, [[0], [1]], sigma=2.0) == [[(0, pytest.approx(1.2))], [(1, pytest.approx(1.2))]]


def test_names_are_distinct_and_read_well() -> None:
    comedy, romance, drama = ("comedy", 2.0), ("romance", 1.8), ("drama", 1.1)
    names = distinct_names([[comedy, romance], [comedy, romance, drama], [], [], [drama], [comedy, romance]])
    assert names == [
        "Comedy and Romance",
        "Comedy, Romance and Drama",
        "A bit of everything",
        "A bit of everything (4)",
        "Drama",
        "Comedy and Romance (6)",
    ]


def test_nearest_is_by_angle() -> None:
    assert nearest(np.array([[1.0, 0.1], [0.2, 0.3]]), np.array([[9.0, 0.0], [0.0, 0.1]])).tolist() == [0, 1]
