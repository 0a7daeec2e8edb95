"""The pointer under kill -9 and under readers: always a whole model, and a log that agrees with it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from random import Random
from time import sleep

import numpy as np

from media_privacy_pipeline.models.registry import Registry

_KILLS = 6
_WRITER = """
import sys
from pathlib import Path
import numpy as np
from media_privacy_pipeline.models.registry import Registry
where = Registry(Path(sys.argv[1]))
for n in range(int(sys.argv[2]), 10**9):
    name = where.store({"titles": np.array(["a"]), "factors": np.full((1, 4), n, np.float32)}, {"n": n})
    where.promote(name)
    where.prune(2)
    if n == int(sys.argv[2]):
        print("begun", flush=True)
"""


def test_whoever_reads_while_writers_are_killed_sees_a_whole_model_and_the_log_agrees(tmp_path: Path) -> None:
    where, random = Registry(tmp_path / "recommenders"), Random(4)
    seen, wrong, over = set(), [], threading.Event()

    def read() -> None:
        while not over.is_set():
            name = where.champion()
            if name is not None and where.is_whole(name):
                seen.add(name)
            elif name is not None and where.champion() == name:
                wrong.append(name)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for attempt in range(_KILLS):
            command = [sys.executable, "-c", _WRITER, str(where.root), str(attempt * 10_000)]
            with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
                assert writer.stdout is not None
                writer.stdout.readline()
                sleep(random.uniform(0, 0.05))
                writer.send_signal(signal.SIGKILL)
            assert where.champion() is not None
            where.settle()
            last = where.moves.last()
            assert last is not None
            assert last.to == where.champion()
            assert where.is_whole(str(where.champion()))
    finally:
        over.set()
        reader.join()
    assert not wrong
    assert len(seen) > 1
    where.prune(1)
    assert where.names() == [where.champion()]
    assert sorted(path.name for path in where.root.iterdir()) == sorted(["CHAMPION", "MOVES", str(where.champion())])
    assert np.isfinite(where.load(str(where.champion())).arrays["factors"]).all()
