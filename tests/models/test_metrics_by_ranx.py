"""Our figures are those of an independent implementation, ranx, on the same lists, to 1e-9."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from media_privacy_pipeline.models.evaluation.judging import OF_ALL, PER_VIEWER
from media_privacy_pipeline.models.evaluation.metrics import hits
from media_privacy_pipeline.models.interactions import Interactions, positions

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "figures_by_ranx.json").read_text())
USERS = GOLDEN["users"]
KS = (1, 5, 10, 20)


@pytest.fixture(scope="module")
def lists() -> tuple[np.ndarray, np.ndarray]:
    """Hits of every list, and how many titles each user wanted."""
    pairs = [(f"u{n:02d}", f"t{title:02d}") for n, user in enumerate(USERS) for title in user["wanted"]]
    test = Interactions.of([user for user, _ in pairs], [title for _, title in pairs])
    titles = np.array([f"t{n:02d}" for n in range(GOLDEN["titles"])])
    place = positions(test.titles, titles)
    listed = np.full((len(USERS), GOLDEN["length"]), -1)
    for n, user in enumerate(USERS):
        listed[n, : len(user["listed"])] = place[user["listed"]]
    return hits(listed, test), test.lengths


def by_ranx(metric: str, k: int) -> np.ndarray:
    return np.array([user["figures"][f"{metric}@{k}"] for user in USERS])


@pytest.mark.parametrize("k", KS)
@pytest.mark.parametrize(("ours", "theirs"), [("recall_of_all", "recall"), ("map_of_all", "map"), ("ndcg", "ndcg")])
def test_the_same_for_every_user(lists: tuple[np.ndarray, np.ndarray], ours: str, theirs: str, k: int) -> None:
    found = {**PER_VIEWER, **OF_ALL}[ours](*lists, k)
    assert np.abs(found - by_ranx(theirs, k)).max() < 1e-9
    assert np.count_nonzero(found) > 15, "lists without a hit would prove nothing"


@pytest.mark.parametrize("k", KS)
@pytest.mark.parametrize("metric", ["recall", "map"])
def test_ours_differ_only_where_more_titles_are_wanted_than_listed(
    lists: tuple[np.ndarray, np.ndarray], metric: str, k: int
) -> None:
    hit, wanted = lists
    found, other = PER_VIEWER[metric](hit, wanted, k), by_ranx(metric, k)
    few = wanted <= k
    assert few.any()
    assert np.abs(found - other)[few].max() < 1e-9
    assert np.abs(found - other * wanted / np.minimum(k, wanted)).max() < 1e-9
    assert k >= 20 or (found > other + 1e-9).any()
