"""The regression from metadata onto factors: its held-out errors are those of leaving each title out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.linear_model import Ridge

from media_privacy_pipeline.models.coldstart.config import ColdStartConfig
from media_privacy_pipeline.models.coldstart.features import Features, says
from media_privacy_pipeline.models.coldstart.metadata import Metadata
from media_privacy_pipeline.models.coldstart.ridge import ridge

PENALTIES = (0.01, 0.5, 20.0)


def data() -> tuple[csr_matrix, np.ndarray]:
    random = np.random.default_rng(4)
    features = csr_matrix(np.where(random.random((40, 9)) < 0.3, random.random((40, 9)), 0))
    return features, features @ random.normal(size=(9, 3)) + random.normal(0, 0.4, (40, 3)) + 2


def test_the_coefficients_are_those_of_ridge_regression_with_an_intercept() -> None:
    features, targets = data()
    for penalty in PENALTIES:
        wanted = Ridge(alpha=penalty).fit(features.toarray(), targets)
        found = ridge(features, targets, [penalty])
        assert np.abs(found.coefficients.T - wanted.coef_).max() < 1e-9
        assert found.predict(features) == pytest.approx(wanted.predict(features.toarray()), abs=1e-9)


def test_the_penalty_has_the_least_error_on_titles_left_out_one_by_one() -> None:
    features, targets = data()
    errors, spread = dict.fromkeys(PENALTIES, 0.0), 0.0
    for row in range(len(targets)):
        kept = np.arange(len(targets)) != row
        spread += float(((targets[row] - targets[kept].mean(axis=0)) ** 2).sum())
        for penalty in PENALTIES:
            fitted = Ridge(alpha=penalty).fit(features.toarray()[kept], targets[kept])
            errors[penalty] += float(((targets[row] - fitted.predict(features.toarray()[[row]])[0]) ** 2).sum())
    found = ridge(features, targets, PENALTIES)
    assert found.penalty == min(errors, key=lambda penalty: errors[penalty])
    assert found.explained == pytest.approx(1 - min(errors.values()) / spread, abs=1e-9)


def test_words_and_labels_have_length_one_each_and_rare_ones_say_nothing() -> None:
    known = [
        Metadata.of(("Night train", "The night train leaves"), ["drama"], 1994, creator="Ada"),
        Metadata.of(("Night bus",), ["drama", "comedy"], 1996, creator="Bea"),
        Metadata.of(("Day bus",), ["comedy"], creator=None),
    ]
    features = Features.of(known, ColdStartConfig())
    # night, bus; drama, comedy, the nineties.
    assert len(features.weights) == 5
    rows = features.over([*known, Metadata.of(("Unheard",), ["opera"])])
    assert np.linalg.norm(rows.toarray(), axis=1) == pytest.approx([2**0.5, 2**0.5, 2**0.5, 0])
    assert says(rows).tolist() == [True, True, True, False]
