"""The audit finds that a lone account stays hidden, and sees a threshold that is too low or not asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from media_privacy_pipeline.audit.hidden_keys import check_hidden_keys
from media_privacy_pipeline.audit.size import SIZES
from media_privacy_pipeline.audit.subject import check_statement
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.privacy import unknown_keys
from media_privacy_pipeline.privacy.mechanism import mechanism_of
from media_privacy_pipeline.privacy.unknown_keys import told
from media_privacy_pipeline.release_policy import TableStatement


def _statement(**change: Any) -> TableStatement:
    return TableStatement.model_validate(
        {
            "title": "A toy",
            "cells": {"query": {"unknown": True}},
            "measures": {"plays": {"of": "plays", "least": 1, "most": 3, "budget": 0.4}, "accounts": {"budget": 0.5}},
            "squared_norm": 2,
            "most_cells": 8,
            "mu": 0.1,
            "totals_budget": 0.1,
            "threshold_delta": 1e-13,
            **change,
        }
    )


@pytest.mark.parametrize("change", [{}, {"bounding": "sample"}, {"squared_norm": 1, "threshold_delta": 1e-6}])
def test_the_honest_threshold_passes_and_is_not_far_too_high(change: dict) -> None:
    finding = check_hidden_keys("toy", _statement(**change))
    assert finding.passed
    assert finding.estimate > 0.95


def test_the_other_checks_hold_for_unknown_keys_and_for_samples_too(tmp_path: Path) -> None:
    engine = DuckDBEngine(tmp_path / "work", memory_limit="1GB")
    for change in ({}, {"bounding": "sample"}):
        statement = _statement(**change)
        findings = check_statement("toy", statement, engine, tmp_path / "work", SIZES["small"])
        assert all(finding.passed for finding in findings), findings


@pytest.mark.parametrize("lower", [0.1, 0.3])
def test_a_lower_threshold_is_caught(monkeypatch: pytest.MonkeyPatch, lower: float) -> None:
    def mutant(statement: TableStatement) -> Any:
        honest = mechanism_of(statement)
        return replace(honest, threshold=honest.threshold - round(lower * honest.sums[1].sigma))

    monkeypatch.setattr(unknown_keys, "mechanism_of", mutant)
    assert not check_hidden_keys("toy", _statement()).passed


def test_a_threshold_on_another_measure_or_on_none_is_caught() -> None:
    def all_of_them(statement: TableStatement, cells: pa.Table, drawn: Any) -> Any:
        return cells, drawn

    def shifted(statement: TableStatement, cells: pa.Table, drawn: Any) -> Any:
        return told(statement, cells, replace(drawn, values=drawn.values + 64 * 60))

    assert not check_hidden_keys("toy", _statement(), all_of_them).passed
    assert not check_hidden_keys("toy", _statement(), shifted).passed
