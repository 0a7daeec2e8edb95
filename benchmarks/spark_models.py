"""ials on one machine, ials on Spark and Spark MLlib's ALS on the same data and the same held-out titles.

    python -m benchmarks.spark_models [--data ml-100k made-up] [--master 'local[2]'] [--sweeps 15] [--factors 32]

Data: MovieLens 100K where MEDIA_PRIVACY_REAL_DATA is set (all ratings, as watched), and a made-up matrix of 20,000
viewers by 2,000 titles with heavy tails. A fifth of each viewer's titles is held out at random; nDCG@10 is of all
viewers, ranking all titles that they have not seen, in all three cases by this package's metrics. Ours folds viewers in
from the item factors, as it serves; MLlib's lists are the products of its own viewers' and titles' factors.

Each side runs in a process of its own, one after the other. `wall` is of the training, cutting into blocks included,
Spark's start not; `processor` is of the process, its Java and all its Python workers over the same time; `memory` is
the most that all of these had at a time together (proportional set size, so that what they share counts once); bytes
shuffled are those that Spark's stages wrote for others, as its status store tells. Settings: ours as packaged (factors
and sweeps as given), MLlib's ALS with implicitPrefs, the same rank and sweeps, and of regParam and alpha those of a
small grid that did best on this very data, which is to its advantage.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from media_privacy_pipeline.models.base import Recommender
from media_privacy_pipeline.models.evaluation.judging import judge
from media_privacy_pipeline.models.evaluation.lists import top_lists
from media_privacy_pipeline.models.evaluation.split import Split, holdout
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.recommenders.config import IalsConfig
from media_privacy_pipeline.models.topk import top_k

GRID = [(regularisation, alpha) for regularisation in (0.01, 0.1) for alpha in (1.0, 10.0, 40.0)]
SIDES = ("one", "spark", "mllib")
K = 10


def movielens() -> Interactions:
    """All ratings, as watched."""
    rows = np.loadtxt(Path(os.environ["MEDIA_PRIVACY_REAL_DATA"]) / "ml-100k" / "u.data", dtype=np.int64)
    return _named(rows[:, 0], rows[:, 1])


def made_up(viewers: int = 20_000, titles: int = 2_000, seed: int = 1) -> Interactions:
    """Viewers of twenty tastes with 5 to 400 titles (log-normal, median 40): two of three are of the viewer's taste,
    all with chances by 1 / (rank + 10)."""
    random, tastes = np.random.default_rng(seed), 20
    lengths = np.clip(random.lognormal(np.log(40), 0.8, viewers).astype(int), 5, 400)
    who = np.repeat(np.arange(viewers), lengths)
    chance = 1 / (np.arange(titles) + 10.0)
    what = random.choice(titles, len(who), p=chance / chance.sum())
    own = random.random(len(who)) < 2 / 3
    what[own] = (what[own] // tastes * tastes + who[own] % tastes) % titles
    return _named(who, what)


DATA: dict[str, Callable[[], Interactions]] = {"ml-100k": movielens, "made-up": made_up}


def split_of(name: str) -> Split:
    """The data of a name, a fifth of each viewer's titles held out."""
    return holdout(DATA[name](), 0.2, 7)


def one(split: Split, given: argparse.Namespace, watch: Watch) -> float:
    """The model of one machine."""
    from media_privacy_pipeline.models.recommenders.ials import Ials

    model = Ials(_config(given))
    with watch:
        model.fit(split.train)
    return _of_model(model, split)


