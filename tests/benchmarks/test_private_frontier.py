"""The published frontier: its shares and leads are those of its rows, and the benchmark writes that very file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import t

from benchmarks.private_frontier import document, main
from media_privacy_pipeline.reports.frontier import FIGURES, frontier

FOUND: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))


def recalls(model: str, epsilon: float | str) -> list[float]:
    return [row["recall"] for row in FOUND["rows"] if (row["model"], row["epsilon"]) == (model, epsilon)]


@pytest.mark.parametrize("told", FOUND["figures"], ids=lambda each: f"{each['model']}-{each['epsilon']}")
def test_shares_and_leads_are_those_of_the_rows(told: dict[str, Any]) -> None:
    own, best = recalls(told["model"], told["epsilon"]), recalls("ials", "none")
    assert len(own) == len(best) == len(FOUND["settings"]["seeds"])
    assert told["recall"] == pytest.approx(sum(own) / len(own), abs=1e-6)
    assert told["share"] == pytest.approx(sum(a / b for a, b in zip(own, best, strict=True)) / len(own), abs=1e-6)
    for name, other in (("over_published", "published"), ("over_popularity", "popularity (DP)")):
        theirs = recalls(other, told["epsilon"])
        if not theirs or other == told["model"]:
            assert told[name] is None
            continue
        lead = np.array(own) - np.array(theirs)
        reach = t.ppf(0.975, len(lead) - 1) * lead.std(ddof=1) / len(lead) ** 0.5
        assert told[name] == pytest.approx([lead.mean(), lead.mean() - reach, lead.mean() + reach], abs=1e-6)


def test_the_file_is_what_the_benchmark_writes_of_these_rows(tmp_path: Path) -> None:
    assert document(FOUND) == FIGURES.read_text(encoding="utf-8")
    main(["--again", str(FIGURES), "--out", str(tmp_path / "again.json")])
    assert (tmp_path / "again.json").read_bytes() == FIGURES.read_bytes()


def test_a_run_writes_a_file_that_the_report_can_draw(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "small.json"
    monkeypatch.setattr("benchmarks.private_frontier._TEST_VIEWERS", 40)
    main(["--viewers", "300", "--titles", "60", "--epsilons", "1", "5", "--seeds", "1", "2", "--out", str(out)])
    assert "| none | ials |" in capsys.readouterr().out
    found = json.loads(out.read_text())
    assert found.keys() == FOUND.keys()
    assert {tuple(row) for row in found["figures"]} == {tuple(row) for row in FOUND["figures"]}
    drawn = frontier(out)
    assert [curve.label for curve in drawn.chart.curves] == [curve.label for curve in frontier().chart.curves]
    assert (drawn.viewers, drawn.seeds) == (300, 2)
