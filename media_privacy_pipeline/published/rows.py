"""The rows of a table as they are published: the contract's columns and types, in a fixed order, in fixed Parquet."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..engines.types import arrow_schema
from ..lake import Lake
from ..sql import Access, Column, Contract, PrivacyClass, ProtectedBy

RELEASE_ID = "release_id"
ROW_GROUP = 128 * 1024


def release_contract(contract: Contract) -> Contract:
    """The contract of a table as published: rows that were paid for also say in which release they first went out."""
    if not (contract.meta.protected_by is ProtectedBy.dp and contract.meta.access is Access.open):
        return contract
    column = Column.model_validate(
        {
            "name": RELEASE_ID,
            "data_type": "varchar",
            "description": "The release in which this row was first published",
            "meta": {"privacy": PrivacyClass.public},
            "data_tests": ("not_null",),
        }
    )
    return contract.model_copy(update={"columns": (*contract.columns, column)})


def read_rows(lake: Lake, contract: Contract, day: date | None) -> pa.Table:
    """A snapshot, or one day, of a lake table: typed by its contract, the day a column, sorted by its grain."""
    schema = arrow_schema(contract.types)
    files = lake.files(contract.name, None if day is None else [day])
    by = contract.meta.partition_by
    stored = [name for name in contract.types if name != by or day is None]
    # ParquetFile and not read_table: the folder's name is no column of ours.
    parts = [pq.ParquetFile(file).read(columns=stored) for file in files]
    if not parts:
        return schema.empty_table()
    table = pa.concat_tables(parts)
    if day is not None and by is not None:
        table = table.append_column(by, pa.repeat(pa.scalar(day, pa.date32()), table.num_rows))
    return in_order(table.select(contract.types).cast(schema), contract)


def in_order(table: pa.Table, contract: Contract) -> pa.Table:
    """Rows sorted by the grain and then by whatever else can be compared, so that the same rows are the same bytes."""
    names = [*contract.meta.grain, *(n for n in table.column_names if n not in contract.meta.grain)]
    keys = [(name, "ascending") for name in names if not pa.types.is_nested(table.schema.field(name).type)]
    return table.sort_by(keys).combine_chunks() if table.num_rows else table


def content_of(table: pa.Table, key: bytes) -> str:
    """Keyed digest of rows and schema: an unkeyed one would let anyone test a guess at a restricted table."""
    digest = hmac.new(key, digestmod=hashlib.sha256)
    digest.update(repr([(field.name, str(field.type)) for field in table.schema]).encode())
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    digest.update(sink.getvalue())
    return digest.hexdigest()


def digest_of(*files: Path) -> str:
    """SHA-256 of files, one after the other."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def write_rows(table: pa.Table, path: Path, encryption: Any | None) -> None:
    """Write a file with settings that never change by themselves; readable by its owner alone where encrypted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(
        path,
        table.schema,
        compression="zstd",
        compression_level=3,
        version="2.6",
        write_statistics=True,
        encryption_properties=encryption,
    ) as writer:
        writer.write_table(table, row_group_size=ROW_GROUP)
    path.chmod(0o644 if encryption is None else 0o600)
