"""The benchmark of the decisions runs and tells, and its two sides count the same events."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.decisions import PURPOSES, main, prepared, sides
from benchmarks.zones import zone_of


def test_the_decisions_are_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sized = ["--events", "3000", "--days", "3", "--repeats", "1", "--work", str(tmp_path)]
    main([*sized, "--no-spark", "--no-keep"])
    assert "| DuckDB |" in capsys.readouterr().out
    assert not (tmp_path / "home-decisions").exists()


def test_ours_decides_every_event_for_each_purpose(tmp_path: Path) -> None:
    session, span = prepared(zone_of(tmp_path, 3000, 3), tmp_path, 3)
    sql, inputs = sides(session, span, tmp_path)["ours"]
    counted = session.engine.fetch(sql, inputs).to_pylist()
    accepted = sum(session.lake.rows(f"accepted_{kind}_events") for kind in ("viewing", "search"))
    for purpose in PURPOSES:
        assert sum(row["events"] for row in counted if row["purpose"] == purpose) == accepted
