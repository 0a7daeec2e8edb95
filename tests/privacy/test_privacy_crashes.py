"""Killed at any moment, or run twice at once: no release without its charge, none twice, what was told stays true."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest

from media_privacy_pipeline.privacy import BudgetLedger
from media_privacy_pipeline.release_policy import Budget

WORKER = Path(__file__).with_name("privacy_worker.py")
PARTITIONS = 60
KILLS = 10


def _start(url: str, folder: Path) -> subprocess.Popen[str]:
    words = [sys.executable, str(WORKER), url, str(folder), str(PARTITIONS)]
    worker = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    return worker


def _told(worker: subprocess.Popen[str]) -> dict[str, str]:
    """What a worker said before its end: digest by partition."""
    assert worker.stdout is not None
    with worker, worker.stdout:
        lines = [line.split() for line in worker.stdout]
    return {words[0]: words[1] for words in lines if len(words) == 2}


def _check(url: str, folder: Path) -> int:
    """Every file is charged for and is what the ledger says; returns how many charges were wasted."""
    ledger = BudgetLedger(url, Budget(unit="account", days=365, epsilon=10, delta=1e-9))
    charges = ledger.charges()
    ledger.close()
    charged = {charge.partition for charge in charges}
    settled = [(charge.partition, charge.sha256) for charge in charges if charge.sha256 is not None]
    assert len(settled) == len(dict(settled))
    files = {file.stem: sha256(file.read_bytes()).hexdigest() for file in folder.glob("toy/*.parquet")}
    assert files.keys() <= charged
    assert dict(settled).items() <= files.items()
    return len(charges) - len(settled)


@pytest.mark.slow
def test_killed_at_random_moments_it_goes_on_and_wastes_at_most_a_charge_a_kill(
    ledger_url: str, tmp_path: Path
) -> None:
    folder, told, moments = tmp_path / "releases", {}, random.Random(5)
    for _ in range(KILLS):
        worker = _start(ledger_url, folder)
        time.sleep(moments.uniform(0, 0.12))
        worker.kill()
        for partition, digest in _told(worker).items():
            assert told.setdefault(partition, digest) == digest
        _check(ledger_url, folder)
    last = _told(_start(ledger_url, folder))
    assert len(last) == PARTITIONS
    assert told.items() <= last.items()
    assert _check(ledger_url, folder) <= KILLS


def test_runs_at_once_pay_once_and_tell_the_same(ledger_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "releases"
    workers = [_start(ledger_url, folder) for _ in range(3)]
    first, *others = (_told(worker) for worker in workers)
    assert len(first) == PARTITIONS
    assert all(other == first for other in others)
    assert _check(ledger_url, folder) == 0
