"""The linear rivals are what their papers say, small enough to be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.recommenders.config import (
    EaseConfig,
    ItemKnnConfig,
    Rp3BetaConfig,
    SuccessorsConfig,
)
from media_privacy_pipeline.models.recommenders.ease import Ease
from media_privacy_pipeline.models.recommenders.itemitem import ItemItem
from media_privacy_pipeline.models.recommenders.neighbours import ItemKnn, Rp3Beta
from media_privacy_pipeline.models.recommenders.successors import Successors

WATCHED = {"a": "pq", "b": "pqr", "c": "qr", "d": "s", "e": "ps"}
PAIRS = [(viewer, title) for viewer, titles in WATCHED.items() for title in titles]
HISTORIES = Interactions.of([v for v, _ in PAIRS], [t for _, t in PAIRS])
X = np.array([[title in titles for title in "pqrs"] for titles in WATCHED.values()], float)


def entries(model: ItemItem) -> np.ndarray:
    matrix = model.fit(HISTORIES).matrix
    return np.asarray(matrix if isinstance(matrix, np.ndarray) else matrix.toarray(), np.float64)


def test_ease_rebuilds_each_title_from_the_others_as_ridge_regression_does() -> None:
    found = entries(Ease(EaseConfig(regularisation=2.0)))
    # Without the constraint of the diagonal each column is a ridge regression on the three other titles.
    for n in range(4):
        others = [m for m in range(4) if m != n]
        left = X[:, others].T @ X[:, others] + 2 * np.eye(3)
        assert found[others, n] == pytest.approx(np.linalg.solve(left, X[:, others].T @ X[:, n]), abs=1e-6)
    assert not np.diag(found).any()


def test_ease_keeps_the_largest_entries_of_each_title() -> None:
    full, kept = (entries(Ease(EaseConfig(regularisation=2.0, neighbours=n))) for n in (None, 1))
    for n in range(4):
        most = np.abs(full[:, n]).argmax()
        assert np.flatnonzero(kept[:, n]).tolist() == [most]
        assert kept[most, n] == pytest.approx(full[most, n], abs=1e-7)


def test_ease_refuses_more_titles_than_it_has_memory_for_unless_it_learns_the_head() -> None:
    with pytest.raises(Refused, match=r"4 titles are more than the 3 .* set `head`"):
        Ease(EaseConfig(limit=3)).fit(HISTORIES)
    assert Ease(EaseConfig(limit=3, head=2)).fit(HISTORIES).titles.tolist() == ["p", "q"]


def test_item_knn_is_the_shrunk_cosine_of_the_nearest() -> None:
    together, lengths = X.T @ X, np.sqrt(X.sum(axis=0))
    wanted = together / (lengths[:, None] * lengths + 1.5)
    np.fill_diagonal(wanted, 0)
    assert entries(ItemKnn(ItemKnnConfig(shrink=1.5))) == pytest.approx(wanted, abs=1e-6)
    nearest = entries(ItemKnn(ItemKnnConfig(shrink=1.5, neighbours=1)))
    assert np.count_nonzero(nearest, axis=0).tolist() == [1, 1, 1, 1]
    assert nearest.max(axis=0) == pytest.approx(wanted.max(axis=0), abs=1e-6)


def test_rp3beta_is_the_walk_over_popularity() -> None:
    by_viewer, by_title = X.sum(axis=1), X.sum(axis=0)
    walk = (X / by_title).T ** 0.7 @ (X / by_viewer[:, None]) ** 0.7
    wanted = walk / by_title**0.4
    np.fill_diagonal(wanted, 0)
    assert entries(Rp3Beta(Rp3BetaConfig(alpha=0.7, beta=0.4))) == pytest.approx(wanted, abs=1e-6)


def test_successors_count_what_came_after_within_the_window() -> None:
    config = SuccessorsConfig(window=2, decay=0.5, backward=0.25, shrink=0.0, beta=0.0)
    # One viewer, oldest first: p, q, then r and s at the same time.
    one = Interactions.of(["v"] * 4, list("pqrs"), ages=[9.0, 5.0, 1.0, 1.0])
    found = Successors(config).fit(one).matrix.toarray()
    p, q, r, s = range(4)
    assert found[p, q] == pytest.approx(1)
    assert found[q, p] == pytest.approx(0.25)
    assert found[p, r] == pytest.approx(0.5)
    assert found[p, s] == 0
    assert found[q, r] == pytest.approx(1)
    assert found[r, s] == found[s, r] == pytest.approx(0.625)


def test_successors_are_scaled_by_both_counts() -> None:
    config = SuccessorsConfig(window=1, backward=0.0, shrink=2.0, beta=0.5)
    two = Interactions.of(["u", "u", "v", "v"], ["p", "q", "r", "q"], ages=[3.0, 1.0, 3.0, 1.0])
    assert Successors(config).fit(two).matrix.toarray()[0, 1] == pytest.approx(1 / ((1 + 2) * 2**0.5), abs=1e-6)


@pytest.mark.parametrize("model", [Ease, ItemKnn, Rp3Beta, Successors])
def test_confidences_count_where_they_are_asked_for(model: type[ItemItem]) -> None:
    heavy = Interactions.of([v for v, _ in PAIRS], [t for _, t in PAIRS], [1 + 2 * (t == "p") for _, t in PAIRS])
    config = model().config
    binary = model(config).fit(heavy).matrix
    given = model(config.model_copy(update={"confidence": "given"})).fit(heavy).matrix
    assert abs(binary - given).max() > 1e-4
