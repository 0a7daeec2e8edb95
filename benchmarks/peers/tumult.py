"""Tumult Analytics on a local Spark: known keys, Gaussian noise under zero-concentrated privacy, one query a measure.

Needs Java 8 to 17, whose home is JAVA_HOME where it is not the default of the machine.
"""

from __future__ import annotations

import os
import sys
import tempfile
from argparse import Namespace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import told
from pyspark.sql import SparkSession
from pyspark.sql import functions as f
from tmlt.analytics import (
    AddRowsWithID,
    CountMechanism,
    KeySet,
    MaxGroupsPerID,
    MaxRowsPerGroupPerID,
    QueryBuilder,
    RhoZCDPBudget,
    Session,
    SumMechanism,
)

_CELL = "cell"


def main() -> None:
    """Release and tell."""
    chosen = told.options(__doc__)
    # Workers are not to take whichever Python comes first on the path.
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    with tempfile.TemporaryDirectory(dir=chosen.out) as work:
        spark = (
            SparkSession.builder.master("local[2]")
            .config("spark.driver.memory", "6g")
            .config("spark.local.dir", work)
            .config("spark.sql.warehouse.dir", f"{work}/warehouse")
            .config("spark.sql.shuffle.partitions", "8")
            .config("spark.ui.enabled", "false")
            .getOrCreate()
        )
        spark.sparkContext.setLogLevel("ERROR")
        table, took = told.timed(lambda: released(spark, chosen))
        pq.write_table(table, chosen.out / "draw-0.parquet")
        java = spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid()
        children = _peak(java)
        took["cpu"] += _processor(java)
        spark.stop()
    told.tell(took, children)


def released(spark: SparkSession, chosen: Namespace) -> pa.Table:
    """The three measures of every cell."""
    days = told.days(chosen)
    events = spark.read.parquet(str(chosen.folder)).select(
        "account_key",
        f.concat_ws(" ", f.col("day").cast("string"), "title_id").alias(_CELL),
        f.col("watch_seconds").cast("long").alias("watch_seconds"),
    )
    rho = told.rho()
    session = Session.from_dataframe(
        privacy_budget=RhoZCDPBudget(rho),
        source_id="watched",
        dataframe=events,
        protected_change=AddRowsWithID(id_column="account_key"),
    )
    cells = [f"{day} {title}" for day in days for title in told.titles(chosen)]
    keys = KeySet.from_dict({_CELL: cells})
    watched = QueryBuilder("watched").enforce(MaxGroupsPerID(_CELL, chosen.cells))
    shares = {name: RhoZCDPBudget(rho * share * (1 - 1e-9)) for name, share in told.SHARES.items()}
    viewers = session.evaluate(
        watched.enforce(MaxRowsPerGroupPerID(_CELL, 1))
        .groupby(keys)
        .count(name="viewers", mechanism=CountMechanism.GAUSSIAN),
        shares["viewers"],
    )
    limited = watched.enforce(MaxRowsPerGroupPerID(_CELL, told.MOST_PLAYS))
    plays = session.evaluate(
        limited.groupby(keys).count(name="plays", mechanism=CountMechanism.GAUSSIAN), shares["plays"]
    )
    # Rows are what it clips: 2,400 a row and 3 rows are 7,200 an account and cell.
    seconds = session.evaluate(
        limited.groupby(keys).sum(
            "watch_seconds",
            low=0,
            high=told.MOST_SECONDS // told.MOST_PLAYS,
            name="watch_seconds",
            mechanism=SumMechanism.GAUSSIAN,
        ),
        shares["watch_seconds"],
    )
    joined = viewers.join(plays, _CELL).join(seconds, _CELL).toPandas()
    parts = joined[_CELL].str.split(" ", expand=True)
    return pa.table(
        {
            "day": pa.array(parts[0].tolist(), pa.string()).cast(pa.date32()),
            "title_id": parts[1].tolist(),
            **{name: joined[name].astype(float).to_numpy() for name in told.SHARES},
        }
    )


def _peak(process: int) -> float:
    """Peak resident memory of a process in bytes."""
    with Path(f"/proc/{process}/status").open() as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def _processor(process: int) -> float:
    """Processor seconds of a process and of its children that have ended."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
