"""Case 52: killed thirty times at random moments, an erasure goes on where it was and ends in the same receipts."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 30


@pytest.mark.slow
def test_case_52_an_erasure_that_is_killed_goes_on_to_the_same_receipts(tmp_path: Path) -> None:
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
    print(f"seed {seed}: SEED={seed} repeats these moments")
    worker = Path(__file__).with_name("erasure_killed.py")
    done = subprocess.run(
        [sys.executable, str(worker), str(tmp_path), str(seed), str(KILLS)],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith(f"{KILLS} kills over ")
