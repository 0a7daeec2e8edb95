"""The audit finds that allowances bound every run of days, and sees accounts that are not debited or carry too much."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from media_privacy_pipeline.audit.carried import check_carried
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.privacy.within import release_within
from media_privacy_pipeline.release_policy import Allowance, FamilyAllowance, TableStatement

STATEMENT = TableStatement.model_validate(
    {
        "title": "A toy",
        "cells": {"title_id": {"of": "titles"}},
        "measures": {"viewers": {"budget": 0.5}, "plays": {"of": "plays", "least": 1, "most": 3, "budget": 0.3}},
        "squared_norm": 1,
        "most_cells": 6,
        "mu": 0.05,
        "totals_budget": 0.2,
        "allowance": {"carry_days": 3},
    }
)


def shared(mu: float) -> Allowance:
    return Allowance(family="both", shared=FamilyAllowance(mu=mu, tables=("toy", "other")))


@pytest.fixture
def engine(tmp_path: Path) -> DuckDBEngine:
    return DuckDBEngine(tmp_path / "engine", memory_limit="1GB")


def test_allowances_hold_and_are_used(engine: DuckDBEngine, tmp_path: Path) -> None:
    (finding,) = check_carried("toy", STATEMENT, engine, tmp_path / "work")
    assert finding.passed
    assert finding.estimate > 0.9


def test_a_table_without_an_allowance_has_nothing_to_try(engine: DuckDBEngine, tmp_path: Path) -> None:
    assert check_carried("toy", STATEMENT.model_copy(update={"allowance": None}), engine, tmp_path / "work") == []


def test_accounts_that_are_never_debited_are_seen(engine: DuckDBEngine, tmp_path: Path) -> None:
    def forgetful(
        name: str, statement: TableStatement, source: Any, desk: Any, engine: Any, days: Any, *rest: Any
    ) -> Any:
        found = {}
        for number, day in enumerate(days):
            found |= release_within(f"{name}-{number}", statement, source, desk, engine, [day], *rest)
        return found

    (finding,) = check_carried("toy", STATEMENT, engine, tmp_path / "work", forgetful)
    assert not finding.passed


def test_a_longer_carry_than_declared_is_seen(engine: DuckDBEngine, tmp_path: Path) -> None:
    def lavish(name: str, statement: TableStatement, *rest: Any) -> Any:
        return release_within(name, statement.model_copy(update={"allowance": Allowance(carry_days=6)}), *rest)

    (finding,) = check_carried("toy", STATEMENT, engine, tmp_path / "work", lavish)
    assert not finding.passed


def test_an_allowance_in_common_holds_for_one_of_its_tables_and_a_larger_one_than_declared_is_seen(
    engine: DuckDBEngine, tmp_path: Path
) -> None:
    statement = STATEMENT.model_copy(update={"allowance": shared(0.09)})
    (finding,) = check_carried("toy", statement, engine, tmp_path / "work")
    assert finding.passed
    assert finding.estimate > 0.9

    def lavish(name: str, given: TableStatement, *rest: Any) -> Any:
        return release_within(name, given.model_copy(update={"allowance": shared(0.13)}), *rest)

    (finding,) = check_carried("toy", statement, engine, tmp_path / "work", lavish)
    assert not finding.passed
