"""Files of an object store as a Spark frame, read by pyarrow on the executors: for a Spark without hadoop-aws.

Executors find endpoint and credentials in their own AWS_* environment: nothing of them is in the plan.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ..stores import Bucket

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def frame(spark: SparkSession, bucket: Bucket, names: Sequence[str], schema: pa.Schema) -> DataFrame:
    """Parquet objects of one schema as a frame of one partition a file."""
    from pyspark.sql.pandas.types import from_arrow_schema

    numbers = spark.range(0, len(names), 1, max(len(names), 1))
    kinds = from_arrow_schema(schema, prefer_timestamp_ntz=True)
    with warnings.catch_warnings():
        # PySpark says so of every function over Arrow; there is no pandas in this one.
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        return numbers.mapInArrow(_reading(bucket.url, tuple(names), schema), kinds)


def _reading(url: str, names: tuple[str, ...], schema: pa.Schema) -> Callable[[Iterator[Any]], Iterator[Any]]:
    def read(numbers: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        bucket = Bucket(url)
        for batch in numbers:
            for number in batch.column(0).to_pylist():
                yield from bucket.dataset([names[number]], schema).to_batches()

    return read
