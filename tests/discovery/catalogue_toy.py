"""A catalogue of a few titles, as the landing contract has them, and a connection that searches it."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from media_privacy_pipeline.discovery.tables import index_tables

SCHEMA = pa.schema(
    [
        ("title_id", pa.string()),
        ("title", pa.string()),
        ("kind", pa.string()),
        ("genres", pa.list_(pa.string())),
        ("release_year", pa.int32()),
        ("creator", pa.string()),
        ("language", pa.string()),
        ("synopsis", pa.string()),
    ]
)
ROWS = [
    ("a", "Alien (1979)", "film", ["horror", "science fiction"], 1979, "Ridley Scott", "en", "A crew wakes up."),
    ("b", "Aliens", "film", ["action", "science fiction"], 1986, "James Cameron", "en", None),
    ("c", "City of Lost Children, The (Cité des enfants perdus, La)", "film", ["fantasy"], 1995, None, "fr", None),
    ("d", "Seven (a.k.a. Se7en)", "film", ["crime", "thriller"], 1995, "David Fincher", "en", "Two detectives."),
    ("e", "Seven Brides for Seven Brothers", "film", ["musical"], 1954, None, "en", None),
    ("f", "Toy Story", "film", ["animation"], 1995, "John Lasseter", "en", "Toys live when nobody looks."),
    ("g", "Troy", "film", ["war"], 2004, None, "en", None),
    ("h", "千と千尋の神隠し", "film", ["animation"], 2001, "宮崎駿", "ja", None),
    ("i", "Сталкер", "film", ["science fiction"], 1979, "Андрей Тарковский", "ru", None),
    ("j", "The Blue Planet", "series", ["documentary"], 2001, None, "en", "Whales and the deep sea."),
    ("k", "2", "other", [], None, None, None, None),
]  # fmt: skip


def catalogue(rows: list[tuple[object, ...]] = ROWS) -> pa.Table:
    """The rows under the contract's types."""
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], SCHEMA)


def indexed(rows: list[tuple[object, ...]] = ROWS) -> duckdb.DuckDBPyConnection:
    """A connection with the index of the rows."""
    connection = duckdb.connect()
    for name, table in index_tables(catalogue(rows), "english").items():
        connection.from_arrow(table).create(name)
    return connection
