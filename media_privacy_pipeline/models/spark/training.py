"""training_interactions on Spark: cut by viewer once a night, then both sides of the evaluation's split from the cut.

SCRATCH/cut/piece-<n>.parquet        rows of whole viewers, as the table has them
SCRATCH/<side>/block-<n>.parquet     a piece's pairs as models learn from them, `before` the split or `all`
SCRATCH/asked/<side>-<n>.parquet     both sides of the tested viewers, of whom the configuration bounds the number
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...engines import Session
from ...engines.executors import Executors
from ..config import ConfidenceConfig, ModelsConfig, ScaleConfig
from ..evaluation.split import Split, temporal
from ..inputs import LAST, weighed
from ..interactions import Interactions, Ints, Strings
from .arrays import joined, read_pairs, write_pairs
from .blocks import Blocks
from .learner import OnSpark
from .scale import cut

TABLE = "training_interactions"
_VIEWER = "viewer_key"
_TESTED = pa.schema([("tested", pa.int64())])
_WRITTEN = pa.schema([("file", pa.string())])


@dataclass(frozen=True)
class _Side:
    """Which rows of the table are a side, and which columns say how often and when: their names end in `suffix`."""

    where: str
    suffix: str


_BEFORE, _AFTER, _ALL = _Side("plays_before > 0", "_before"), _Side("plays_before = 0", ""), _Side("true", "")


@dataclass(frozen=True)
class Training:
    """The table in pieces of whole viewers."""

    session: Session
    executors: Executors
    scratch: Path
    files: tuple[Path, ...]
    config: ConfidenceConfig

    @classmethod
    def of(
        cls, session: Session, executors: Executors, scratch: Path, confidence: ConfidenceConfig, scale: ScaleConfig
    ) -> Training:
        """Cut the table into a folder, unless that was done before."""
        inputs = {TABLE: session.folder(TABLE)}
        files = cut(executors, f"select * from {TABLE}", inputs, scratch / "cut", session.lake.rows(TABLE), scale)
        return cls(session, executors, scratch, tuple(files), confidence)

    def all(self) -> OnSpark:
        """All that may be learned from."""
        return self._learner("all", _ALL)

    def split(self, config: ModelsConfig) -> Split:
        """See training.split_of and evaluation.split.thinned: the same viewers, of whom no more than asked are here."""
        learner = self._learner("before", _BEFORE)
        after, (newest, latest) = self._titles(_AFTER)[0], (self._latest(each) for each in (_AFTER, _BEFORE))
        pair = _paired(self.files, learner.titles, after, latest, newest, self.config)

        def count(n: int) -> Iterable[pa.RecordBatch]:
            yield pa.RecordBatch.from_pydict({"tested": [len(pair(n).test)]}, schema=_TESTED)

        tested = self.executors.each(range(len(self.files)), count, _TESTED).column("tested").to_numpy()
        chosen = _chosen(int(tested.sum()), config.evaluation.viewers, config.evaluation.seed)
        firsts = np.concatenate([[0], np.cumsum(tested)])
        own = [chosen[(chosen >= low) & (chosen < high)] - low for low, high in pairwise(firsts.tolist())]
        folder = self.scratch / "asked"
        folder.mkdir(exist_ok=True)

        def write(n: int) -> Iterable[pa.RecordBatch]:
            found = pair(n)
            for name, side in (("histories", found.histories.take(own[n])), ("test", found.test.take(own[n]))):
                write_pairs(folder / f"{name}-{n:05d}.parquet", side, {_VIEWER: side.viewers})
            yield pa.RecordBatch.from_pydict({"file": [""]}, schema=_WRITTEN)

        some = [n for n in range(len(self.files)) if len(own[n])]
        self.executors.each(some, write, _WRITTEN)
        histories, test = (
            _together([folder / f"{name}-{n:05d}.parquet" for n in some], titles)
            for name, titles in (("histories", learner.titles), ("test", after))
        )
        nobody = Interactions.of([], []).over(learner.titles)
        train = Interactions(nobody.viewers, learner.titles, nobody.starts, nobody.columns, nobody.weights)
        return Split("temporal", train, histories, test, learner)

    def _learner(self, name: str, side: _Side) -> OnSpark:
        titles, counts = self._titles(side)
        folder = self.scratch / name
        folder.mkdir(exist_ok=True)
        made = _made(self.files, side, self._latest(side), self.config)
        # What is latest of a side is of age 0, so that no age is less.
        blocks = Blocks.of(self.executors, folder, titles, len(self.files), lambda n: (made(n), {}))
        return OnSpark(blocks, counts, self.scratch / f"{name}-trained", self.session.settings.memory_limit)

    def _titles(self, side: _Side) -> tuple[Strings, Ints]:
        """The titles of a side, ascending, and the viewers of each."""
        rows = self.session.engine.fetch(
            f"select title_id, count(distinct viewer_key) as viewers from {TABLE} where {side.where} group by title_id",
            {TABLE: self.session.folder(TABLE)},
        ).sort_by("title_id")
        return np.array(rows.column("title_id").to_pylist(), np.str_), rows.column("viewers").to_numpy()

    def _latest(self, side: _Side) -> date | None:
        return self._days[side.where]

    @cached_property
    def _days(self) -> dict[str, date | None]:
        """The latest day of each side."""
        asked = ", ".join(
            f"max({LAST}{side.suffix}) filter (where {side.where}) as d{n}"
            for n, side in enumerate((_BEFORE, _AFTER, _ALL))
        )
        found = self.session.engine.fetch(f"select {asked} from {TABLE}", {TABLE: self.session.folder(TABLE)})
        days = found.to_pylist()[0].values()
        return dict(zip((_BEFORE.where, _AFTER.where, _ALL.where), days, strict=True))


def _made(
    files: tuple[Path, ...], side: _Side, latest: date | None, config: ConfidenceConfig
) -> Callable[[int], Interactions]:
    """What makes a side's interactions of a piece, on executors."""

    def made(n: int) -> Interactions:
        rows = pq.ParquetFile(files[n]).read()
        early = pc.greater(rows.column("plays_before"), 0)
        kept = {_BEFORE.where: early, _AFTER.where: pc.invert(early)}.get(side.where)
        return weighed(rows if kept is None else rows.filter(kept), config, side.suffix, latest=latest)

    return made


def _paired(
    files: tuple[Path, ...],
    titles: Strings,
    after: Strings,
    latest: date | None,
    newest: date | None,
    config: ConfidenceConfig,
) -> Callable[[int], Split]:
    """What splits a piece's viewers, on executors: over the titles of all viewers."""
    early, late = _made(files, _BEFORE, latest, config), _made(files, _AFTER, newest, config)
    return lambda n: temporal(early(n).over(titles), late(n).over(after))


def _chosen(tested: int, viewers: int, seed: int) -> Ints:
    """The numbers of the tested viewers that evaluation.split.thinned would choose."""
    if tested <= viewers:
        return np.arange(tested)
    return np.sort(np.random.default_rng(seed).choice(tested, viewers, replace=False))


def _together(files: list[Path], titles: Strings) -> Interactions:
    """The interactions of some files, one after the other, with their viewers."""
    found = [read_pairs(file, titles) for file in files]
    return joined([replace(pairs, viewers=table.column(_VIEWER).combine_chunks()) for pairs, table in found], titles)
