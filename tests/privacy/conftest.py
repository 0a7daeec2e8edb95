"""A statement, a ledger, a desk and an engine for the releases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.privacy import BudgetLedger, Desk
from media_privacy_pipeline.release_policy import Budget, TableStatement


@pytest.fixture
def budget() -> Budget:
    return Budget(unit="account", days=365, epsilon=10, delta=1e-9)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Each database in turn: a test that takes it holds for both."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        return url
    return f"sqlite:///{tmp_path / 'ledger' / 'privacy.sqlite'}"


@pytest.fixture
def make_desk(tmp_path: Path, budget: Budget) -> Callable[..., Desk]:
    """`make_desk(noise=..., epsilon=...)`: a desk over a SQLite ledger and a folder in tmp_path."""

    def make(epsilon: float = 10, **options: Any) -> Desk:
        url = f"sqlite:///{tmp_path / 'ledger' / 'privacy.sqlite'}"
        ledger = BudgetLedger(url, budget.model_copy(update={"epsilon": epsilon}))
        return Desk(ledger, tmp_path / "releases", **options)

    return make


@pytest.fixture
def statement() -> TableStatement:
    """Two columns of cells, three measures, bounds that bite."""
    return TableStatement.model_validate(
        {
            "title": "A toy",
            "cells": {"title_id": {"of": "titles"}, "device": {"values": ["tv", "web", "other"], "other": "other"}},
            "measures": {
                "viewers": {"budget": 0.5},
                "plays": {"of": "plays", "least": 1, "most": 3, "budget": 0.2},
                "hours": {"of": "seconds", "most": 7200, "per": 3600, "budget": 0.2},
            },
            "squared_norm": 2,
            "most_cells": 4,
            "mu": 1.0,
            "totals_budget": 0.1,
        }
    )


@pytest.fixture
def duck(tmp_path: Path) -> DuckDBEngine:
    """DuckDB alone, for what does not depend on the engine."""
    return DuckDBEngine(tmp_path / "work", memory_limit="1GB")