def spark(split: Split, given: argparse.Namespace, watch: Watch) -> float:
    """The same in blocks on executors."""
    from media_privacy_pipeline.engines import Folder
    from media_privacy_pipeline.engines.spark import SparkEngine
    from media_privacy_pipeline.models.spark.blocks import Blocks
    from media_privacy_pipeline.models.spark.ials import fit_ials

    work = Path(given.work)
    engine = SparkEngine(work / "spark", master=given.master, memory_limit=given.memory)
    engine.fetch("select 1 as one", {})
    table = _rows(split.train, work)
    folders = [work / name for name in ("cut", "blocks", "state")]
    for folder in folders:
        folder.mkdir()
    watch.spark = engine.executors.session
    with watch:
        source = Folder(work, [table], {"viewer_key": "varchar", "title_id": "varchar"})
        sql, by = "select * from watched", {"by": "viewer_key", "then": "title_id"}
        files = engine.executors.cut(sql, {"watched": source}, folders[0], **by, pieces=given.blocks)

        def made(n: int) -> tuple[Interactions, dict[str, pa.Array]]:
            rows = pq.ParquetFile(files[n]).read()
            return Interactions.of(rows.column("viewer_key"), rows.column("title_id")), {}

        blocks = Blocks.of(engine.executors, folders[1], split.train.titles, len(files), made)
        model = fit_ials(blocks, _config(given), folders[2])
    return _of_model(model, split)


def mllib(split: Split, given: argparse.Namespace, watch: Watch) -> float:
    """Spark's own, at the settings of the grid that do best."""
    from pyspark.ml.recommendation import ALS

    from media_privacy_pipeline.engines.spark import SparkEngine

    work = Path(given.work)
    engine = SparkEngine(work / "spark", master=given.master, memory_limit=given.memory)
    engine.fetch("select 1 as one", {})
    session = engine.executors.session
    train = split.train
    numbers = {"viewer": pa.array(train.rows.astype(np.int32)), "title": pa.array(train.columns.astype(np.int32))}
    ones = pa.array(np.ones(train.pairs, np.float32))
    pq.write_table(pa.table({**numbers, "watched": ones}), work / "numbers.parquet")
    ready = session.read.parquet(str(work / "numbers.parquet"))

    def fit(regularisation: float, alpha: float) -> Any:
        als = ALS(
            rank=given.factors, maxIter=given.sweeps, implicitPrefs=True, regParam=regularisation, alpha=alpha,
            userCol="viewer", itemCol="title", ratingCol="watched", numUserBlocks=given.blocks,
            numItemBlocks=given.blocks, seed=20,
        )  # fmt: skip
        return als.fit(ready)

    found = {pair: _of_factors(fit(*pair), split) for pair in (GRID if given.grid else [(given.reg, given.alpha)])}
    best = max(found, key=lambda pair: found[pair])
    watch.told["regParam, alpha"] = list(best)
    watch.spark = session
    with watch:
        model = fit(*best)
        # Factors are made when they are asked for.
        model.itemFactors.count()
    return found[best]


class Watch:
    """What a block takes."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {}
        self.spark: Any = None
        self._over = threading.Event()

    def __enter__(self) -> None:
        self._before = (time.perf_counter(), _processor(), _shuffled(self.spark))
        self._peak, self._thread = 0.0, threading.Thread(target=self._look)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        wall, processor, shuffled = self._before
        self.told["wall s"] = round(time.perf_counter() - wall, 2)
        self.told["processor s"] = round(_processor() - processor, 2)
        self._over.set()
        self._thread.join()
        self.told["memory MB"] = round(self._peak / 1e6)
        self.told["shuffled MB"] = round((_shuffled(self.spark) - shuffled) / 1e6, 2)

    def _look(self) -> None:
        while not self._over.wait(0.2):
            self._peak = max(self._peak, _memory())


def _family() -> list[int]:
    """This process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(after[1]), []).append(int(stat.parent.name))
    found = [os.getpid()]
    for process in found:
        found += children.get(process, [])
    return found


