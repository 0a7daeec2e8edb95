"""Who is in which segment, by executors: each viewer is placed by their own history alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ...engines import Session
from ...engines.executors import Executors
from ..config import ScaleConfig
from ..inputs import Title
from ..interactions import Interactions
from ..segments.learning import Segmentation, assigned
from ..segments.space import Plan
from .scale import cut

ASSIGNED = pa.schema([("viewer_key", pa.string()), ("segment_id", pa.int32())])
_DONE = pa.schema([("viewers", pa.int64())])


def placed(
    viewers: Interactions, titles: Mapping[str, Title], plan: Plan, found: Segmentation, numbers: Sequence[int]
) -> pa.Table:
    """Rows of ASSIGNED of the viewers who have a segment."""
    segment = assigned(viewers, titles, plan, found, numbers)
    kept = pa.array(np.flatnonzero(segment))
    return pa.Table.from_arrays([viewers.viewers.take(kept), pa.array(segment).take(kept)], schema=ASSIGNED)


def assign(
    session: Session,
    executors: Executors,
    source: str,
    target: str,
    fingerprint: str,
    place: Callable[[Interactions], pa.Table],
    scale: ScaleConfig,
) -> bool:
    """Write a table of who is where from a table of interactions, unless it is there already, made from the same;
    whether it was written. `place` is `placed` of all but the viewers."""
    if session.lake.is_current(target, fingerprint):
        return False
    with session.lake.until_done(f"placed_{target}", fingerprint) as scratch:
        sql = f"select viewer_key, title_id from {source}"
        inputs = {source: session.folder(source)}
        pieces = cut(executors, sql, inputs, scratch / "cut", session.lake.rows(source), scale)
        made = scratch / "made"
        made.mkdir(exist_ok=True)
        files = [made / f"part-{n:05d}.parquet" for n in range(len(pieces))]
        executors.each(range(len(pieces)), _work(pieces, files, place), _DONE)
        with session.lake.write(target, fingerprint) as staging:
            for file in files:
                file.rename(staging / file.name)
    return True


def _work(
    pieces: list[Path], files: list[Path], place: Callable[[Interactions], pa.Table]
) -> Callable[[int], Iterable[pa.RecordBatch]]:
    def work(n: int) -> Iterable[pa.RecordBatch]:
        if not files[n].exists():
            rows = pq.ParquetFile(pieces[n]).read()
            unfinished = files[n].with_suffix(f".{np.random.default_rng().integers(1 << 62):x}")
            found = place(Interactions.of(rows.column("viewer_key"), rows.column("title_id")))
            pq.write_table(found, unfinished, compression="zstd")
            unfinished.rename(files[n])
        yield pa.RecordBatch.from_pydict({"viewers": [pq.read_metadata(files[n]).num_rows]}, schema=_DONE)

    return work
