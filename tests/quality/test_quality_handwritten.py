"""What contracts cannot say is counted alike on both engines."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from media_privacy_pipeline.engines import Engine
from media_privacy_pipeline.quality.handwritten import handwritten
from media_privacy_pipeline.quality.spec import ExpectationSpec
from media_privacy_pipeline.sql import Contract

D1, D2 = date(2024, 1, 1), date(2024, 1, 2)


def contract(name: str, columns: dict[str, tuple[str, str | None]], **meta: object) -> Contract:
    return Contract.model_validate(
        {
            "name": name,
            "description": name,
            "meta": {"group": "published", **meta},
            "columns": [
                {"name": column, "data_type": kind, "description": column, "meta": {"privacy": privacy}}
                for column, (kind, privacy) in columns.items()
            ],
        }
    )


TITLE_DAILY = contract(
    "title_daily",
    {"day": ("date", None), "title_id": ("varchar", None), "plays": ("double", None), "plays_low": ("double", None)},
    access="open",
    protected_by="dp",
    grain=["day", "title_id"],
)
RECOMMENDATIONS = contract(
    "recommendations", {"viewer_key": ("varchar", "pseudonym"), "rank": ("integer", "behaviour")}, access="restricted"
)
ACCOUNTING = contract("row_accounting", {"arrival_day": ("date", None)}, access="open", protected_by="accounting")


def named(of: Contract, name: str) -> ExpectationSpec:
    return next(spec for spec in handwritten(of, {of.name: of}) if spec.name == name)


def unexpected(engine: Engine, of: Contract, name: str, rows: pa.Table) -> tuple[int, int]:
    (row,) = engine.fetch(named(of, name).kwargs["sql"], {of.name: rows}).to_pylist()
    return row["unexpected"], row["total"]


def accounts(*rows: tuple[date, str, str, int]) -> pa.Table:
    days, sources, stages, counts = zip(*rows, strict=True)
    return pa.table({"arrival_day": days, "source": sources, "stage": stages, "rows": counts})


@pytest.mark.parametrize(("ranks", "gaps"), [([1, 2, 3], 0), ([2, 3], 1), ([1, 3], 1), ([1, 1, 2], 1)])
def test_ranks_run_from_one_without_gap(engine: Engine, ranks: list[int], gaps: int) -> None:
    rows = pa.table({"viewer_key": ["a"] * len(ranks) + ["b"], "rank": [*ranks, 1]})
    assert unexpected(engine, RECOMMENDATIONS, "ranks_without_gap", rows) == (gaps, 2)


@pytest.mark.parametrize(
    ("cells", "missing"),
    [
        ([(D1, "a"), (D1, "b"), (D2, "a"), (D2, "b")], (0, 4)),
        ([(D1, "a"), (D1, "b"), (D2, "a")], (1, 4)),
        ([(D1, "a"), (D2, "a"), (D2, "new")], (0, 3)),
    ],
)
def test_a_cell_once_published_is_on_every_later_day(
    engine: Engine, cells: list[tuple[date, str]], missing: tuple[int, int]
) -> None:
    days, titles = zip(*cells, strict=True)
    assert unexpected(engine, TITLE_DAILY, "whole_domain", pa.table({"day": days, "title_id": titles})) == missing


@pytest.mark.parametrize(("lost", "broken"), [(0, 0), (1, 1)])
def test_what_landed_is_accounted_for(engine: Engine, lost: int, broken: int) -> None:
    stages = {"landed": 10, "accepted": 5, "duplicate": 1, "superseded": 1, "quarantined": 2, "dropped": 1 - lost}
    rows = accounts(*((D1, "titles", stage, n) for stage, n in stages.items()), (D1, "titles", "flagged", 7))
    assert unexpected(engine, ACCOUNTING, "landed_balances", rows) == (broken, 1)


def test_each_purpose_decides_over_every_accepted_row(engine: Engine) -> None:
    whole = [
        (D1, "viewing_events", "accepted", 10),
        (D1, "viewing_events", "used/training", 4),
        (D1, "viewing_events", "withheld/training", 6),
        (D1, "titles", "accepted", 3),
    ]
    assert unexpected(engine, ACCOUNTING, "decided_balances", accounts(*whole)) == (0, 1)
    undecided = [*whole, (D2, "viewing_events", "accepted", 2)]
    assert unexpected(engine, ACCOUNTING, "decided_balances", accounts(*undecided)) == (1, 2)


def test_a_published_table_names_what_must_not_be_in_it() -> None:
    people = contract("accounts", {"email": ("varchar", "direct_identifier"), "account_id": ("varchar", "pseudonym")})
    profile = contract("profile", {"name": ("varchar", "public")}, access="open")
    both = {c.name: c for c in (people, profile)}
    (spec,) = [s for s in handwritten(profile, both) if s.name == "no_identifier"]
    assert spec.kwargs["absent"] == ["account_id", "email"]


def test_an_interval_is_expected_to_hold_its_measure() -> None:
    assert named(TITLE_DAILY, "plays_low_holds_plays").kwargs == {"column_A": "plays", "column_B": "plays_low"}
