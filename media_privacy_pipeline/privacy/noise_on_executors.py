"""Noise where the executors are: the same sampler on the same integers, for tables of very many cells.

An executor draws from its own operating system, as the driver does; nothing is seeded, and the sampler holds no state
that a process could inherit. Sums go there and noisy sums come back: the draws by themselves are nowhere, for with the
release they would give the sums away. A task that is done again, because a machine was lost, draws anew, and what is
taken of it is taken once: a release is made of one draw a sum, or not made.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..engines import Engine, Folder, Session
from ..errors import PipelineError
from .noise import Integers, Noise, check, discrete_gaussian, own_noise

MANY_CELLS = 200_000_000
"""Values of one vector from which on executors draw. Below, and at every size that was measured, the way there and back
takes longer than drawing here (docs/scaling.md)."""

_ROWS_A_FILE = 1 << 20
_TYPES = {"place": "bigint", "value": "bigint"}
_SCHEMA = pa.schema([("place", pa.int64()), ("value", pa.int64())])


def noise_of(session: Session, many: int = MANY_CELLS) -> Noise:
    """The noise of a session's releases: drawn on the executors of its engine, where it has any, from so many values
    on."""
    if session.settings.engine != "spark":
        return discrete_gaussian

    def drawn(values: Integers, sigma: int) -> Integers:
        if values.size < many:
            return discrete_gaussian(values, sigma)
        check(values, sigma)
        with session.scratch() as place:
            return spread(session.engine, place, values, sigma)

    return drawn


def spread(engine: Engine, place: Path, values: Integers, sigma: int) -> Integers:
    """`discrete_gaussian` through an engine's executors; files in between are written into an empty folder.

    Raises PipelineError where a sum comes back twice or not at all.
    """
    sums, noisy = place / "sums", place / "noisy"
    noisy.mkdir()
    asked = _set_aside(sums, values.ravel())
    engine.pass_on("select place, value from sums", {"sums": asked}, partial(noisy_batch, sigma=sigma), _SCHEMA, noisy)
    drawn = np.zeros(values.size, np.int64)
    times = np.zeros(values.size, np.uint8)
    for file in sorted(noisy.glob("*.parquet")):
        with pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches():
                at = batch["place"].to_numpy()
                drawn[at] = batch["value"].to_numpy()
                np.add.at(times, at, 1)
    if not (times == 1).all():
        raise PipelineError("noise: a sum came back from the executors twice or not at all; nothing was released")
    return drawn.reshape(values.shape)


def noisy_batch(batch: pa.RecordBatch, *, sigma: int) -> pa.RecordBatch:
    """Rows of place and value, with noise on the values: what an executor does."""
    values = batch["value"].to_numpy()
    return pa.record_batch([batch["place"], pa.array(own_noise(values, sigma))], schema=_SCHEMA)


def _set_aside(folder: Path, values: Integers) -> Folder:
    """Values with their places in several files, so that there is something for every executor."""
    folder.mkdir()
    files: list[Path] = []
    for start in range(0, values.size, _ROWS_A_FILE):
        part = values[start : start + _ROWS_A_FILE]
        files.append(folder / f"part-{len(files):05d}.parquet")
        pq.write_table(pa.table([np.arange(start, start + part.size), part], schema=_SCHEMA), files[-1])
    return Folder(folder, files, _TYPES)
