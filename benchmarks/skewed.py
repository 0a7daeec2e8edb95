"""Landing zones that lean: a title that takes 30 % of all events, a bot, or a day ten times the size."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

KINDS = ("title", "bot", "day")
_TITLE_SHARE = 0.3
_DAY_TIMES = 10


def skewed(zone: Path, kind: str, bot_events: int = 1_000_000) -> Path:
    """A zone beside another with its files, the viewing events changed in one way; made once and kept.

    title: the events whose id hashes into the lowest 30 % are of one title. bot: the account of the first event has
    `bot_events` more on its day, spread over all titles. day: the events of the middle day come ten times, with ids of
    their own.
    """
    place = zone.with_name(f"{zone.name}-{kind}" + (f"-{bot_events}" if kind == "bot" else ""))
    if place.exists():
        return place
    making = place.with_name(place.name + ".making")
    shutil.rmtree(making, ignore_errors=True)
    shutil.copytree(zone, making)
    files = sorted((making / "viewing_events").rglob("*.parquet"))
    change: Callable[[list[Path], int], None] = {"title": _one_title, "bot": _bot, "day": _large_day}[kind]
    change(files, bot_events)
    making.rename(place)
    return place


def _one_title(files: list[Path], _: int) -> None:
    title = pq.read_table(files[0], columns=["title_id"])["title_id"].drop_null()[0].as_py()
    for file in files:
        rows = pq.read_table(file)
        drawn = duckdb.sql("select hash(event_id) % 1000 as part from rows").to_arrow_table()["part"]
        leaning = pc.less(drawn.combine_chunks(), int(_TITLE_SHARE * 1000))
        at = rows.schema.get_field_index("title_id")
        titles = pc.if_else(leaning, pa.scalar(title, rows.schema.field(at).type), rows["title_id"].combine_chunks())
        pq.write_table(rows.set_column(at, rows.schema.field(at), titles), file, compression="zstd")


def _bot(files: list[Path], events: int) -> None:
    file = max(files, key=lambda each: pq.read_metadata(each).num_rows)
    rows = pq.read_table(file)
    first = rows.filter(pc.and_(pc.is_valid(rows["account_id"]), pc.is_valid(rows["started_at"]))).slice(0, 1)
    titles = pc.unique(rows["title_id"].drop_null())
    many = first.take(pa.array([0] * events))
    numbers = pa.array(range(events))
    many = _replaced(many, "event_id", pc.binary_join_element_wise("bot", numbers.cast(pa.string()), "-"))
    many = _replaced(many, "title_id", titles.take(pa.array([n % len(titles) for n in range(events)])))
    pq.write_table(pa.concat_tables([rows, many]), file, compression="zstd")


def _large_day(files: list[Path], _: int) -> None:
    days = sorted({file.parent for file in files})
    for file in sorted(days[len(days) // 2].glob("*.parquet")):
        rows = pq.read_table(file)
        again = [rows]
        for turn in range(1, _DAY_TIMES):
            ids = pc.binary_join_element_wise(rows["event_id"], pa.scalar(f"x{turn}"), "-")
            again.append(_replaced(rows, "event_id", ids))
        pq.write_table(pa.concat_tables(again), file, compression="zstd")


def _replaced(rows: pa.Table, column: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    at = rows.schema.get_field_index(column)
    return rows.set_column(at, rows.schema.field(at), values.cast(rows.schema.field(at).type))
