"""The groups of a rollup are audited as cells are: honest code passes, a wrong bound or noise is caught."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from media_privacy_pipeline.audit import groups
from media_privacy_pipeline.audit.groups import check_groups
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.privacy.noise import discrete_gaussian
from media_privacy_pipeline.release_policy import TableStatement


@pytest.fixture
def statement() -> TableStatement:
    return TableStatement.model_validate(
        {
            "title": "A toy",
            "cells": {"title_id": {"of": "titles"}},
            "measures": {
                "viewers": {"budget": 0.4},
                "plays": {"of": "plays", "least": 1, "most": 3, "budget": 0.2},
            },
            "rollup": {"column": "title_id", "by": "genres", "by_budget": 0.2, "total_budget": 0.1},
            "squared_norm": 1,
            "most_cells": 6,
            "mu": 0.2,
            "totals_budget": 0.1,
        }
    )


@pytest.fixture
def duck(tmp_path: Path) -> DuckDBEngine:
    return DuckDBEngine(tmp_path / "work", memory_limit="1GB")


@pytest.mark.parametrize("bounding", ["weights", "sample"])
def test_the_honest_code_passes_and_comes_close_to_its_bound(
    statement: TableStatement, duck: DuckDBEngine, bounding: str
) -> None:
    declared = {**statement.model_dump(), "bounding": bounding, "squared_norm": 2}
    moved, noise = check_groups("toy", TableStatement.model_validate(declared), duck, discrete_gaussian)
    assert moved.passed
    assert moved.estimate > 0.9
    assert noise.passed


def test_noise_of_the_cells_on_the_groups_is_caught(statement: TableStatement, duck: DuckDBEngine) -> None:
    # What one cell needs, where one group may hold all cells of an account.
    _, noise = check_groups("toy", statement, duck, lambda values, sigma: discrete_gaussian(values, sigma * 2 // 5))
    assert not noise.passed


def test_groups_that_count_a_cell_twice_are_caught(
    statement: TableStatement, duck: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Doubled:
        def __init__(self, *_: object) -> None:
            pass

        def summed(self, sums):
            found = np.add.reduce(sums.values, axis=1, keepdims=True)
            return type(sums)(sums.values, sums.totals, (2 * found, found))

    monkeypatch.setattr(groups, "shape_of", Doubled)
    moved, _ = check_groups("toy", statement, duck, discrete_gaussian)
    assert not moved.passed


def test_a_statement_without_a_rollup_has_no_groups_to_try(statement: TableStatement, duck: DuckDBEngine) -> None:
    declared = statement.model_dump()
    declared["rollup"] = None
    declared["totals_budget"] = 0.4
    assert check_groups("toy", TableStatement.model_validate(declared), duck, discrete_gaussian) == []
