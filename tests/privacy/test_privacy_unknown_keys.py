"""Keys that are not known beforehand are told only above the threshold, in an order of their own, and paid for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from privacy_world import FIRST, events, land

from media_privacy_pipeline.engines import Engine, Session, Span
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.policy import PACKAGED
from media_privacy_pipeline.privacy import Desk, Source, release
from media_privacy_pipeline.privacy.accountant import epsilon_of
from media_privacy_pipeline.privacy.contributions import BoundedSums
from media_privacy_pipeline.privacy.mechanism import mechanism_of, spend_of
from media_privacy_pipeline.privacy.steps import release_table
from media_privacy_pipeline.privacy.unknown_keys import found_sums, told
from media_privacy_pipeline.privacy.weights import ONE, weight
from media_privacy_pipeline.release_policy import TableStatement

STATEMENT = TableStatement.model_validate(
    {
        "title": "What was searched for, and on what",
        "cells": {"query": {"unknown": True}, "device": {"values": ["tv", "web"]}},
        "measures": {
            "accounts": {"budget": 0.6},
            "searches": {"of": "searches", "least": 1, "most": 3, "budget": 0.3},
        },
        "squared_norm": 2,
        "most_cells": 4,
        "mu": 1.0,
        "totals_budget": 0.1,
        "threshold_delta": 1e-11,
    }
)
LINE = mechanism_of(STATEMENT).threshold / ONE


def _rows(asked: list[tuple[str, str | None, str]]) -> pa.Table:
    """Rows (account, query, device) of one day, each once."""
    account, query, device = zip(*asked, strict=True) if asked else ((), (), ())
    texts = {"account_key": account, "query": query, "device": device}
    columns = {name: pa.array(values, pa.string()) for name, values in texts.items()}
    return pa.table({**columns, "day": pa.array([FIRST] * len(asked)), "searches": pa.array([1] * len(asked))})


def _source(asked: list[tuple[str, str | None, str]]) -> Source:
    return Source("select * from asked", {"asked": _rows(asked)})


def _silent(values: np.ndarray, sigma: int) -> np.ndarray:
    return values


def test_the_cells_that_the_data_have_are_summed_as_the_statement_says(engine: Engine) -> None:
    asked = [("a", "ü", "tv"), ("a", "ü", "tv"), ("b", "ü", "tv"), ("b", None, "tv"), ("b", "z", "fridge")]
    asked += [("c", query, "web") for query in "zyxwv"]
    found = found_sums(engine, STATEMENT, _source(asked), [FIRST])[FIRST]
    cells = [tuple(row.values()) for row in found.cells.to_pylist()]
    assert cells == [(query, "web") for query in "vwxyz"] + [("ü", "tv")]
    light = weight(5, 2, 4)
    # Searches are summed around their middle, 2.
    assert found.sums.values.tolist() == [[light] * 5 + [128], [-light] * 5 + [-64]]
    assert found.sums.totals.tolist() == [5 * light + 128, 4 * ONE - 5 * light]


def test_without_noise_a_key_is_told_from_the_threshold_on_and_no_earlier(
    duck: DuckDBEngine, make_desk: Callable[..., Desk]
) -> None:
    enough = int(np.ceil(LINE))
    asked = [(f"a{n}", "many", "tv") for n in range(enough)] + [(f"b{n}", "few", "tv") for n in range(enough - 1)]
    asked += [("c", "her name", "tv")]
    stored = release("queries", STATEMENT, _source(asked), make_desk(noise=_silent), duck, days=[FIRST])[FIRST]
    rows = pq.read_table(stored.path)
    assert rows["query"].to_pylist() == ["many"]
    assert b"her name" not in stored.path.read_bytes()
    assert rows["accounts"].to_pylist() == [enough]


def test_a_day_without_rows_and_one_without_enough_are_released_empty_alike(
    duck: DuckDBEngine, make_desk: Callable[..., Desk]
) -> None:
    desk = make_desk(noise=_silent)
    none = release("nobody", STATEMENT, _source([]), desk, duck, days=[FIRST])[FIRST]
    few = release("few", STATEMENT, _source([("a", "q", "tv")]), desk, duck, days=[FIRST])[FIRST]
    tables = [pq.read_table(each.path) for each in (none, few)]
    assert tables[0].equals(tables[1])
    assert tables[0].column_names == ["query", "device", *_columns("accounts"), *_columns("searches")]


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3)), max_size=8),
    st.randoms(),
)
def test_the_order_told_is_that_of_the_keys_whatever_the_data_are(queries: list[tuple[str]], shuffle: Any) -> None:
    pairs = sorted({(query, device) for (query,) in queries for device in ("tv", "web")}, key=_utf8)
    popular = {pair: shuffle.random() < 0.7 for pair in pairs}
    cells = pa.table(
        {name: pa.array([pair[n] for pair in pairs], pa.string()) for n, name in enumerate(("query", "device"))}
    )
    counts = [ONE * int(2 * LINE) * popular[pair] for pair in pairs]
    values = np.array([counts, [0] * len(pairs)], np.int64)
    shown, sums = told(STATEMENT, cells, BoundedSums(values, np.zeros(2, np.int64)))
    assert [tuple(row.values()) for row in shown.to_pylist()] == [pair for pair in pairs if popular[pair]]
    assert sums.values.shape == (2, sum(popular.values()))


def test_rows_in_another_order_find_the_same_cells_in_the_same_order(duck: DuckDBEngine) -> None:
    asked = [(f"a{n % 7}", f"q{n % 11}", ("tv", "web")[n % 2]) for n in range(80)]
    one, other = (found_sums(duck, STATEMENT, _source(rows), [FIRST])[FIRST] for rows in (asked, asked[::-1]))
    assert one.cells.equals(other.cells)
    assert (one.sums.values == other.sums.values).all()


def test_noise_is_drawn_for_every_cell_that_is_there_hidden_ones_too(
    duck: DuckDBEngine, make_desk: Callable[..., Desk]
) -> None:
    drawn: Counter[int] = Counter()

    def noting(values: np.ndarray, sigma: int) -> np.ndarray:
        drawn[values.size] += 1
        return values

    asked = [("a", "one", "tv"), ("b", "two", "tv"), ("c", "two", "web")]
    release("queries", STATEMENT, _source(asked), make_desk(noise=noting), duck, days=[FIRST])
    assert drawn == {3: 2, 2: 1}


def test_the_ledger_is_told_of_the_threshold_and_of_what_it_may_let_through(
    duck: DuckDBEngine, make_desk: Callable[..., Desk]
) -> None:
    desk = make_desk()
    release("queries", STATEMENT.model_copy(update={"threshold_delta": 1e-12}), _source([]), desk, duck, days=[FIRST])
    (charge,) = desk.ledger.charges()
    assert charge.spend.threshold_delta == 1e-12
    assert "cells from a noisy count of" in charge.spend.mechanism
    assert desk.ledger.year_epsilon(FIRST) > epsilon_of(spend_of(STATEMENT).mu, 1e-9)
    assert spend_of(STATEMENT).mu == pytest.approx(STATEMENT.mu, rel=1e-2)


def test_a_policy_may_leave_the_titles_unknown_and_the_table_keeps_its_contract(
    make_session: Callable[..., Session], tmp_path: Path
) -> None:
    document = yaml.safe_load(PACKAGED.read_text())
    del document["releases"]["budget"]["families"]
    document["releases"]["tables"]["title_daily"] |= {
        "cells": {"title_id": {"unknown": True}}, "threshold_delta": 1e-12, "mu": 1.0, "allowance": None,
    }  # fmt: skip
    document["releases"]["budget"]["epsilon"] = 50
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    session = make_session(policy=tmp_path / "policy.yaml")
    days = [FIRST + timedelta(days=n) for n in range(4)]
    # Nothing is asked of a catalogue, and nothing waits for one.
    land(session, events(accounts=300, days=2), days, titles=0)
    result = release_table(session, Span.of(days[0], days[-1]), "title_daily")
    assert result.metadata["waiting_days"] == 0
    assert result.metadata["threshold_delta_one_release"] == 1e-12
    tables = [pq.read_table(file) for file in session.lake.files("title_daily")]
    contract = list(session.project.contracts["title_daily"].types)
    assert all(["day", *pq.read_schema(file).names] == contract for file in session.lake.files("title_daily"))
    assert 0 < sum(table.num_rows for table in tables) < 120
    titles = [table["title_id"].to_pylist() for table in tables]
    assert titles == [sorted(each) for each in titles]


def _columns(measure: str) -> list[str]:
    return [measure, f"{measure}_low", f"{measure}_high"]


def _utf8(pair: tuple[str, str]) -> tuple[bytes, bytes]:
    return pair[0].encode(), pair[1].encode()
