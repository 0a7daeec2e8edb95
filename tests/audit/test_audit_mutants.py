"""Each way of breaking the promise is caught by a check of the audit, and the honest code passes all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from media_privacy_pipeline import policy
from media_privacy_pipeline.audit.drawn import check_noise, check_two_worlds
from media_privacy_pipeline.audit.repeats import check_repeats
from media_privacy_pipeline.audit.sensitivity import check_sensitivity
from media_privacy_pipeline.engines import Engine
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.privacy import release
from media_privacy_pipeline.privacy.contributions import bounded_sums
from media_privacy_pipeline.privacy.noise import discrete_gaussian, opendp_noise
from media_privacy_pipeline.release_policy import TableStatement

STATEMENTS = policy.load().releases.tables


@pytest.fixture(params=STATEMENTS)
def named(request: pytest.FixtureRequest) -> tuple[str, TableStatement]:
    return request.param, STATEMENTS[request.param]


@pytest.fixture
def duck(tmp_path: Path) -> DuckDBEngine:
    return DuckDBEngine(tmp_path / "work", memory_limit="1GB")


def _noise_of(scale: Callable[[int], int]) -> Callable[[np.ndarray, int], np.ndarray]:
    """Noise of another scale than it was asked for."""
    return lambda values, sigma: discrete_gaussian(values, scale(sigma))


def test_the_honest_code_passes(named: tuple[str, TableStatement], duck: DuckDBEngine, tmp_path: Path) -> None:
    # A false alarm has a probability under 2e-4 here, that of the two worlds; all else is far below it or exact.
    assert check_sensitivity(*named, duck).passed
    assert check_noise(*named, discrete_gaussian, opendp_noise).passed
    assert check_two_worlds(*named, discrete_gaussian).passed
    assert check_repeats(*named, duck, tmp_path).passed


def test_the_planted_accounts_reach_the_declared_sensitivity(
    named: tuple[str, TableStatement], duck: DuckDBEngine
) -> None:
    finding = check_sensitivity(*named, duck)
    assert finding.estimate == pytest.approx(1.0)
    assert finding.passed


@pytest.mark.parametrize("scale", [lambda s: s // 2, lambda s: round(0.9 * s), lambda s: round(1.1 * s)])
def test_one_wrong_noise_of_two_is_caught(named: tuple[str, TableStatement], scale: Callable[[int], int]) -> None:
    assert not check_noise(*named, discrete_gaussian, _noise_of(scale)).passed
    assert not check_noise(*named, _noise_of(scale), discrete_gaussian).passed


@pytest.mark.parametrize("scale", [lambda s: s // 2, lambda s: round(0.9 * s), lambda s: round(1.1 * s)])
def test_noise_of_another_scale_is_caught(named: tuple[str, TableStatement], scale: Callable[[int], int]) -> None:
    assert not check_noise(*named, _noise_of(scale)).passed


def test_no_noise_is_caught_twice(named: tuple[str, TableStatement]) -> None:
    for check in (check_noise, check_two_worlds):
        assert not check(*named, lambda values, sigma: values).passed


def test_noise_that_is_smaller_for_one_measure_alone_is_caught() -> None:
    statement = STATEMENTS["title_daily"]
    least = min(statement.measures, key=lambda name: statement.measures[name].budget)
    calls: list[int] = []

    def sloppy(values: np.ndarray, sigma: int) -> np.ndarray:
        calls.append(sigma)
        last = len(calls) % (len(statement.measures) + 1) == list(statement.measures).index(least) + 1
        return discrete_gaussian(values, round(0.9 * sigma) if last else sigma)

    assert not check_noise("title_daily", statement, sloppy).passed


@pytest.mark.parametrize("change", [{"squared_norm": 64, "most_cells": 64}, {"most_cells": 64}])
def test_a_bound_that_is_not_enforced_is_caught(duck: DuckDBEngine, change: dict[str, int]) -> None:
    def lax(engine: Engine, statement: TableStatement, *rest: Any) -> Any:
        return bounded_sums(engine, statement.model_copy(update=change), *rest)

    assert not check_sensitivity("title_daily", STATEMENTS["title_daily"], duck, lax).passed


@pytest.mark.parametrize(("measure", "most"), [("plays", 6), ("watch_hours", 86400)])
def test_a_clip_that_is_not_enforced_is_caught(duck: DuckDBEngine, measure: str, most: int) -> None:
    def lax(engine: Engine, statement: TableStatement, *rest: Any) -> Any:
        wide = statement.measures[measure].model_copy(update={"most": most})
        loose = statement.model_copy(update={"measures": {**statement.measures, measure: wide}})
        sums = bounded_sums(engine, loose, *rest)
        assert sums
        return sums

    assert not check_sensitivity("title_daily", STATEMENTS["title_daily"], duck, lax).passed


def test_fresh_noise_on_a_second_run_is_caught(duck: DuckDBEngine, tmp_path: Path) -> None:
    def forgetful(name: str, *rest: Any, **options: Any) -> Any:
        forgetful.runs += 1  # type: ignore[attr-defined]
        return release(f"{name}-{forgetful.runs}", *rest, **options)  # type: ignore[attr-defined]

    forgetful.runs = 0  # type: ignore[attr-defined]
    assert not check_repeats("title_daily", STATEMENTS["title_daily"], duck, tmp_path, forgetful).passed
