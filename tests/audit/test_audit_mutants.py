"""Each way of breaking the promise is caught by a check of the audit, and the honest code passes all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from media_privacy_pipeline import policy
from media_privacy_pipeline.audit.canaries import check_canaries
from media_privacy_pipeline.audit.drawn import check_noise
from media_privacy_pipeline.audit.mutants import MUTANTS, Mutant, check_mutants
from media_privacy_pipeline.audit.repeats import check_repeats
from media_privacy_pipeline.audit.sensitivity import check_sensitivity
from media_privacy_pipeline.audit.size import SIZES
from media_privacy_pipeline.audit.subject import HONEST
from media_privacy_pipeline.audit.worlds import check_two_worlds
from media_privacy_pipeline.engines import Engine, Session
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.privacy.contributions import bounded_sums
from media_privacy_pipeline.privacy.noise import discrete_gaussian, opendp_noise
from media_privacy_pipeline.privacy.periods import within
from media_privacy_pipeline.release_policy import TableStatement
from media_privacy_pipeline.settings import Settings

STATEMENTS = {name: within(declared) for name, declared in policy.load().releases.tables.items()}


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
    # A false alarm has a probability under 2e-4 here: of the two worlds and of the canaries; all else is far below it.
    assert check_sensitivity(*named, duck).passed
    assert check_noise(*named, discrete_gaussian, opendp_noise).passed
    assert check_two_worlds(*named, discrete_gaussian).passed
    assert check_canaries(*named, duck, tmp_path).passed
    assert all(finding.passed for finding in check_repeats(*named, duck, tmp_path, nights=2))


def test_the_planted_accounts_reach_the_declared_sensitivity(engine: Engine) -> None:
    finding = check_sensitivity("title_daily", STATEMENTS["title_daily"], engine)
    assert finding.estimate == pytest.approx(1.0)
    assert finding.passed


def test_noise_of_a_larger_scale_is_caught(named: tuple[str, TableStatement]) -> None:
    assert not check_noise(*named, _noise_of(lambda sigma: round(1.1 * sigma))).passed


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


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("mutants")
    made = Session(Settings(home=folder / "home", landing=folder / "landing", memory_limit="1GB"))
    made.settings.work.mkdir(parents=True)
    return made


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_is_seen_by_every_check_that_is_named(session: Session, mutant: Mutant) -> None:
    # A miss has a probability under 1e-4 a mutant: docs/audits.md.
    (finding,) = check_mutants(session, SIZES["small"], session.settings.work, [mutant])
    assert (finding.estimate, finding.passed) == (0, True)


def test_an_audit_that_misses_a_mutant_has_failed_itself(session: Session) -> None:
    harmless = Mutant("harmless", lambda: HONEST, ("sensitivity", "noise_drawn"))
    (finding,) = check_mutants(session, SIZES["small"], session.settings.work, [harmless])
    assert (finding.estimate, finding.passed) == (2, False)


def test_what_the_policy_allows_is_no_leak(session: Session) -> None:
    subjects = session.policy.subjects.model_copy(update={"private_sessions_denied_for": frozenset()})
    lax = Session(session.settings)
    lax.__dict__["policy"] = session.policy.model_copy(update={"subjects": subjects})
    leaked = [mutant for mutant in MUTANTS if mutant.name == "private session leaked"]
    assert check_mutants(lax, SIZES["small"], session.settings.work, leaked) == []