def _processor() -> float:
    """Processor seconds of the family so far, of those that ended as their parents were told."""
    ticks = 0
    for process in _family():
        try:
            after = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(int(number) for number in after[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _memory() -> float:
    total = 0.0
    for process in _family():
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(float(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def _shuffled(session: Any) -> float:
    """Bytes that stages wrote for others so far."""
    if session is None:
        return 0.0
    # Of the driver's own program, which a benchmark may look into; the package itself never does.
    context = session.sparkContext
    no, none = context._gateway.new_array(context._jvm.double, 0), context._jvm.java.util.ArrayList()
    stages = context._jsc.sc().statusStore().stageList(none, False, False, no, none)
    return float(sum(stages.apply(n).shuffleWriteBytes() for n in range(stages.size())))


def _config(given: argparse.Namespace) -> IalsConfig:
    return IalsConfig(factors=given.factors, iterations=given.sweeps, threads=2)


def _of_model(model: Recommender, split: Split) -> float:
    return _ndcg(top_lists(model, split.histories, K, split.train.titles), split)


def _of_factors(model: Any, split: Split) -> float:
    """nDCG of MLlib's factors; titles and viewers that it has none of are not ranked, and have no list."""
    viewers, titles = (
        _matrix(frame.toArrow(), count, model.rank)
        for frame, count in ((model.userFactors, len(split.train)), (model.itemFactors, len(split.train.titles)))
    )
    rows = {name: n for n, name in enumerate(split.train.viewers.to_pylist())}
    listed = np.full((len(split.histories), K), -1, np.int64)
    for first in range(0, len(listed), 1_000):
        own = split.histories.block(first, min(first + 1_000, len(listed)))
        scores = viewers[[rows[name] for name in own.viewers.to_pylist()]] @ titles.T
        scores[:, ~titles.any(axis=1)] = -np.inf
        scores[own.rows, own.columns] = -np.inf
        listed[first : first + len(own)] = top_k(scores, K)
    return _ndcg(listed, split)


def _matrix(table: pa.Table, rows: int, width: int) -> np.ndarray:
    found = np.zeros((rows, width), np.float32)
    features = table.column("features").combine_chunks().flatten().to_numpy()
    found[table.column("id").to_numpy()] = features.reshape(-1, width)
    return found


def _ndcg(listed: np.ndarray, split: Split) -> float:
    return float(np.nanmean(judge(listed, split, [K], 7).viewers["ndcg", K]))


def _rows(train: Interactions, folder: Path) -> Path:
    """Pairs as a file of names, as the pipeline has them."""
    at = {"viewer_key": train.viewers.take(pa.array(train.rows)), "title_id": pa.array(train.titles[train.columns])}
    pq.write_table(pa.table(at), folder / "watched.parquet")
    return folder / "watched.parquet"


def _named(who: np.ndarray, what: np.ndarray) -> Interactions:
    viewers, titles = ([f"{kind}{n:06d}" for n in numbers.tolist()] for kind, numbers in (("v", who), ("t", what)))
    return Interactions.of(viewers, titles)


def main() -> None:
    """Print a row for each side of each data set."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", nargs="+", choices=list(DATA), default=list(DATA))
    options.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES))
    options.add_argument("--master", default="local[2]")
    options.add_argument("--memory", default="2GB")
    options.add_argument("--factors", type=int, default=32)
    options.add_argument("--sweeps", type=int, default=15)
    options.add_argument("--blocks", type=int, default=4)
    options.add_argument("--no-grid", dest="grid", action="store_false", help="one setting of MLlib's: --reg, --alpha")
    options.add_argument("--reg", type=float, default=0.1)
    options.add_argument("--alpha", type=float, default=10.0)
    options.add_argument("--work", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.work:
        watch = Watch()
        side = {"one": one, "spark": spark, "mllib": mllib}[given.sides[0]]
        watch.told["ndcg"] = side(split_of(given.data[0]), given, watch)
        print(json.dumps(watch.told))
        return
    print(f"{given.factors} factors, {given.sweeps} sweeps, {given.master}, load {os.getloadavg()[0]:.1f}")
    print("| data | side | wall s | processor s | memory MB | shuffled MB | nDCG@10 |  |")
    print("|---|---|---:|---:|---:|---:|---:|---|")
    for data in given.data:
        for side in given.sides:
            told = _in_own_process(data, side)
            figures = [told.pop(name) for name in ("wall s", "processor s", "memory MB", "shuffled MB", "ndcg")]
            rest = ", ".join(f"{name} {value}" for name, value in told.items())
            print(f"| {data} | {side} | {' | '.join(f'{f:.4g}' for f in figures)} | {rest} |", flush=True)


def _in_own_process(data: str, side: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as work:
        command = [sys.executable, "-m", "benchmarks.spark_models", *_passed(), "--work", work]
        done = subprocess.run([*command, "--data", data, "--sides", side], stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _passed() -> list[str]:
    """The options of this run; those that are given again later win."""
    return sys.argv[1:]


if __name__ == "__main__":
    main()
