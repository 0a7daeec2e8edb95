"""What every step of a run is handed: settings, policy, keys, lake, SQL project, engine; and the days it takes in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from .. import policy as policies
from ..errors import UsageError
from ..keys import Keyring
from ..lake import Lake, fingerprint_of
from ..policy import Policy
from ..settings import Settings
from ..sql import Project, load_project
from ..sql.project import Parameter
from ..stores import lake_of
from .protocol import Engine, Folder, Input
from .scratch import write_rows
from .spark_config import spark_config
from .types import arrow_schema


@dataclass(frozen=True)
class Span:
    """The arrival days that a run takes in, both ends included, and the time as of which it decides (naive UTC)."""

    first: date
    last: date
    as_of: datetime

    @classmethod
    def of(cls, first: date, last: date, as_of: datetime | None = None) -> Span:
        """A span whose as-of time is the end of its last day unless given. Raises UsageError for a wrong order."""
        if last < first:
            raise UsageError(f"the days {first} to {last} are in the wrong order")
        return cls(first, last, as_of or datetime.combine(last + timedelta(days=1), time()))

    @property
    def days(self) -> list[date]:
        """Every day of the span, in order."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


@dataclass(frozen=True)
class StepResult:
    """What a step reports: rows by table, whether it found nothing to do, and counts or labels (never a value).

    `previews` are Markdown by table, for tables that hold nothing but counts that may be told.
    """

    rows: Mapping[str, int]
    skipped: bool = False
    metadata: Mapping[str, int | float | str | dict[str, Any]] = field(default_factory=dict)
    previews: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """An input that is made only when it is needed; the fingerprint tells what it would be made from."""

    fingerprint: str
    make: Callable[[], Input]


@dataclass(frozen=True)
class Session:
    """One installation, opened: everything is made on first use, so that opening costs nothing."""

    settings: Settings

    @cached_property
    def policy(self) -> Policy:
        """The policy in force."""
        return policies.load(self.settings.policy)

    @cached_property
    def keyring(self) -> Keyring:
        """The keys; made on first use."""
        return Keyring.open(self.settings.key_file)

    @cached_property
    def lake(self) -> Lake:
        """The Parquet folders."""
        return lake_of(self.settings)

    @cached_property
    def project(self) -> Project:
        """Contracts and models."""
        return load_project(self.settings.sql, self.policy)

    @cached_property
    def engine(self) -> Engine:
        """What runs the SQL."""
        if self.settings.engine == "spark":
            from .spark import SparkEngine

            return SparkEngine(
                self.settings.work,
                master=self.settings.spark_master,
                memory_limit=self.settings.memory_limit,
                config=spark_config(self.settings),
            )
        from .duckdb import DuckDBEngine

        return DuckDBEngine(self.settings.work, memory_limit=self.settings.memory_limit, threads=self.settings.threads)

    def folder(self, table: str, days: Sequence[date] | None = None) -> Folder:
        """A stored table (or the given days of it) as an engine's input, typed by its contract."""
        contract = self.project.contracts[table]
        files = self.lake.files(table, days)
        return Folder(self.lake.path(table), files, contract.types, contract.meta.partition_by)

    def materialise(
        self,
        model: str,
        *,
        days: Sequence[date] | None = None,
        input_days: Mapping[str, Sequence[date]] | None = None,
        parameters: Mapping[str, Parameter] | None = None,
        extra: Mapping[str, pa.Table | Made] | None = None,
    ) -> StepResult:
        """Run one model into the lake table of its name, unless it is there already, made from the same inputs.

        `days` are the partitions to write (None: a snapshot); `input_days` limits what is read of a table (all of it
        otherwise); `extra` are small tables in memory that stand for stored ones.
        """
        contract, extra, input_days = self.project.contracts[model], extra or {}, input_days or {}
        sql = self.project.render(model, parameters)
        stored = sorted(self.project.sources(model) - extra.keys())
        fingerprint = fingerprint_of(
            sql,
            [self.lake.fingerprint(table, input_days.get(table)) for table in stored],
            [(name, _identity(table)) for name, table in sorted(extra.items())],
        )
        if self.lake.is_current(model, fingerprint, days):
            return StepResult({model: self.lake.rows(model, days)}, skipped=True)
        inputs: dict[str, Input] = {table: self.folder(table, input_days.get(table)) for table in stored}
        inputs.update({name: table.make() if isinstance(table, Made) else table for name, table in extra.items()})
        by = contract.meta.partition_by
        with self.lake.write(model, fingerprint, days, by=by or "arrival_day") as staging:
            self.engine.write(sql, inputs, staging, partition_by=by if days is not None else None)
        return StepResult({model: self.lake.rows(model, days)})

    def put(self, table: str, fingerprint: str, rows: pa.Table) -> None:
        """Write rows as a snapshot of one file."""
        with self.lake.write(table, fingerprint) as staging:
            pq.write_table(rows, staging / "part-0.parquet", compression="zstd")

    def snapshot(self, table: str, fingerprint: str, rows: pa.Table | Callable[[], pa.Table]) -> bool:
        """`put` unless it is there already, made from the same; whether it was written."""
        if self.lake.is_current(table, fingerprint):
            return False
        self.put(table, fingerprint, rows if isinstance(rows, pa.Table) else rows())
        return True

    def stream(self, table: str, fingerprint: str, batches: Callable[[], Iterable[pa.RecordBatch]]) -> bool:
        """`snapshot` of rows that come batch by batch, in the columns of the table's contract."""
        if self.lake.is_current(table, fingerprint):
            return False
        with self.lake.write(table, fingerprint) as staging:
            write_rows(staging / "part-0.parquet", arrow_schema(self.project.contracts[table].types), batches())
        return True

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder of the work space for what is set aside in a block; it is gone when the block ends."""
        place = self.settings.work / f"scratch-{uuid4().hex[:8]}"
        place.mkdir(parents=True)
        try:
            yield place
        finally:
            shutil.rmtree(place)

    def close(self) -> None:
        """Give back what the engine holds, if it was ever used."""
        engine = self.__dict__.get("engine")
        if engine is not None:
            engine.close()


def _identity(table: pa.Table | Made) -> object:
    return table.fingerprint if isinstance(table, Made) else (table.schema.to_string(), table.to_pydict())
