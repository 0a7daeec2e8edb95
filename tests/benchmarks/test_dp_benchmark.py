"""The benchmark of private releases makes the same inputs again, and tells a whole table at a small size."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from benchmarks.dp import Result, main, verdict
from benchmarks.dp_figures import dense, figures
from benchmarks.dp_inputs import DAYS, TITLES, World, made, title_ids
from benchmarks.dp_promise import DELTA, EPSILON, statement
from media_privacy_pipeline.privacy.accountant import epsilon_of
from media_privacy_pipeline.privacy.mechanism import mechanism_of


def test_inputs_are_made_again_from_the_seed(tmp_path: Path) -> None:
    one, again = (made(tmp_path / name, World("adversarial", 2_000, 1)) for name in ("one", "again"))
    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in again]
    assert sum(pq.read_metadata(file).num_rows for file in one) == 2_000
    other = made(tmp_path / "one", World("adversarial", 2_000, 2))
    assert other[0].read_bytes() != one[0].read_bytes()


def test_only_the_adversarial_input_has_busy_viewers_who_like_other_titles_and_watch_longer() -> None:
    for kind, longer in (("friendly", 1.0), ("adversarial", 2.0)):
        world = World(kind, 70_000, 1)
        rows = next(world.pieces(0))
        keys = pa.concat_tables(world.pieces(0))["account_key"]
        assert len(set(keys.to_pylist())) > 1_000
        tops = pc.equal(rows["title_id"], title_ids()[0]).to_numpy()
        seconds = rows["watch_seconds"].to_numpy()
        # The first title has a sixth of all events, of the less busy alone where the busy have another taste.
        share = tops.mean()
        assert (share > 0.15) == (kind == "friendly")
        assert seconds.mean() == pytest.approx(1_800 * (1 + (longer - 1) * 0.56), rel=0.1)


def test_the_statement_costs_no_more_than_the_promise() -> None:
    assert 0.98 * EPSILON < epsilon_of(mechanism_of(statement()).mu, DELTA) <= EPSILON


def test_a_whole_table_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--events", "20000", "--draws", "2", "--repeats", "1", "--noise", "10000", "--kinds", "friendly"]
    main([*few, "--no-peers", "--no-keep", "--json", "--work", str(tmp_path)])
    told = json.loads(capsys.readouterr().out)["inputs"]["friendly"]
    assert len(told) == 4
    assert all(side["took"]["wall"] > 0 and side["figures"]["cells"] > 0 for side in told.values())
    assert told["ours"]["figures"]["cells"] == len(DAYS) * TITLES
    # 70,000 intervals of noise alone: their share has a standard deviation of .0008.
    assert told["ours"]["figures"]["covered"] > 0.94
    assert told["plain GROUP BY, no privacy"]["figures"]["error"] == 0


def test_a_cell_that_is_missing_is_wholly_wrong(tmp_path: Path) -> None:
    days = pa.array(np.repeat(np.array(DAYS, "datetime64[D]"), TITLES))
    truth = pa.table({"day": days, "title_id": title_ids() * 7, "viewers": np.arange(7 * TITLES)})
    pq.write_table(truth, tmp_path / "truth.parquet")
    pq.write_table(truth.slice(7 * TITLES - 400), tmp_path / "few.parquet")
    found = figures(tmp_path / "truth.parquet", [tmp_path / "few.parquet"])
    assert (found.cells, found.recall, found.error, found.covered) == (400, 0.4, 1.0, None)
    assert np.nansum(dense(truth, "viewers")) == np.arange(7 * TITLES).sum()


def test_a_missed_goal_is_called_missed(tmp_path: Path) -> None:
    took = {"wall": 1.0, "cpu": 1.0, "peak": 2e9, "draws_per_second": 1e6}
    pq.write_table(
        pa.table({"day": pa.array([DAYS[0]]), "title_id": ["t000000"], "viewers": [1]}), tmp_path / "truth.parquet"
    )
    exact = figures(tmp_path / "truth.parquet", [tmp_path / "truth.parquet"])
    said = verdict("friendly", {"plain GROUP BY, no privacy": Result(took, exact), "ours": Result(took, exact)})
    assert "* peak, GB: 2.000, goal under 1: **missed**" in said
    assert "* wall over plain: 1.000, goal under 2: met" in said
