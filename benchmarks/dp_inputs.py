"""The two inputs of `benchmarks.dp`: synthetic viewing events, made from a seed, a day and a piece at a time.

Both have 100,000 accounts whose activity is log-normal (the busiest fifth watches 56 % of all), 5,000 titles of Zipf
exponent 1.1, and seven days. friendly: everybody has the same taste. adversarial: the busiest fifth draws its titles
from another, shuffled, order of popularity and watches twice as long: whoever cuts busy accounts harder than others
then misjudges whole titles. Rows of a day come in no order, as events of a log do.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

KINDS = ("friendly", "adversarial")
FIRST = date(2026, 3, 2)
DAYS = tuple(FIRST + timedelta(days=n) for n in range(7))
ACCOUNTS, TITLES, ZIPF = 100_000, 5_000, 1.1
PIECE = 1_000_000
_ROWS = 122_880
_BUSY = 0.2
_SPREAD = 1.0
_MEAN_SECONDS = 1_800.0
_LONGEST = 6 * 3_600


@dataclass(frozen=True)
class World:
    """Who watches how much and what: a function of the kind, the numbers of events and accounts, and the seed."""

    kind: str
    events: int
    seed: int
    accounts: int = ACCOUNTS

    @property
    def folder(self) -> str:
        """The name of the folder that holds it: a name has one content, whatever made it."""
        of = "" if self.accounts == ACCOUNTS else f"-{self.accounts}"
        return f"dp-{self.kind}-{self.events}-{self.seed}{of}"

    @cached_property
    def activity(self) -> NDArray[np.float64]:
        """Each account's share of the events."""
        drawn = np.random.default_rng([self.seed, 1]).lognormal(0.0, _SPREAD, self.accounts)
        return drawn / drawn.sum()

    @cached_property
    def busy(self) -> NDArray[np.bool_]:
        """The busiest fifth of the accounts."""
        return self.activity >= np.quantile(self.activity, 1 - _BUSY)

    def pieces(self, number: int) -> Iterator[pa.Table]:
        """The rows of one day (0..6): account_key, day, title_id, watch_seconds."""
        left = self.events // len(DAYS) + (number < self.events % len(DAYS))
        piece = 0
        while left > 0:
            size = min(left, PIECE)
            yield self._piece(number, size, np.random.default_rng([self.seed, 2, number, piece]))
            left, piece = left - size, piece + 1

    def _piece(self, number: int, size: int, rng: np.random.Generator) -> pa.Table:
        who = np.searchsorted(np.cumsum(self.activity)[:-1], rng.random(size), side="right")
        popularity = np.arange(1, TITLES + 1) ** -ZIPF
        title = np.searchsorted(np.cumsum(popularity / popularity.sum())[:-1], rng.random(size), side="right")
        seconds = rng.exponential(_MEAN_SECONDS, size)
        if self.kind == "adversarial":
            other = np.random.default_rng([self.seed, 3]).permutation(TITLES)
            title = np.where(self.busy[who], other[title], title)
            seconds = np.where(self.busy[who], 2 * seconds, seconds)
        return pa.table(
            {
                "account_key": _account_keys(self.accounts).take(pa.array(who)),
                "day": pa.array(np.full(size, np.datetime64(DAYS[number], "D"))),
                "title_id": pa.array(title_ids(), pa.string()).take(pa.array(title)),
                "watch_seconds": pa.array(np.minimum(seconds, _LONGEST).astype(np.int32)),
            }
        )


def title_ids() -> list[str]:
    """The catalogue: public, watched or not."""
    return [f"t{n:06d}" for n in range(TITLES)]


def made(work: Path, world: World) -> list[Path]:
    """The files of a world, one a day; made where they are not there yet, whole or not at all."""
    folder = work / world.folder
    if not folder.exists():
        staging = folder.with_name(f".{folder.name}")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        for number, day in enumerate(DAYS):
            path = staging / f"{day.isoformat()}.parquet"
            writer: pq.ParquetWriter | None = None
            for rows in world.pieces(number):
                writer = writer or pq.ParquetWriter(path, rows.schema, compression="zstd")
                writer.write_table(rows, row_group_size=_ROWS)
            if writer is not None:
                writer.close()
        staging.rename(folder)
    return sorted(folder.glob("*.parquet"))


@lru_cache(maxsize=1)
def _account_keys(accounts: int) -> pa.Array:
    """Pseudonyms in the form of the pipeline's: 32 hexadecimal digits that sort in no order of anything."""
    keys = (blake2b(n.to_bytes(4, "big"), digest_size=16).hexdigest() for n in range(accounts))
    return pa.array(keys, pa.string())
