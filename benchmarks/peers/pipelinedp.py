"""PipelineDP on its local backend: known partitions, Gaussian noise, privacy loss distributions for the accounting.

One aggregation of three metrics, which share its budget equally: its interface splits it so. Three aggregations with
budgets of their own would take three times as long.
"""

from __future__ import annotations

import datetime
from itertools import product

import pipeline_dp
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import told


def main() -> None:
    """Release and tell."""
    chosen = told.options(__doc__)
    partitions = list(product(range(chosen.days), range(chosen.titles)))

    def released() -> pa.Table:
        rows = pq.read_table(chosen.folder)
        # Small integers are what plain Python hashes fastest.
        accounts = rows["account_key"].combine_chunks().dictionary_encode().indices.to_pylist()
        first = pa.scalar(chosen.first, pa.date32())
        day_of = pc.days_between(first, rows["day"]).to_pylist()
        title_of = pc.cast(pc.utf8_slice_codeunits(rows["title_id"], 1), pa.int32()).to_pylist()
        seconds = rows["watch_seconds"].to_pylist()
        events = list(zip(accounts, zip(day_of, title_of, strict=True), seconds, strict=True))
        accountant = pipeline_dp.PLDBudgetAccountant(told.EPSILON, told.DELTA)
        engine = pipeline_dp.DPEngine(accountant, pipeline_dp.LocalBackend())
        metrics = pipeline_dp.Metrics
        found = engine.aggregate(
            events,
            pipeline_dp.AggregateParams(
                noise_kind=pipeline_dp.NoiseKind.GAUSSIAN,
                metrics=[metrics.PRIVACY_ID_COUNT, metrics.COUNT, metrics.SUM],
                max_partitions_contributed=chosen.cells,
                max_contributions_per_partition=told.MOST_PLAYS,
                min_sum_per_partition=0,
                max_sum_per_partition=told.MOST_SECONDS,
            ),
            pipeline_dp.DataExtractors(
                privacy_id_extractor=lambda row: row[0],
                partition_extractor=lambda row: row[1],
                value_extractor=lambda row: row[2],
            ),
            public_partitions=partitions,
        )
        accountant.compute_budgets()
        cells = list(found)
        return pa.table(
            {
                "day": pa.array([chosen.first + datetime.timedelta(days=cell[0]) for cell, _ in cells], pa.date32()),
                "title_id": [f"t{cell[1]:06d}" for cell, _ in cells],
                "viewers": pa.array([float(figures.privacy_id_count) for _, figures in cells]),
                "plays": pa.array([float(figures.count) for _, figures in cells]),
                "watch_seconds": pa.array([float(figures.sum) for _, figures in cells]),
            }
        )

    table, took = told.timed(released)
    pq.write_table(table, chosen.out / "draw-0.parquet")
    told.tell(took)


if __name__ == "__main__":
    main()
