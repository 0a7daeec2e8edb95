"""Noise that executors draw is the noise that the driver draws: exact, their own each, once a sum or not at all.

The test of fit here fails by chance with a probability of 1e-6, that of correlation with one of 6e-7.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import chi2

from media_privacy_pipeline.engines import Engine, Session
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.errors import PipelineError
from media_privacy_pipeline.privacy import noise_on_executors as subject
from media_privacy_pipeline.privacy.noise import discrete_gaussian
from media_privacy_pipeline.privacy.noise_on_executors import noise_of, noisy_batch, spread

SIGMA, DRAWS, LEAST_P = 700, 400_000, 1e-6
TOLD = pa.schema([("place", pa.int64()), ("value", pa.int64()), ("task", pa.int64())])


def with_task() -> Callable[[pa.RecordBatch], pa.RecordBatch]:
    """What an executor does, and which task did it. Made inside a function it travels whole."""

    def run(batch: pa.RecordBatch) -> pa.RecordBatch:
        from pyspark import TaskContext

        task = TaskContext.get()
        assert task is not None
        told = pa.array([task.partitionId()] * batch.num_rows, pa.int64())
        return noisy_batch(batch, sigma=SIGMA).append_column("task", told)

    return run


def p_of(drawn: Any, sigma: float) -> float:
    """Of a chi-square test of draws against the discrete Gaussian, in 100 bins of about the same probability."""
    values = np.arange(-9 * SIGMA, 9 * SIGMA + 1)
    weights = np.exp(-((values / sigma) ** 2) / 2)
    cumulative = np.cumsum(weights) / weights.sum()
    cuts = np.unique(np.searchsorted(cumulative, np.arange(1, 100) / 100))
    expected = np.diff(cumulative[cuts], prepend=0, append=1) * drawn.size
    counts = np.bincount(np.searchsorted(values[cuts], drawn), minlength=expected.size)
    return float(chi2.sf((((counts - expected) ** 2) / expected).sum(), expected.size - 1))


@pytest.fixture
def two_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_ROWS_A_FILE", DRAWS // 2)


@pytest.mark.spark
@pytest.mark.usefixtures("two_files")
def test_executors_draw_the_declared_noise_and_no_other(tmp_path: Path, spark_engine: Engine) -> None:
    values = np.arange(DRAWS).reshape(2, -1) * 3 - DRAWS
    found = spread(spark_engine, tmp_path, values, SIGMA)
    assert found.shape == values.shape
    drawn = (found - values).ravel()
    assert p_of(drawn, SIGMA) > LEAST_P
    for wrong in (0.9 * SIGMA, 1.1 * SIGMA):
        assert p_of(drawn, wrong) < 1e-100


@pytest.mark.spark
@pytest.mark.usefixtures("two_files")
def test_no_two_tasks_draw_the_same_and_none_twice(tmp_path: Path, spark_engine: Engine) -> None:
    zeros = subject._set_aside(tmp_path / "sums", np.zeros(DRAWS, np.int64))
    streams = []
    for turn in "ab":
        target = tmp_path / turn
        target.mkdir()
        spark_engine.pass_on("select place, value from sums", {"sums": zeros}, with_task(), TOLD, target)
        found = pa.concat_tables([pq.read_table(file) for file in target.glob("*.parquet")]).sort_by("place")
        tasks = found["task"].to_numpy()
        assert len(set(tasks)) >= 2
        streams += [found["value"].to_numpy()[tasks == task] for task in sorted(set(tasks))]
    least = min(map(len, streams))
    assert least > DRAWS / 10
    assert len({stream[:least].tobytes() for stream in streams}) == len(streams)
    # Nor do they go together: beyond five standard deviations by chance once in 1.7 million.
    assert abs(np.corrcoef(streams[0][:least], streams[1][:least])[0, 1]) < 5 / np.sqrt(least)


class Lossy(DuckDBEngine):
    """Gives back the first of each pair of sums alone, or the first file twice."""

    again = False

    def pass_on(self, sql: str, inputs: Any, through: Any, schema: pa.Schema, target: Path) -> None:
        query = sql if self.again else f"{sql} where place % 2 = 0"
        super().pass_on(query, inputs, through, schema, target)
        if self.again:
            (file,) = target.glob("*.parquet")
            (target / "twice.parquet").write_bytes(file.read_bytes())


@pytest.mark.parametrize("again", [False, True])
def test_a_sum_that_comes_back_twice_or_never_stops_the_release(tmp_path: Path, again: bool) -> None:
    engine = Lossy(tmp_path / "work")
    engine.again = again
    (tmp_path / "place").mkdir()
    with pytest.raises(PipelineError, match="nothing was released"):
        spread(engine, tmp_path / "place", np.zeros(10, np.int64), SIGMA)


def test_large_vectors_alone_go_to_executors_and_nothing_stays(
    make_session: Callable[..., Session], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert noise_of(make_session()) is discrete_gaussian
    session = make_session(engine="spark")
    session.__dict__["engine"] = DuckDBEngine(tmp_path / "work")
    sent: list[int] = []
    real = spread
    monkeypatch.setattr(subject, "spread", lambda *asked: sent.append(asked[2].size) or real(*asked))
    noise = noise_of(session, many=100)
    assert noise(np.zeros(99, np.int64), 5).shape == (99,)
    assert noise(np.zeros((2, 50), np.int64), 5).shape == (2, 50)
    assert sent == [100]
    assert not list(session.settings.work.iterdir())
    with pytest.raises(TypeError, match="integers"):
        noise(np.zeros(100), 5)  # type: ignore[arg-type]
