"""`python -m benchmarks.dp_sides SIDE FOLDER OUT`: one side of `benchmarks.dp` in a process of its own.

Writes a Parquet file a draw (day, title_id, viewers, plays, watch_seconds; ours with intervals, too) to OUT and prints
what it took as JSON: wall and processor seconds without imports, peak memory in bytes.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from media_privacy_pipeline.engines import Folder, Input
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.privacy import BudgetLedger, Desk, Source, release
from media_privacy_pipeline.privacy.accountant import sigma_for
from media_privacy_pipeline.privacy.contributions import bounded_sums, domain_of
from media_privacy_pipeline.privacy.estimate import measures_of
from media_privacy_pipeline.privacy.mechanism import mechanism_of
from media_privacy_pipeline.privacy.noise import discrete_gaussian
from media_privacy_pipeline.privacy.pld import pld_epsilon
from media_privacy_pipeline.privacy.release import noisy

from .dp_inputs import DAYS, title_ids
from .dp_promise import (
    BUDGET,
    COLUMNS,
    MOST_CELLS,
    MOST_PLAYS,
    MOST_SECONDS,
    SHARES,
    SQUARED_NORM,
    mu_of_promise,
    source_sql,
    statement,
)

_LIMIT = "550MB"
_PLAIN = (
    "select day, title_id, count(distinct account_key) as viewers, count(*) as plays, "
    "sum(watch_seconds) as watch_seconds from watched group by day, title_id"
)
# The same few cells of an account whatever the order of rows, other ones for each account, as a peer would do it.
# Between, and not below: DuckDB makes a heap an account of a rank that is only bounded above, in twice the time.
_SAMPLED = """
with merged as (
  select account_key, day, title_id, least({plays}, count(*)) as plays,
    least({seconds}, sum(least({seconds}, watch_seconds))) as watch_seconds
  from watched group by account_key, day, title_id),
numbered as (
  select *, row_number() over (partition by account_key order by hash(account_key, day, title_id)) as number
  from merged)
select day, title_id, count(*) as viewers, cast(sum(plays) as bigint) as plays,
  cast(sum(watch_seconds) as bigint) as watch_seconds
from numbered where number between 1 and {cells} group by day, title_id
"""


def plain(files: Sequence[Path], work: Path, out: Path, chosen: argparse.Namespace) -> dict[str, float]:
    """DuckDB's GROUP BY, without privacy: the truth, and what everything is measured against."""
    engine = DuckDBEngine(work)
    table, took = _timed(lambda: engine.fetch(_PLAIN, _inputs(files)))
    pq.write_table(table, out / "draw-0.parquet")
    return took


def ours(files: Sequence[Path], work: Path, out: Path, chosen: argparse.Namespace) -> dict[str, float]:
    """`privacy.release` from a new ledger to the stored file; the draws after the first noise the same sums anew."""
    asked, public = statement(chosen.squared_norm, chosen.most_cells), {"title_id": title_ids()}
    source, engine = Source(source_sql(), _inputs(files)), DuckDBEngine(work, memory_limit=_LIMIT)

    def released() -> pa.Table:
        with closing(BudgetLedger(f"sqlite:///{work}/privacy.sqlite", BUDGET)) as ledger:
            stored = release("week", asked, source, Desk(ledger, work), engine, days=[DAYS[-1]], public=public)
        return pq.read_table(stored[DAYS[-1]].path)

    # What is imported on first use is imported now: no side is timed with its imports.
    discrete_gaussian(np.asarray(pa.array([0, 0], pa.int64())), 1_000)
    pld_epsilon((0.1,), 1, BUDGET.delta)
    table, took = _timed(released)
    _write(table, out, 0)
    sums = bounded_sums(engine, asked, source, [DAYS[-1]], public)[DAYS[-1]]
    for draw in range(1, chosen.draws):
        drawn = noisy(asked, sums, discrete_gaussian)
        _write(measures_of(asked, domain_of(asked, public), drawn.values, drawn.totals), out, draw)
    zeros, sigma = np.zeros(chosen.noise, np.int64), mechanism_of(asked).sums[0].sigma
    # As in benchmarks.noise: of three, the first of which meets memory that the process never had.
    drawn = statistics.median(_timed(lambda: discrete_gaussian(zeros, sigma))[1]["wall"] for _ in range(3))
    return {**took, "draws_per_second": zeros.size / drawn}


def sql(files: Sequence[Path], work: Path, out: Path, chosen: argparse.Namespace) -> dict[str, float]:
    """A window that keeps so many cells of an account, and exact noise on every known cell: the fair peer."""
    engine = DuckDBEngine(work)
    query = _SAMPLED.format(plays=MOST_PLAYS, seconds=MOST_SECONDS, cells=chosen.cells)
    reach = {"viewers": 1, "plays": MOST_PLAYS, "watch_seconds": MOST_SECONDS}
    total = sum(SHARES.values())
    domain = pa.table(
        {
            "day": pa.array(np.repeat(np.array(DAYS, "datetime64[D]"), len(title_ids()))),
            "title_id": title_ids() * len(DAYS),
        }
    )
    scales = {
        name: sigma_for(reach[name] * sqrt(chosen.cells), mu_of_promise() * sqrt(share / total))
        for name, share in SHARES.items()
    }

    def bounded() -> pa.Table:
        found = engine.fetch(query, _inputs(files))
        return domain.join(found, ["day", "title_id"]).sort_by([("day", "ascending"), ("title_id", "ascending")])

    def noised(sums: pa.Table) -> pa.Table:
        columns = {
            name: discrete_gaussian(sums[name].fill_null(0).to_numpy().astype(np.int64), sigma)
            for name, sigma in scales.items()
        }
        return pa.table({"day": sums["day"], "title_id": sums["title_id"], **columns})

    def made() -> tuple[pa.Table, pa.Table]:
        sums = bounded()
        return sums, noised(sums)

    (sums, first), took = _timed(made)
    for draw in range(chosen.draws):
        pq.write_table(first if draw == 0 else noised(sums), out / f"draw-{draw}.parquet")
    return took


SIDES: dict[str, Callable[[Sequence[Path], Path, Path, argparse.Namespace], dict[str, float]]] = {
    "plain": plain,
    "ours": ours,
    "sql": sql,
}


def _inputs(files: Sequence[Path]) -> dict[str, Input]:
    return {"watched": Folder(files[0].parent, list(files), COLUMNS)}


def _write(table: pa.Table, out: Path, draw: int) -> None:
    day = table["watched_on"].cast(pa.date32())
    rows = table.drop_columns(["watched_on"]).append_column("day", day)
    pq.write_table(rows, out / f"draw-{draw}.parquet")


def _timed(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    wall, cpu = time.perf_counter(), time.process_time()
    made = work()
    took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    return made, {**took, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a side and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dp_sides", description=__doc__)
    parser.add_argument("side", choices=SIDES)
    parser.add_argument("folder", type=Path, help="the input: Parquet files, one a day")
    parser.add_argument("out", type=Path, help="where the draws go")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--cells", type=int, default=20, help="of sql: cells kept an account")
    parser.add_argument("--noise", type=int, default=4_000_000, help="draws by which the sampler is timed")
    parser.add_argument("--squared-norm", type=int, default=SQUARED_NORM, help="of ours: m of its statement")
    parser.add_argument("--most-cells", type=int, default=MOST_CELLS, help="of ours: K of its statement")
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="side-", dir=chosen.out) as work:
        told = SIDES[chosen.side](sorted(chosen.folder.glob("*.parquet")), Path(work), chosen.out, chosen)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
