"""Bounding by hash sampling keeps m cells of an account, others for others, the same on both engines, and says what
it cut: each of what other systems got wrong is a test here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from privacy_world import FIRST

from media_privacy_pipeline.audit.sensitivity import check_sensitivity
from media_privacy_pipeline.engines import Engine
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.privacy import Desk, Source, release, sampling
from media_privacy_pipeline.privacy.contributions import BoundedSums, bounded_sums
from media_privacy_pipeline.privacy.mechanism import mechanism_of
from media_privacy_pipeline.privacy.weights import ONE
from media_privacy_pipeline.release_policy import TableStatement

TITLES = [f"t{n:02d}" for n in range(40)]
PUBLIC = {"title_id": TITLES}
KEPT = 3


def _statement(**change: Any) -> TableStatement:
    return TableStatement.model_validate(
        {
            "title": "A toy",
            "cells": {"title_id": {"of": "titles"}},
            "measures": {
                "viewers": {"budget": 0.5},
                "plays": {"of": "plays", "least": 1, "most": 3, "budget": 0.4},
            },
            "squared_norm": KEPT,
            "most_cells": 12,
            "mu": 1.0,
            "totals_budget": 0.1,
            "bounding": "sample",
            **change,
        }
    )


def _rows(watched: list[tuple[str, str, date]], plays: int = 1) -> pa.Table:
    account, title, day = zip(*watched, strict=True)
    return pa.table({"account_key": account, "title_id": title, "day": day, "plays": [plays] * len(watched)})


def _sums(engine: Engine, rows: pa.Table, days: tuple[date, ...] = (FIRST,), **change: Any) -> dict[date, BoundedSums]:
    return bounded_sums(engine, _statement(**change), Source("select * from watched", {"watched": rows}), days, PUBLIC)


def _all_of(*accounts: str, titles: int = 40, day: date = FIRST) -> list[tuple[str, str, date]]:
    return [(account, title, day) for account in accounts for title in TITLES[:titles]]


def test_exactly_as_many_cells_are_kept_as_the_bound_says_and_all_of_who_has_no_more(duck: DuckDBEngine) -> None:
    for titles in (1, KEPT - 1, KEPT, KEPT + 1, 12, 40):
        sums = _sums(duck, _rows(_all_of("a", titles=titles)))[FIRST]
        kept = min(titles, KEPT)
        assert Counter(sums.values[0].tolist()) == {ONE: kept, 0: 40 - kept}
        assert sums.totals.tolist() == [ONE * kept, ONE * (min(titles, 12) - kept)]


def test_accounts_that_watch_the_same_keep_cells_of_their_own(duck: DuckDBEngine) -> None:
    count = 400
    sums = _sums(duck, _rows(_all_of(*(f"account {n}" for n in range(count)))))[FIRST]
    kept = sums.values[0] // ONE
    assert kept.sum() == count * KEPT
    # A title is kept by 30 on average, with a standard deviation of 5.3; by 400 or 0 were the choice the same for all.
    assert 5 < kept.min() <= 30 <= kept.max() < 60


def test_an_account_chooses_anew_each_day(duck: DuckDBEngine) -> None:
    days = tuple(FIRST + timedelta(days=n) for n in range(8))
    rows = _rows([row for day in days for row in _all_of("a", day=day)])
    chosen = {tuple(np.flatnonzero(sums.values[0])) for sums in _sums(duck, rows, days).values()}
    assert len(chosen) > 1


def test_both_engines_and_any_order_of_rows_keep_the_same(engine: Engine, duck: DuckDBEngine) -> None:
    rows = _rows(_all_of("a", "b", "ü|3:", titles=9), plays=2)
    turned = rows.take(pa.array(np.random.default_rng(3).permutation(rows.num_rows)))
    one, other = _sums(engine, rows)[FIRST], _sums(duck, turned)[FIRST]
    assert (one.values == other.values).all()
    assert (one.totals == other.totals).all()


def test_cells_that_share_a_hash_are_told_apart_by_themselves(duck: DuckDBEngine) -> None:
    cells = sampling.bounded(_statement(), "known")
    alike = re.sub(r"md5\(.*\), title_id\)", "md5(''), title_id)", cells)
    assert alike != cells
    known = pa.table({"account": ["a"] * 5, "day": [FIRST] * 5, "title_id": list("edcba")})
    kept = duck.fetch(f"select title_id from {alike}", {"known": known})["title_id"].to_pylist()
    assert sorted(kept) == ["a", "b", "c"]


def test_the_audit_finds_the_bound_reached_and_not_passed(duck: DuckDBEngine) -> None:
    finding = check_sensitivity("toy", _statement(), duck)
    assert finding.passed
    assert finding.estimate > 0.99


@pytest.mark.parametrize("kept", [KEPT + 1, 40])
def test_keeping_more_cells_than_declared_is_caught(duck: DuckDBEngine, kept: int) -> None:
    def loose(engine: Engine, statement: TableStatement, *rest: Any) -> Any:
        return bounded_sums(engine, statement.model_copy(update={"squared_norm": kept, "most_cells": 40}), *rest)

    assert not check_sensitivity("toy", _statement(), duck, loose).passed


def test_noise_follows_the_bound_when_that_is_redefined() -> None:
    scales = [mechanism_of(_statement(squared_norm=kept)).sums[0].sigma for kept in (1, 4)]
    assert scales[1] == pytest.approx(2 * scales[0], rel=0.01)
    wider = {"viewers": {"budget": 0.5}, "plays": {"of": "plays", "least": 1, "most": 9, "budget": 0.4}}
    one, other = mechanism_of(_statement()), mechanism_of(_statement(measures=wider))
    assert other.sums[1].sigma == pytest.approx(4 * one.sums[1].sigma, rel=0.01)


def test_what_was_cut_is_paid_for_and_undone(duck: DuckDBEngine, make_desk: Callable[..., Desk]) -> None:
    rows = _rows(_all_of(*(f"account {n}" for n in range(300)), titles=9))
    source = Source("select * from watched", {"watched": rows})
    desk = make_desk(noise=lambda values, sigma: values)
    stored = release("toy", _statement(), source, desk, duck, days=[FIRST], public=PUBLIC)[FIRST]
    told = pq.read_table(stored.path)["viewers"].to_numpy()
    assert told.sum() == pytest.approx(300 * 9, rel=0.02)
    assert sampling.sample_table(KEPT, 12)["cut"].to_pylist()[-1] == ONE * 9
