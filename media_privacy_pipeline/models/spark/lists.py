"""Lists for all viewers of a purpose by executors: a file for each piece of viewers, made by the functions of serving.

    SCRATCH/cut/piece-<n>.parquet     all rows of some viewers
    SCRATCH/made/part-<n>.parquet     their lists, once they are whole

Who is killed goes on with the first piece that has no lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...engines.executors import Executors
from ...lake import fingerprint_of
from ..config import ModelsConfig
from ..inputs import weighed
from ..serving.context import SCHEMA as IN_CONTEXT
from ..serving.context import context_lists, in_context
from ..serving.lists import SCHEMA, top_lists
from ..serving.served import Served
from ..serving.shelf import Shelf
from ..serving.weekly import SCHEMA as WEEKLY
from ..serving.weekly import Ranker, still_fit, weekly_lists
from .offer import Offer, Part, rows_of
from .scale import cut

_COUNTED = pa.schema(
    [("viewers", pa.int64()), ("with_history", pa.int64()), ("made", pa.int64()), ("found", pa.int64())]
)
Lists = Callable[[Offer, Part], Iterator[pa.Table]]
"""Lists of a part, in the order of its viewers; runs on executors."""


@dataclass(frozen=True)
class Written:
    """Viewers who are served, those with a history, those for whom a list was made, and files of a killed run."""

    viewers: int
    with_history: int
    made: int
    found: int


def recommendations(served: Served, executors: Executors) -> Written:
    """Write the table `recommendations`; see models.steps.recommend."""
    return _write(served, executors, "recommendations", served.fingerprint, _top, SCHEMA)


def in_contexts(served: Served, executors: Executors) -> Written:
    """Write the table `context_recommendations`; see serving.step.recommend_in_context."""
    return _write(served, executors, "context_recommendations", served.fingerprint, _contexts, IN_CONTEXT)


def of_week(served: Served, executors: Executors, fingerprint: str, week: date, tail: frozenset[str]) -> Written:
    """Write the table `weekly_discovery`; see serving.step.discover."""
    lists = partial(_weekly, week=week, tail=tail)
    return _write(served, executors, "weekly_discovery", fingerprint, lists, WEEKLY, listed="weekly_discovery")


def _write(
    served: Served,
    executors: Executors,
    table: str,
    fingerprint: str,
    lists: Lists,
    schema: pa.Schema,
    listed: str | None = None,
) -> Written:
    session, offer = served.session, Offer.of(served)
    sql, inputs, rows = rows_of(session, served, listed)
    # What is listed already is read from the table itself: pieces that are cut from it are no other table's.
    before = "" if listed is None else session.lake.fingerprint(listed)
    with session.lake.until_done(f"lists_of_{table}", fingerprint_of(fingerprint, before)) as scratch:
        pieces = cut(executors, sql, inputs, scratch / "cut", rows, served.config.scale)
        made = scratch / "made"
        made.mkdir(exist_ok=True)
        files = [made / f"part-{n:05d}.parquet" for n in range(len(pieces))]
        counted = executors.each(range(len(pieces)), _work(offer, pieces, files, lists, schema), _COUNTED)
        with session.lake.write(table, fingerprint) as staging:
            for file in files:
                file.rename(staging / file.name)
            if not files:
                pq.write_table(schema.empty_table(), staging / "part-00000.parquet")
        return Written(*(int(np.sum(counted.column(name).to_numpy())) for name in _COUNTED.names))


def _work(
    offer: Offer, pieces: list[Path], files: list[Path], lists: Lists, schema: pa.Schema
) -> Callable[[int], Iterable[pa.RecordBatch]]:
    """What is done for a piece, on executors."""

    def work(n: int) -> Iterable[pa.RecordBatch]:
        part, found, people = offer.part(pq.ParquetFile(pieces[n]).read()), int(files[n].exists()), 0
        if not found:
            unfinished = files[n].with_suffix(f".{np.random.default_rng().integers(1 << 62):x}")
            with pq.ParquetWriter(unfinished, schema, compression="zstd") as writer:
                for rows in lists(offer, part):
                    people += len(pc.unique(rows.column("viewer_key")))
                    writer.write_table(rows)
            unfinished.rename(files[n])
        counts = dict(zip(_COUNTED.names, (len(part.viewers.keys), part.with_history, people, found), strict=True))
        yield pa.RecordBatch.from_pylist([counts], schema=_COUNTED)

    return work


def _top(offer: Offer, part: Part) -> Iterator[pa.Table]:
    config = offer.config
    histories = weighed(part.watched, config.confidence, everyone=part.viewers.keys, latest=offer.latest)
    return top_lists(offer.model, part.floor, histories, part.filters, config.serving)


def _contexts(offer: Offer, part: Part) -> Iterator[pa.Table]:
    config, model = offer.config, offer.model
    if model is not None:
        serving = config.serving.model_copy(update={"k": config.context.k})
        made = in_context(part.watched, part.viewers.keys, config.confidence, config.context)
        yield from context_lists(model, made, part.filters, serving)


def _weekly(offer: Offer, part: Part, *, week: date, tail: frozenset[str]) -> Iterator[pa.Table]:
    config: ModelsConfig = offer.config
    stored = part.listed.select(WEEKLY.names).cast(WEEKLY)
    this = stored.filter(pc.equal(stored.column("week"), pa.scalar(week, pa.date32())))
    keys, filters = part.viewers.keys, part.filters
    kept = still_fit(this, keys, filters)
    listed = pc.is_in(keys, value_set=kept.column("viewer_key").combine_chunks())
    new = np.flatnonzero(~listed.to_numpy(zero_copy_only=False))
    histories = weighed(part.watched, config.confidence, everyone=keys, latest=offer.latest).take(new)
    models = [model for model in (offer.model, part.floor) if model is not None]
    rankers = [Ranker.of(model, Shelf.of(model.titles, offer.titles, tail), filters.take(new)) for model in models]
    made = weekly_lists(rankers, histories, week, config.discovery)
    yield pa.concat_tables([WEEKLY.empty_table(), kept, *made]).sort_by(
        [("viewer_key", "ascending"), ("rank", "ascending")]
    )
