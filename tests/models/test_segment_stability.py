"""How many segments there are to be: seen in what was released, and only as many as come out alike twice."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from media_privacy_pipeline.models.config import SegmentsConfig
from media_privacy_pipeline.models.inputs import Title
from media_privacy_pipeline.models.segments.learning import COUNTED, Shape
from media_privacy_pipeline.models.segments.space import Plan, make_plan, nearest, unit
from media_privacy_pipeline.models.segments.stability import adjusted_rand, chosen, stability

GENRES = ("comedy", "crime", "drama", "horror", "romance", "western")
CATALOGUE = {
    f"t{a}{b}": Title("A title", 0, (one, other), sensitive=False)
    for a, one in enumerate(GENRES)
    for b, other in enumerate(GENRES)
}


@cache
def plan() -> Plan:
    made = make_plan("2026-03", CATALOGUE, {}, SegmentsConfig())
    assert made is not None
    return made


def shape(made: Plan, vectors: np.ndarray, sigma: float) -> Shape:  # type: ignore[type-arg]
    """What the first part would tell of people with these vectors."""
    anchors = np.array(made.anchors)
    sums = np.zeros((len(anchors), 1 + len(GENRES)))
    values = np.hstack([np.full((len(vectors), 1), COUNTED), vectors * np.sqrt(1 - COUNTED**2)])
    np.add.at(sums, nearest(vectors, anchors), values)
    return Shape.of(sums + np.random.default_rng(1).normal(0, sigma, sums.shape), anchors, sigma)


def people(made: Plan, tastes: int, accounts: int, closeness: float) -> np.ndarray:  # type: ignore[type-arg]
    random = np.random.default_rng(2)
    centres = np.array(made.starts[tastes - 1])
    return unit(centres[random.integers(0, tastes, accounts)] + random.normal(0, closeness, (accounts, len(GENRES))))


def test_the_index_is_one_for_the_same_partition_and_about_zero_for_another() -> None:
    random = np.random.default_rng(0)
    one = random.integers(0, 4, 4000)
    assert adjusted_rand(one, (one + 1) % 4) == 1.0
    assert adjusted_rand(one, random.integers(0, 4, 4000)) == pytest.approx(0, abs=0.01)
    # Hubert and Arabie's form, worked out by hand: pairs 2, rows 4, columns 3 of 15.
    assert adjusted_rand(np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 1, 2])) == pytest.approx(
        (2 - 4 * 4 / 15) / (4 - 4 * 4 / 15)
    )
    assert adjusted_rand(np.zeros(9, int), np.zeros(9, int)) == 1.0


def test_tastes_that_are_there_are_found_stable() -> None:
    made = plan()
    found = stability(made, shape(made, people(made, 4, 20_000, 0.1), 16), 16, SegmentsConfig())
    assert found[4] > 0.95
    assert chosen(found, 0.8) >= 4


def test_too_few_people_for_the_noise_are_one_segment() -> None:
    made = plan()
    found = stability(made, shape(made, people(made, 4, 60, 0.1), 16), 16, SegmentsConfig())
    assert chosen(found, 0.8) == 1
    assert max(value for k, value in found.items() if k > 1) < 0.8


def test_more_people_or_less_noise_make_it_no_less_stable() -> None:
    made = plan()
    crowd = people(made, 3, 20_000, 0.6)
    loud, soft = (stability(made, shape(made, crowd, s), s, SegmentsConfig()) for s in (120, 4))
    assert np.mean([soft[k] for k in range(2, 9)]) > np.mean([loud[k] for k in range(2, 9)])


def test_the_largest_stable_number_is_taken_whatever_lies_below_it() -> None:
    assert chosen({1: 1.0, 2: 0.6, 3: 0.9, 4: 0.85, 5: 0.79}, 0.8) == 4
    assert chosen({1: 1.0, 2: 0.6}, 0.8) == 1


def test_the_same_release_gives_the_same_answer() -> None:
    made = plan()
    told = shape(made, people(made, 4, 3_000, 0.4), 16)
    assert stability(made, told, 16, SegmentsConfig()) == stability(made, told, 16, SegmentsConfig())
