"""Interactions of any number of viewers as files of a block of viewers each, over one catalogue of titles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from ...engines.executors import Executors
from ..interactions import Interactions, Ints, Strings
from .arrays import read_pairs, write_pairs

_COUNTED = pa.schema([("viewers", pa.int64()), ("pairs", pa.int64())])


@dataclass(frozen=True)
class Blocks:
    """Block n is `files[n]` with `viewers[n]` viewers and `pairs[n]` pairs; blocks are in the order of viewers.

    `least` is the least age of all pairs. What is in memory anywhere is one block.
    """

    executors: Executors
    files: tuple[Path, ...]
    titles: Strings
    viewers: Ints
    pairs: Ints
    least: float = 0.0

    @classmethod
    def of(
        cls,
        executors: Executors,
        folder: Path,
        titles: Strings,
        blocks: int,
        made: Callable[[int], tuple[Interactions, dict[str, pa.Array]]],
        least: float = 0.0,
    ) -> Blocks:
        """Write the interactions that `made` gives of each block, on executors, into an existing folder.

        `made` runs there: it gives what a block's viewers have, of these titles alone, and columns beside, a row a
        viewer. Blocks that are in the folder already are counted and not made again.
        """
        files = tuple(folder / f"block-{n:05d}.parquet" for n in range(blocks))

        def work(n: int) -> Iterable[pa.RecordBatch]:
            if not files[n].exists():
                pairs, beside = made(n)
                write_pairs(files[n], pairs.over(titles), beside)
            own, _ = read_pairs(files[n], titles)
            yield pa.RecordBatch.from_pydict({"viewers": [len(own)], "pairs": [own.pairs]}, schema=_COUNTED)

        found = executors.each(range(blocks), work, _COUNTED)
        viewers, pairs = (found.column(name).to_numpy() for name in ("viewers", "pairs"))
        return cls(executors, files, titles, viewers, pairs, least)

    @property
    def numbers(self) -> Sequence[int]:
        """The numbers of the blocks."""
        return range(len(self.files))

    def __len__(self) -> int:
        return int(self.viewers.sum())


def reader(blocks: Blocks) -> Callable[[int], Interactions]:
    """What reads a block by its number, on executors: without the executors in it, so that it can travel there."""
    files, titles = blocks.files, blocks.titles

    def read(n: int) -> Interactions:
        return read_pairs(files[n], titles)[0]

    return read
