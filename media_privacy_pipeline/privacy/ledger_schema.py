"""Ledgers of earlier versions are brought up to date where they are opened: a ledger is never begun anew."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn

_REPLACED = ("privacy_released_once",)
"""Indexes of earlier versions, in whose place others stand."""


def brought_up_to_date(connection: sa.Connection, table: sa.Table) -> None:
    """Add the columns and indexes that a table of an earlier version lacks, and drop the indexes that were replaced.

    To be called in a transaction that no other one of the ledger overlaps.
    """
    found = sa.inspect(connection)
    columns = {column["name"] for column in found.get_columns(table.name)}
    for column in table.columns:
        if column.name not in columns:
            words = CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"alter table {table.name} add column {words}")
    indexes = {index["name"] for index in found.get_indexes(table.name)}
    for index in table.indexes:
        if index.name not in indexes:
            index.create(connection)
    for name in indexes.intersection(_REPLACED):
        connection.exec_driver_sql(f"drop index {name}")
