"""Training time of our alternating least squares against implicit's, at equal factors and sweeps on the same data.

    python -m benchmarks.ials_training [--repeats 3] [--factors 32 64 128]

Data: a made-up matrix of 50,000 viewers and 5,000 titles with heavy tails, and MovieLens 100K where
MEDIA_PRIVACY_REAL_DATA is set. Both sides run on two threads with BLAS held to one, in turn, in one process; seconds
are the median of the repeats. Ours is the loss of Rendle et al. 2021 with nu = 1 and the packaged number of conjugate
gradient steps; implicit's is that of Hu et al. 2008, with its conjugate gradients (its default, three steps) and, where
asked, with Cholesky. The last column says what few steps cost: the loss that is reached, over that of 20 steps a sweep.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from media_privacy_pipeline.models.recommenders.als import factorise
from media_privacy_pipeline.models.recommenders.config import IalsConfig

THREADS = 2


def made_up(seed: int = 1) -> csr_matrix:
    """Viewers with 5 to 1,000 titles (log-normal, median 30), titles by 1 / (rank + 20)."""
    random = np.random.default_rng(seed)
    viewers, titles = 50_000, 5_000
    lengths = np.clip(random.lognormal(np.log(30), 0.9, viewers).astype(int), 5, 1_000)
    chance = 1 / (np.arange(titles) + 20.0)
    drawn = random.choice(titles, lengths.sum(), p=chance / chance.sum())
    return _binary(np.repeat(np.arange(viewers), lengths), drawn, (viewers, titles))


def movielens() -> csr_matrix:
    """All ratings, as positive."""
    rows = np.loadtxt(Path(os.environ["MEDIA_PRIVACY_REAL_DATA"]) / "ml-100k" / "u.data", dtype=np.int64)
    return _binary(rows[:, 0] - 1, rows[:, 1] - 1, (943, 1682))


def loss(matrix: csr_matrix, x: np.ndarray, y: np.ndarray, config: IalsConfig) -> float:
    """Of binary confidences at nu = 1."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    rows, columns = matrix.nonzero()
    fit = ((1 - np.einsum("nf,nf->n", x[rows], y[columns])) ** 2).sum()
    fit += config.unobserved * np.einsum("fg,fg->", x.T @ x, y.T @ y)
    for side, axis in ((x, 1), (y, 0)):
        mass = np.asarray(matrix.sum(axis=axis)).ravel() + config.unobserved * matrix.shape[axis]
        fit += config.regularisation * (mass * (side**2).sum(axis=1)).sum()
    return float(fit)


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - processor


def main() -> None:
    """Print a row for each number of factors."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--factors", type=int, nargs="+", default=[32, 64, 128])
    options.add_argument("--cholesky", action="store_true", help="time implicit's exact solver too, once")
    options.add_argument("--sweeps", type=int, default=15)
    given = options.parse_args()
    sets = {"made up": made_up()}
    if "MEDIA_PRIVACY_REAL_DATA" in os.environ:
        sets["ml-100k"] = movielens()
    print(f"{given.sweeps} sweeps, {THREADS} threads, load {os.getloadavg()[0]:.1f}")
    print("| data | factors | ours s (processor) | implicit cg | implicit cholesky | ratio to cg | processor | loss |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for name, matrix in sets.items():
        for factors in given.factors:
            config = IalsConfig(factors=factors, iterations=given.sweeps, threads=THREADS)

            def theirs(cg: bool, matrix: csr_matrix = matrix, factors: int = factors) -> None:
                model = AlternatingLeastSquares(
                    factors=factors, iterations=given.sweeps, use_cg=cg, num_threads=THREADS, random_state=1
                )
                with threadpool_limits(limits=1, user_api="blas"):
                    model.fit(matrix, show_progress=False)

            def ours(matrix: csr_matrix = matrix, config: IalsConfig = config) -> None:
                factorise(matrix, config)

            runs: dict[str, list[tuple[float, float]]] = {"ours": [], "cg": []}
            for _ in range(given.repeats):
                runs["ours"].append(timed(ours))
                runs["cg"].append(timed(lambda: theirs(True)))
            if given.cholesky:
                runs["cholesky"] = [timed(lambda: theirs(False))]
            wall, processor = (
                {side: statistics.median(run[n] for run in found) for side, found in runs.items()} for n in (0, 1)
            )
            exact = config.model_copy(update={"steps": 20})
            excess = loss(matrix, *factorise(matrix, config), config) / loss(matrix, *factorise(matrix, exact), exact)
            print(
                f"| {name} ({matrix.nnz:,} pairs) | {factors} | {wall['ours']:.2f} ({processor['ours']:.2f})"
                f" | {wall['cg']:.2f} ({processor['cg']:.2f})"
                f" | {wall.get('cholesky', np.nan):.2f} ({processor.get('cholesky', np.nan):.2f})"
                f" | **{wall['ours'] / wall['cg']:.2f}** | {processor['ours'] / processor['cg']:.2f} | {excess:.5f} |",
                flush=True,
            )


def _binary(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> csr_matrix:
    matrix = csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
    matrix.data[:] = 1
    return matrix


if __name__ == "__main__":
    main()
