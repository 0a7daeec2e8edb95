"""Top lists for everyone who agreed to personalisation, a block of viewers at a time, straight to Parquet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...durable import sync
from ..base import NOBODY, Ranking, Recommender
from ..config import ServingConfig
from ..interactions import Bools, Floats, Interactions, Ints
from .filters import Filters, audience

SCHEMA = pa.schema(
    [
        ("viewer_key", pa.string()),
        ("rank", pa.int32()),
        ("title_id", pa.string()),
        ("score", pa.float64()),
        ("reason_title_id", pa.string()),
        ("reason_share", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Viewers:
    """Everyone to be served: keys, ascending, and row by row their kids flags and birth years (NaN: unknown)."""

    keys: pa.Array
    is_kid: Bools
    birth_year: Floats

    @classmethod
    def of(cls, with_account: pa.Array, is_kid: Bools, birth_year: Floats, with_history: pa.ChunkedArray) -> Viewers:
        """From account rows and the viewers of histories. Who has no account row is a viewer of unknown age."""
        everyone = pc.unique(pa.chunked_array([with_account, *with_history.chunks], pa.string()))
        everyone = everyone.take(pc.sort_indices(everyone))
        place = pc.fill_null(pc.index_in(everyone, with_account), NOBODY).to_numpy()
        found = place != NOBODY
        kids, years = np.zeros(len(everyone), bool), np.full(len(everyone), np.nan)
        kids[found], years[found] = is_kid[place[found]], birth_year[place[found]]
        return cls(everyone, kids, years)


def top_lists(
    model: Recommender | None,
    floor: Recommender,
    histories: Interactions,
    filters: Filters,
    config: ServingConfig,
) -> Iterator[pa.Table]:
    """Rows of `recommendations` (SCHEMA), block by block in the order of the histories' viewers.

    Whom the model has nothing for, for want of a history that it knows, is given the floor's list without a reason.
    """
    for first in range(0, len(histories), config.block_viewers):
        last = min(first + config.block_viewers, len(histories))
        block, allowed = histories.block(first, last), filters.block(first, last)
        lists = np.zeros(last - first, bool)
        parts = []
        if model is not None:
            ranking = model.recommend(block, config.k, allowed)
            lists = ranking.titles[:, 0] != NOBODY
            parts.append(_rows(model, block, ranking, np.flatnonzero(lists)))
        if not lists.all() and len(floor.titles):
            others = np.flatnonzero(~lists)
            ranking = floor.recommend(block.take(others), config.k, allowed.take(others))
            parts.append(_rows(floor, block.take(others), ranking, np.arange(len(others))))
        table = pa.concat_tables([SCHEMA.empty_table(), *parts])
        yield table.sort_by([("viewer_key", "ascending"), ("rank", "ascending")])


def filters_of(
    viewers: Viewers, minimum_age: dict[str, int], year: int, config: ServingConfig, hidden: Interactions
) -> Filters:
    """What each viewer may be offered in the as-of year, from the ratings of the catalogue and what each hid."""
    limit, rated_only = audience(viewers.is_kid, viewers.birth_year, year, config)
    return Filters(minimum_age, limit, rated_only, hidden)


def write_lists(
    lists: Callable[[int, int], Iterator[pa.Table]],
    viewers: int,
    folder: Path,
    config: ServingConfig,
    schema: pa.Schema = SCHEMA,
) -> int:
    """Write the lists of so many viewers, a file for each `piece_viewers` of them; return how many were there already.

    `lists` makes the blocks of viewers from one number to another (excluded). A file has its name once it is whole and
    on the disk, and is not made again: whoever goes on after a crash gets the bytes of a night that had none.
    """
    firsts = range(0, max(viewers, 1), config.piece_viewers)
    width, found = len(str(len(firsts) - 1)), 0
    for number, first in enumerate(firsts):
        file = folder / f"part-{number:0{width}}.parquet"
        if file.exists():
            found += 1
            continue
        unfinished = file.with_suffix(".unfinished")
        with pq.ParquetWriter(unfinished, schema, compression="zstd") as writer:
            for table in lists(first, min(first + config.piece_viewers, viewers)):
                if table.num_rows:
                    writer.write_table(table)
        sync(unfinished)
        unfinished.rename(file)
        sync(folder)
    return found


def _rows(model: Recommender, viewers: Interactions, ranking: Ranking, rows: Ints) -> pa.Table:
    """The given viewers' lists in long form."""
    titles, scores, reasons, shares = (
        part[rows] for part in (ranking.titles, ranking.scores, ranking.reasons, ranking.shares)
    )
    listed = titles != NOBODY
    viewer, rank = np.nonzero(listed)
    names = pa.array(model.titles.tolist() or [None], pa.string())
    reason = reasons[listed]
    columns = [
        viewers.viewers.take(pa.array(rows[viewer])),
        pa.array(rank + 1, pa.int32()),
        names.take(pa.array(titles[listed])),
        pa.array(scores[listed]),
        names.take(pa.array(reason, mask=reason == NOBODY)),
        pa.array(shares[listed], mask=np.isnan(shares[listed])),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)
