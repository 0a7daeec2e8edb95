"""Everybody of a private training in blocks; see private.crowd.

SCRATCH/cut/piece-<n>.parquet       rows of whole viewers, with how many viewers their accounts have
SCRATCH/people/block-<n>.parquet    histories over the plan's titles, with that, and who is held out
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ...engines import Session
from ...engines.executors import Executors
from ...privacy.noise import Integers
from ..blas import one_thread
from ..config import ScaleConfig
from ..interactions import Interactions, Ints, Strings
from ..private.config import PrivateAlsConfig
from ..private.crowd import accounts_of, held_out, histories_of, leads_of
from ..private.learning import PrivateFactors
from ..private.plan import Plan
from .arrays import named, read_pairs
from .blocks import Blocks
from .people import PROFILES, TESTED, OnBlocks
from .scale import cut

TABLE = "training_interactions"
# How many viewers an account has is known where all of them are, hence before they are cut.
_ROWS = f"""
    select t.viewer_key, t.title_id, t.account_key, s.profiles from {TABLE} as t
    join (select account_key, count(distinct viewer_key) as profiles from {TABLE} group by account_key) as s
    on t.account_key = s.account_key"""
_LENGTHS = pa.schema([("lengths", pa.binary())])
_LEADS = pa.schema([("leads", pa.int64())])
_AT_A_TIME = 64
"""Blocks whose held-out viewers' numbers of titles the driver has at a time."""


@dataclass(frozen=True)
class CrowdOnBlocks:
    """See private.crowd.Crowd."""

    blocks: Blocks

    @classmethod
    def of(cls, session: Session, executors: Executors, scratch: Path, plan: Plan, scale: ScaleConfig) -> CrowdOnBlocks:
        """Cut training_interactions into blocks, in a folder in which a killed run may have left some."""
        inputs = {TABLE: session.folder(TABLE)}
        files = cut(executors, _ROWS, inputs, scratch / "cut", session.lake.rows(TABLE), scale)

        def made(n: int) -> tuple[Interactions, dict[str, pa.Array]]:
            rows = pq.ParquetFile(files[n]).read()
            histories = histories_of(rows, plan)
            held = held_out(accounts_of(rows, histories), plan.period)
            of_viewer = dict(zip(*(rows.column(name).to_pylist() for name in ("viewer_key", PROFILES)), strict=True))
            profiles = [of_viewer[viewer] for viewer in histories.viewers.to_pylist()]
            return histories, {PROFILES: pa.array(profiles, pa.int64()), TESTED: pa.array(held.astype(np.int64))}

        folder = scratch / "people"
        folder.mkdir(exist_ok=True)
        return cls(Blocks.of(executors, folder, np.array(plan.titles, np.str_), len(files), made))

    @property
    def learners(self) -> OnBlocks:
        """See Crowd.learners."""
        return OnBlocks.of(self.blocks)

    def leads(self, found: PrivateFactors, config: PrivateAlsConfig) -> Integers:
        """See Crowd.leads: one sum a block."""
        read, states = _held_out(self.blocks.files, self.blocks.titles), self._states(config.seed)

        def work(n: int) -> Iterable[pa.RecordBatch]:
            random = np.random.default_rng()
            random.bit_generator.state = states[n]
            with one_thread():
                total = int(leads_of(found, config, *read(n), random).sum())
            yield pa.RecordBatch.from_pydict({"leads": [total]}, schema=_LEADS)

        sums = self.blocks.executors.each(self.blocks.numbers, work, _LEADS).column("leads")
        return np.asarray(sums.to_numpy(), np.int64)

    def _states(self, seed: int) -> list[Mapping[str, Any]]:
        """States of the generator that draws what is asked for, at the first viewer of each block.

        It draws for one viewer after the other, as many numbers as they have titles: the driver runs through them all,
        and holds the lengths of a few blocks' held-out viewers.
        """
        read, random, states = _held_out(self.blocks.files, self.blocks.titles), np.random.default_rng(seed), []

        def work(n: int) -> Iterable[pa.RecordBatch]:
            lengths = read(n)[0].lengths.astype(np.int64)
            yield pa.RecordBatch.from_pydict({"lengths": [lengths.tobytes()]}, schema=_LENGTHS)

        for first in range(0, len(self.blocks.files), _AT_A_TIME):
            some = self.blocks.numbers[first : first + _AT_A_TIME]
            for told in self.blocks.executors.each(some, work, _LENGTHS).column("lengths").to_pylist():
                states.append(random.bit_generator.state)
                for length in np.frombuffer(told, np.int64).tolist():
                    random.permutation(length)
        return states


def _held_out(files: tuple[Path, ...], titles: Strings) -> Callable[[int], tuple[Interactions, Ints]]:
    """What reads the held-out viewers of a block and how many viewers their accounts have, on executors."""

    def read(n: int) -> tuple[Interactions, Ints]:
        pairs, beside = read_pairs(files[n], titles)
        rows = np.flatnonzero(beside.column(TESTED).to_numpy() == 1)
        return named(pairs.take(rows)), beside.column(PROFILES).to_numpy()[rows]

    return read
