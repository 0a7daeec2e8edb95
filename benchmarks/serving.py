"""`python -m benchmarks.serving`: top lists for all viewers, against the bare product and partial sort.

* **bare**: blocks of viewers, each one single-precision matrix product of vectors that are there already and numpy's
  partial sort. It leaves out nothing that was seen, asks for no rating, settles no tie, writes nothing.
* **ranked**: the lists as the step makes them: vectors solved from histories, filters, ties, exact scores, reasons.
* **written**: the same, streamed to Parquet files that are on the disk one after the other.

Sides take turns in one process on one BLAS thread; processor seconds are told beside wall seconds, because they depend
less on what else the machine does. Histories are random with a heavy tail, which no side's time depends on.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa

from media_privacy_pipeline.models.blas import one_thread
from media_privacy_pipeline.models.config import IalsConfig, ServingConfig
from media_privacy_pipeline.models.interactions import Floats, Interactions
from media_privacy_pipeline.models.recommenders.ials import Ials
from media_privacy_pipeline.models.recommenders.popularity import Popularity
from media_privacy_pipeline.models.serving.filters import UNRATED, Filters
from media_privacy_pipeline.models.serving.lists import top_lists, write_lists

_BLOCK = 1_024
_K = 20


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--viewers", type=int, default=200_000)
    parser.add_argument("--titles", type=int, default=5_000)
    parser.add_argument("--factors", type=int, default=64)
    parser.add_argument("--history", type=int, default=20, help="titles a viewer, in the mean")
    parser.add_argument("--repeats", type=int, default=3, help="of each side; the median counts")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    histories, model, filters = _world(chosen)
    vectors = np.random.default_rng(chosen.seed).normal(size=(len(histories), chosen.factors)).astype(np.float32)
    config = ServingConfig(k=_K)

    def lists(first: int, last: int) -> Iterator[pa.Table]:
        return top_lists(model, Popularity(), histories.block(first, last), filters.block(first, last), config)

    def ranked() -> None:
        for _ in lists(0, len(histories)):
            pass

    def written() -> None:
        with tempfile.TemporaryDirectory() as folder:
            write_lists(lists, len(histories), Path(folder), config)

    sides: dict[str, Callable[[], None]] = {
        "bare": lambda: _bare(vectors, model.factors),
        "ranked": ranked,
        "written": written,
    }
    spent: dict[str, list[tuple[float, float]]] = {side: [] for side in sides}
    for _ in range(chosen.repeats):
        for side, work in sides.items():
            spent[side].append(_seconds(work))
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "pyarrow"))
    print(f"{platform.system()} ({platform.machine()}), Python {platform.python_version()}, {packages}; ", end="")
    print(f"seed {chosen.seed}, load {os.getloadavg()[0]:.1f} when it ended; ", end="")
    print(f"{len(histories):,} viewers x {chosen.titles:,} titles, d = {chosen.factors}, {histories.pairs:,} pairs\n")
    print("| side | wall, s | processor, s | processor to bare |\n|---|---:|---:|---:|")
    bare = statistics.median(cpu for _, cpu in spent["bare"])
    for side, figures in spent.items():
        wall, cpu = (statistics.median(part) for part in zip(*figures, strict=True))
        print(f"| {side} | {wall:.1f} | {cpu:.1f} | {cpu / bare:.2f} |")
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB, the inputs included")


def _world(chosen: argparse.Namespace) -> tuple[Interactions, Ials, Filters]:
    """Random histories with a heavy tail, random factors, and filters of which each holds something back."""
    rng = np.random.default_rng(chosen.seed)
    titles = [f"t{n:06d}" for n in range(chosen.titles)]
    viewers = pa.array([f"v{n:09d}" for n in range(chosen.viewers)])
    lengths = np.clip(rng.lognormal(np.log(chosen.history) - 0.5, 1.0, chosen.viewers).astype(int), 1, 500)
    popularity = 1 / np.arange(1, chosen.titles + 1)
    what = rng.choice(chosen.titles, lengths.sum(), p=popularity / popularity.sum())
    who = np.repeat(np.arange(chosen.viewers), lengths)
    names = pa.chunked_array([pa.array(titles).take(pa.array(what))])
    histories = Interactions.of(pa.chunked_array([viewers.take(pa.array(who))]), names, everyone=viewers)
    factors = rng.normal(0, 0.3, (chosen.titles, chosen.factors)).astype(np.float32)
    model = Ials.of_factors(np.array(titles), factors, IalsConfig(factors=chosen.factors))
    ages = dict(zip(titles, rng.choice([UNRATED, 0, 7, 12, 18], chosen.titles).tolist(), strict=True))
    kids = rng.random(chosen.viewers) < 0.1
    limit = np.where(kids, 7, rng.choice([12, 99], chosen.viewers))
    who = np.flatnonzero(rng.random(chosen.viewers) < 0.1)
    what = pa.array(titles).take(pa.array(rng.integers(chosen.titles, size=len(who))))
    hidden = Interactions.of(
        pa.chunked_array([viewers.take(pa.array(who))]), pa.chunked_array([what]), everyone=viewers
    )
    return histories, model, Filters(ages, limit, kids, hidden)


def _bare(vectors: Floats, factors: Floats) -> None:
    with one_thread():
        for first in range(0, len(vectors), _BLOCK):
            scores = vectors[first : first + _BLOCK] @ factors.T
            best = np.argpartition(scores, scores.shape[1] - _K, axis=1)[:, -_K:]
            np.take_along_axis(scores, best, axis=1).sort(axis=1)


def _seconds(work: Callable[[], None]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    main(sys.argv[1:])
