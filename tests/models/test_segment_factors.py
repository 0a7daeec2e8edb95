"""Segments in the space of private factors: whose vectors, what is shut out, names and numbers as in that of genres."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_segments import CATALOGUE, GENRES, HOUSEHOLDS, POPULAR, Exact, four, numbers, people_of

from media_privacy_pipeline.models.config import SegmentsConfig
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.private.config import improved
from media_privacy_pipeline.models.private.learning import PrivateFactors
from media_privacy_pipeline.models.private.recommender import PrivateAls
from media_privacy_pipeline.models.segments.factors import Factors
from media_privacy_pipeline.models.segments.learning import Population, Segmentation, learn, merged, population
from media_privacy_pipeline.models.segments.numbering import known_segments, numbered
from media_privacy_pipeline.models.segments.profile import profile
from media_privacy_pipeline.models.segments.space import Known, Plan, centred, make_plan

TITLES = np.array(sorted(key for key in CATALOGUE if key.startswith("t")))
CONFIG = SegmentsConfig(segments=4, titles=8, factors=4, anchors=4)


def model(turn: int = 0) -> PrivateAls:
    """A direction for each genre (in another order by `turn`), beside one that is everybody's and chance."""
    random = np.random.default_rng(4 + turn)
    genre = np.array([(int(title[1:]) + turn) % 4 for title in TITLES])
    vectors = np.eye(6)[genre] + 0.8 * np.eye(6)[4] + random.normal(0, 0.05, (len(TITLES), 6))
    return PrivateAls.of(PrivateFactors(TITLES, vectors, np.full(len(TITLES), 50.0)), improved(1.0))


def plan(name: str = "m" * 12, turn: int = 0, before: tuple[Known, ...] = ()) -> Plan:
    made = make_plan("2026-03", CATALOGUE, POPULAR, CONFIG, before, (name, model(turn)))
    assert made is not None
    return made


PLAN = plan()


def four_tastes() -> tuple[Interactions, pa.ChunkedArray]:
    return people_of([[[f"t{n}" for n in range(20) if n % 4 == a % 4]] for a in range(200)])


def found_of(made: Plan, viewers: Interactions, accounts: pa.ChunkedArray) -> Segmentation:
    return learn(made, lambda: population(viewers, accounts, CATALOGUE, made), Exact(), four)


def test_the_space_is_that_of_the_factors_and_the_plan_says_which() -> None:
    assert PLAN.axes == tuple(f"{'m' * 12}.{n}" for n in range(4))
    assert Plan.model_validate_json(PLAN.model_dump_json()) == PLAN
    assert all(len(start) == len(PLAN.starts[n - 1]) == n for n, start in enumerate(PLAN.starts, 1))
    flat = PrivateAls.of(PrivateFactors(TITLES, np.zeros((len(TITLES), 2)), np.ones(len(TITLES))), improved(1.0))
    assert Factors.of("m" * 12, flat, 4) is None, "where nothing stands out of the noise there is no space"
    made = make_plan("2026-03", CATALOGUE, POPULAR, CONFIG, (), ("m" * 12, flat))
    assert made is not None
    assert made.axes == GENRES


def test_tastes_become_segments_that_are_called_after_genres() -> None:
    viewers, accounts = four_tastes()
    found = found_of(PLAN, viewers, accounts)
    groups = merged(found, 30)
    rows = profile(PLAN, found, numbered(PLAN, found, groups)).to_pylist()
    assert {row["name"] for row in rows} == {"Comedy", "Drama", "Horror", "Western"}
    assert [row["viewers"] for row in rows] == pytest.approx([50] * 4)
    of = dict(zip(viewers.viewers.to_pylist(), numbers(PLAN, viewers, found, 30), strict=True))
    assert [len({of[f"{a:02d}.00"] for a in range(taste, 200, 4)}) for taste in range(4)] == [1] * 4


@settings(max_examples=25)
@given(HOUSEHOLDS)
def test_no_account_adds_more_than_length_one_to_any_part(households: list[list[list[str]]]) -> None:
    viewers, accounts = people_of(households)
    release = Exact()
    learn(PLAN, lambda: population(viewers, accounts, CATALOGUE, PLAN), release, four)
    assert len(release.tables) == PLAN.parts
    for table in release.tables:
        assert (np.linalg.norm(table, axis=1) <= 1 + 1e-9).all()


@settings(max_examples=40)
@given(HOUSEHOLDS, st.lists(st.integers(0, 5), max_size=4))
def test_titles_without_a_part_change_nobodys_vector(households: list[list[list[str]]], where: list[int]) -> None:
    """A title that is sensitive tonight has none even where the model has a vector of it."""
    tonight = {**CATALOGUE, "t3": CATALOGUE["t3"].__class__("Title 3", 0, ("western",), sensitive=True)}
    bare = [[[t for t in watched if t not in ("s1", "t3")] or ["t0"] for watched in one] for one in households]
    planted = [
        [[*watched, "s1", "t3", "unknown"] if a in where else watched for watched in one] for a, one in enumerate(bare)
    ]
    one, two = (PLAN.seen(people_of(world)[0], tonight) for world in (bare, planted))
    assert np.array_equal(one[0], two[0])
    assert np.array_equal(one[1], two[1])


def test_who_watched_nothing_that_has_a_vector_is_in_no_segment() -> None:
    viewers, accounts = people_of(
        [[["bare", "s1", "unknown"]], *[[[f"t{n}" for n in range(a, 20, 4)]] for a in range(4)]]
    )
    found = found_of(PLAN, viewers, accounts)
    assert numbers(PLAN, viewers, found, 0.5)[0] == 0


def test_what_is_everybodys_is_taken_off_by_the_first_paid_part() -> None:
    viewers, accounts = four_tastes()
    found = found_of(PLAN, viewers, accounts)
    vectors, _, _ = PLAN.seen(viewers, CATALOGUE)
    assert found.mean == pytest.approx(vectors.mean(axis=0), abs=0.02)
    assert np.linalg.norm(centred(vectors, found.mean).mean(axis=0)) < 0.05
    assert np.array_equal(centred(np.zeros((1, 4)), found.mean), np.zeros((1, 4)))


@pytest.mark.parametrize("turn", [0, 1])
@pytest.mark.parametrize("earlier", ["genres", "the same factors", "other factors"])
def test_numbers_and_names_stay_between_spaces(earlier: str, turn: int) -> None:
    viewers, accounts = four_tastes()
    made: dict[str, Callable[[], Plan | None]] = {
        "genres": lambda: make_plan("2026-02", CATALOGUE, POPULAR, CONFIG),
        "the same factors": lambda: plan("n" * 12, turn),
        "other factors": lambda: plan("o" * 12, 1 - turn),
    }
    before = made[earlier]()
    assert before is not None
    found = found_of(before, viewers, accounts)
    named = numbered(before, found, merged(found, 30))
    again = plan("n" * 12, turn, known_segments(before, found, named))
    now = found_of(again, viewers, accounts)
    kept = numbered(again, now, merged(now, 30))
    assert dict(zip(kept.names, kept.numbers, strict=True)) == dict(zip(named.names, named.numbers, strict=True))
    assert isinstance(population(viewers, accounts, CATALOGUE, again), Population)
