"""The packaged policy's releases fit the budget that it declares, and the plan says at what noise."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from media_privacy_pipeline import policy
from media_privacy_pipeline.privacy.plan import plan
from media_privacy_pipeline.release_policy import Releases, TableStatement


def test_a_year_of_every_release_fits_the_cap_with_room_for_wasted_charges() -> None:
    planned = plan(policy.load().releases)
    assert planned.epsilon_year < 0.97 * planned.cap
    assert {line.name for line in planned.lines} >= {"title_daily", "audience_daily", "discovery_daily", "genre_weekly"}
    assert all(line.epsilon < line.epsilon_year < planned.epsilon_year for line in planned.lines)


def test_the_figures_in_the_proofs_are_those_of_the_plan() -> None:
    proofs = (Path(__file__).parents[2] / "docs" / "privacy-proofs.md").read_text()
    planned = plan(policy.load().releases)
    rows = {line.split("|")[1].split(",")[0].strip(): line for line in proofs.splitlines() if line.startswith("| ")}
    for line in planned.lines:
        assert rows[line.name].endswith(f"| {line.epsilon:.2f} | {line.epsilon_year:.1f} |".replace("| 0", "| "))
        assert all(f"{scale:.3g}".rstrip("0").rstrip(".") in rows[line.name] for scale in line.scales.values())
    assert f"| **{planned.epsilon_year:.1f}** (cap {planned.cap:g}) |" in proofs


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mu": 0}, "greater than 0"),
        ({"most_cells": 0}, "greater than or equal to 1"),
        ({"squared_norm": 9}, "must not be larger"),
        ({"totals_budget": 0.2}, "add up to 1.1"),
        ({"cells": {"device": {}}}, "one of them"),
        ({"cells": {"device": {"unknown": True}}}, "need a threshold_delta"),
        ({"threshold_delta": 1e-12}, "need a threshold_delta"),
        ({"cells": {"device": {"values": ["a", "a"]}}}, "listed twice"),
        ({"cells": {"device": {"values": ["a"], "other": "b"}}}, "not among the values"),
        ({"measures": {"plays": {"of": "plays", "least": 4, "most": 3, "budget": 0.9}}}, "least <= most"),
        ({"epsilon": 1}, "Extra inputs"),
    ],
)
def test_a_statement_that_cannot_be_kept_does_not_load(statement: TableStatement, change: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TableStatement.model_validate({**statement.model_dump(), **change})


def test_every_statement_reads_back_as_it_was_declared() -> None:
    releases = policy.load().releases
    assert Releases.model_validate_json(releases.model_dump_json()) == releases
