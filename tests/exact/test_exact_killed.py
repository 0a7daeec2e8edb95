"""Killed at any moment, a period's decision is there whole, all tables of it, or not at all."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from exact_world import exact

from media_privacy_pipeline.exact.deciding import Report
from media_privacy_pipeline.exact.kept import keep, kept_periods

_WRITER = """
from datetime import date, timedelta
from pathlib import Path
import pyarrow as pa
from media_privacy_pipeline.exact.deciding import Report
from media_privacy_pipeline.exact.kept import keep, kept_periods
from media_privacy_pipeline.exact_policy import ExactTable

root = Path({root!r})
tables = {{name: ExactTable.model_validate_json({table!r}) for name in ("one", "two")}}
report = Report(1, 30, 0, 30, 2, 2.0, 0.0)
first = max((each.last for each in kept_periods(root)), default=date(2026, 1, 4)) + timedelta(days=1)
while True:
    rows = pa.table({{"period": [first], "accounts": [30]}})
    keep(root, first, first + timedelta(days=6), tables, {{name: (rows, report) for name in tables}})
    print("wrote", flush=True)
    first += timedelta(days=7)
"""


def test_a_kill_leaves_whole_decisions_and_none_between(tmp_path: Path) -> None:
    root, seed = tmp_path / "exact", random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    script = _WRITER.format(root=str(root), table=exact().model_dump_json())
    seen: dict[str, bytes] = {}
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "wrote\n"
            time.sleep(chance.uniform(0, 0.1))
            os.kill(child.pid, signal.SIGKILL)
        kept = kept_periods(root)
        assert {path.name for path in root.glob("[0-9]*")} == {each.folder.name for each in kept}
        for each in kept:
            assert each.statements.keys() == {"one", "two"}
            for name in each.statements:
                found = each.file(name).read_bytes()
                assert seen.setdefault(f"{each.first} {name}", found) == found
                assert each.report(name).k == 30
    assert len(seen) >= 6


@pytest.mark.parametrize("half", ["decision.json", "one.json"])
def test_what_a_crash_left_half_made_is_no_decision_and_goes(tmp_path: Path, half: str) -> None:
    left = tmp_path / ".2026-03-02_2026-03-08.0123abcd"
    left.mkdir()
    (left / half).write_text("{")
    assert kept_periods(tmp_path) == []
    rows = pa.table({"accounts": [30]})
    kept = keep(
        tmp_path,
        date(2026, 3, 2),
        date(2026, 3, 8),
        {"one": exact()},
        {"one": (rows, Report(1, 30, 0, 30, 2, 2.0, 0.0))},
    )
    assert [path.name for path in tmp_path.iterdir()] == [kept.folder.name]
