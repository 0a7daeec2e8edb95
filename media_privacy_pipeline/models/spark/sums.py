"""Sums by title over blocks of viewers: rows of whole or real numbers, a range of titles at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ...engines.executors import Batches, Executors
from ..blas import one_thread

_BYTES = 2 << 20
"""Of the sums of a range of titles: what is on its way and in memory at a time is a few times that."""
_PARTIAL = pa.schema([("key", pa.int64()), ("places", pa.binary()), ("sums", pa.binary())])
_SUMMED = pa.schema([("key", pa.int64()), ("found", pa.binary())])

Array = npt.NDArray[np.generic]
Partial = Callable[[int], "Rows"]
"""Of a piece: what its viewers add to the rows of a range of titles, asked for range by range."""
Rows = Callable[[int, int], tuple[Array, Array]]
"""From the first to the last title (excluded): places that anything is added to, and rows of it (places, width)."""
Finish = Callable[[int, Array], Array]
"""From the first title of a range and the sums of all of it (titles, width): an array that begins with its titles."""


def by_title(
    executors: Executors,
    pieces: Sequence[int],
    titles: int,
    width: int,
    partial: Partial,
    *,
    kind: type[np.generic],
    finish: Finish | None = None,
    finished: tuple[int, type[np.generic]] | None = None,
) -> Array:
    """The sums over all pieces of `partial`, finished on executors where asked: shape (titles, width of the result).

    `kind` is the type of the sums, `finished` the width and type after `finish`. Each number is added up in the order
    of the pieces, so that the same pieces give the same last digit wherever they are.
    """
    step = max(1, _BYTES // (8 * width))
    out, out_kind = finished or (width, kind)

    def work(piece: int) -> Iterable[pa.RecordBatch]:
        with one_thread():
            rows = partial(piece)
            for key, first in enumerate(range(0, titles, step)):
                places, sums = rows(first, min(first + step, titles))
                if len(places):
                    packed = [places.astype(np.int64).tobytes(), np.ascontiguousarray(sums, kind).tobytes()]
                    yield pa.RecordBatch.from_pydict(
                        {"key": [key], "places": [packed[0]], "sums": [packed[1]]}, schema=_PARTIAL
                    )

    def together(batches: Batches) -> Batches:
        with one_thread():
            for key, total in _totals(batches, titles, width, step, kind):
                found = total if finish is None else finish(key * step, total)
                row = {"key": [key], "found": [np.ascontiguousarray(found, out_kind).tobytes()]}
                yield pa.RecordBatch.from_pydict(row, schema=_SUMMED)

    keys = -(-titles // step)
    table = executors.summed(pieces, work, _PARTIAL, together, _SUMMED, keys=keys)
    result = np.zeros((titles, out), out_kind)
    for key, found in zip(table.column("key").to_pylist(), table.column("found").to_pylist(), strict=True):
        part = np.frombuffer(found, out_kind).reshape(-1, out)
        result[key * step : key * step + len(part)] = part
    return result


def _totals(
    batches: Batches, titles: int, width: int, step: int, kind: type[np.generic]
) -> Iterator[tuple[int, Array]]:
    """Sums of each key of rows that come key by key."""
    at, total = -1, np.zeros((0, width), kind)
    for batch in batches:
        for row in batch.to_pylist():
            if row["key"] != at:
                if at >= 0:
                    yield at, total
                at = row["key"]
                total = np.zeros((min(step, titles - at * step), width), kind)
            places = np.frombuffer(row["places"], np.int64) - at * step
            total[places] += np.frombuffer(row["sums"], kind).reshape(-1, width)
    if at >= 0:
        yield at, total
