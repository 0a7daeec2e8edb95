"""Every kind of statement passes every check of the audit that it has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from media_privacy_pipeline.audit.size import SIZES
from media_privacy_pipeline.audit.subject import check_statement
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.privacy.periods import within
from media_privacy_pipeline.release_policy import TableStatement

TITLES = {"title_id": {"of": "accepted_titles"}}
MORE = {"noise_of_groups", "sensitivity_of_groups"}
KINDS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "cuts": (
        {
            "period": {"days": 7},
            "cells": TITLES | {"seconds": {"cuts": [600, 1800, 3600], "most": 7200, "quantiles": [0.5], "per": 60}},
            "measures": {"viewers": {"budget": 0.8}},
        },
        set(),
    ),
    "rollup": (
        {
            "rollup": {"column": "title_id", "by": "genres", "by_budget": 0.2, "total_budget": 0.1},
            "cells": TITLES,
            "measures": {"viewers": {"budget": 0.5}},
        },
        MORE,
    ),
    "ratios and totals to date": (
        {
            "period": {"days": 7},
            "to_date": True,
            "ratios": {"seconds_a_play": {"of": "seconds", "over": "plays"}},
            "cells": {"device": {"values": ["tv", "web", "other"], "other": "other"}},
            "measures": {
                "viewers": {"budget": 0.4},
                "plays": {"of": "plays", "least": 1, "most": 3, "budget": 0.2},
                "seconds": {"of": "watch_seconds", "most": 7200, "budget": 0.2},
            },
        },
        set(),
    ),
    "days of a week": (
        {
            "period": {"days": 7},
            "cells": {"day": {"of": "period"}, **TITLES},
            "measures": {"viewers": {"budget": 0.8}},
        },
        set(),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_statement_is_tried(kind: str, tmp_path: Path) -> None:
    words, more = KINDS[kind]
    given = {"title": "A toy", "squared_norm": 2, "most_cells": 8, "mu": 0.2, "totals_budget": 0.2} | words
    statement = within(TableStatement.model_validate(given))
    engine = DuckDBEngine(tmp_path / "engine", memory_limit="1GB")
    findings = check_statement("toy", statement, engine, tmp_path / "work", SIZES["small"])
    assert more <= {finding.check for finding in findings}
    assert [finding.check for finding in findings if not finding.passed] == []
