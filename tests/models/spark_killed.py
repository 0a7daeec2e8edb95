"""Kills a training in blocks at every fifth piece of work; run as a process of its own.

    python spark_killed.py FOLDER

Each run is a fork that kills itself with SIGKILL when it is about to do its n-th piece, half of them after the piece
has written a part of its file. The next run goes on with what it left, and must end with the factors of a run that was
never killed, to the bit. Prints JSON: runs that were killed, and pieces of the last run against those of a whole one.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from spark_here import Here
from test_spark_ials import in_blocks, tastes

from media_privacy_pipeline.models.recommenders.config import IalsConfig
from media_privacy_pipeline.models.spark import arrays
from media_privacy_pipeline.models.spark.ials import fit_ials

CONFIG = IalsConfig(factors=6, iterations=3, threads=1)


class Killed(Here):
    """Ends the process at a piece of work, before it or in the middle of its writing."""

    def __init__(self, at: int, within: bool) -> None:
        super().__init__()
        self.at, self.within = at, within

    def _rows(self, pieces: Sequence[int], work: Callable[[int], Iterable[pa.RecordBatch]]):  # type: ignore[no-untyped-def]
        def watched(n: int) -> Iterable[pa.RecordBatch]:
            if len(self.done) == self.at:
                if not self.within:
                    os.kill(os.getpid(), signal.SIGKILL)
                # Whatever it writes first is torn.
                arrays.pq.write_table = _torn  # type: ignore[attr-defined]
            return work(n)

        return super()._rows(pieces, watched)


def _torn(table: pa.Table, file: Path, **_: object) -> None:
    file.write_bytes(b"PAR1 and no more")
    os.kill(os.getpid(), signal.SIGKILL)


def run(folder: Path, executors: Here) -> np.ndarray:
    """Train, and say what came out."""
    for name in ("blocks", "state"):
        (folder / name).mkdir(exist_ok=True, parents=True)
    return fit_ials(in_blocks(executors, folder / "blocks", tastes(4)), CONFIG, folder / "state").factors


def main() -> None:
    """Print what was seen."""
    root = Path(sys.argv[1])
    whole = Here()
    expected = run(root / "whole", whole)
    killed, last = 0, 0
    for at in range(1, len(whole.done), 5):
        for within in (False, True):
            folder = root / "killed"
            shutil.rmtree(folder, ignore_errors=True)
            child = os.fork()
            if child == 0:
                run(folder, Killed(at, within))
                os._exit(0)
            _, status = os.waitpid(child, 0)
            killed += os.WIFSIGNALED(status)
            again = Here()
            found = run(folder, again)
            if found.tobytes() != expected.tobytes():
                raise AssertionError(f"killed at piece {at}: other factors")
            last = len(again.done)
    print(json.dumps({"killed": killed, "last": last, "whole": len(whole.done)}))


if __name__ == "__main__":
    main()
