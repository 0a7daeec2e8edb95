"""OpenDP's Polars interface: known keys, Gaussian noise under zero-concentrated privacy, one query a measure.

An account's rows are cut to so many a cell, and then to so many in all, which of the ways that it offers errs least and
runs: in 0.16.0 `truncate_num_groups` fails with "multiple fields with name" when it runs, keeps k - 1 groups by
its plan, and the same ones for everybody, since its hash is of the group alone.
"""

from __future__ import annotations

import warnings

import opendp.prelude as dp
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import told

_CELL = "cell"


def main() -> None:
    """Release and tell."""
    chosen = told.options(__doc__)
    warnings.simplefilter("ignore", FutureWarning)
    dp.enable_features("contrib")

    def released() -> pa.Table:
        day = (pl.col("day") - pl.lit(chosen.first)).dt.total_days().cast(pl.Int64)
        events = pl.scan_parquet(chosen.folder / "*.parquet").select(
            "account_key",
            (day * chosen.titles + pl.col("title_id").str.slice(1).cast(pl.Int64)).alias(_CELL),
            pl.col("watch_seconds").cast(pl.Int64),
        )
        context = dp.Context.compositor(
            data=events,
            privacy_unit=dp.unit_of(contributions=1, identifier=pl.col("account_key")),
            privacy_loss=dp.loss_of(rho=told.rho()),
            split_by_weights=list(told.SHARES.values()),
            # Whole numbers are summed: a bound far above any length costs nothing, and must be named.
            margins=[dp.polars.Margin(by=[_CELL], max_length=2**31 - 1)],
        )
        keys = pl.LazyFrame({_CELL: list(range(chosen.days * chosen.titles))})

        def query(rows: int, measure: pl.Expr) -> pl.DataFrame:
            watched = context.query().truncate_per_group(rows, by=[_CELL]).truncate_per_group(rows * chosen.cells)
            return watched.group_by(_CELL).agg(measure).with_keys(keys).release().collect()

        viewers = query(1, dp.len().alias("viewers"))
        plays = query(told.MOST_PLAYS, dp.len().alias("plays"))
        # Rows are what it clips: 2,400 a row and 3 rows are 7,200 an account and cell.
        most = told.MOST_SECONDS // told.MOST_PLAYS
        seconds = query(told.MOST_PLAYS, pl.col("watch_seconds").fill_null(0).dp.sum((0, most)))
        found = viewers.join(plays, on=_CELL).join(seconds, on=_CELL)
        days, titles = told.days(chosen), told.titles(chosen)
        cells = found[_CELL].to_list()
        return pa.table(
            {
                "day": pa.array([days[cell // chosen.titles] for cell in cells], pa.date32()),
                "title_id": [titles[cell % chosen.titles] for cell in cells],
                **{name: found[name].cast(pl.Float64).to_numpy() for name in told.SHARES},
            }
        )

    table, took = told.timed(released)
    pq.write_table(table, chosen.out / "draw-0.parquet")
    told.tell(took)


if __name__ == "__main__":
    main()
