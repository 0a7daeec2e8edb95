"""Killed at any moment, or run twice at once: no account gains allowance, and nothing is released undebited."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import pytest
from allowance_world import ACCOUNTS, STATEMENT, cells_of, days, desk_of, odometer, owed, replayed, weights_of

from media_privacy_pipeline.privacy.allowances import DAY, terms_of

WORKER = Path(__file__).with_name("allowance_worker.py")
NIGHTS = 12
KILLS = 4


def _start(folder: Path) -> subprocess.Popen[str]:
    worker = subprocess.Popen(
        [sys.executable, str(WORKER), str(folder), str(NIGHTS)], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    return worker


def _told(worker: subprocess.Popen[str]) -> dict[str, str]:
    assert worker.stdout is not None
    with worker, worker.stdout:
        lines = [line.split() for line in worker.stdout]
    return {words[0]: words[1] for words in lines if len(words) == 2}


def _check(folder: Path) -> int:
    """By what is stored, charged and owed: nobody paid less than was released; returns how many charges were wasted."""
    desk, terms = desk_of(folder), terms_of(STATEMENT)
    charges = desk.ledger.charges()
    drawn = [charge for charge in charges if desk.is_drawn(charge)]
    settled = {charge.day: charge for charge in charges if charge.sha256 is not None}
    kept = odometer(desk)
    assert all(kept is not None and kept.charge_id >= charge.charge_id for charge in drawn)
    wasted = [charge for charge in charges if charge.day in settled and charge.sha256 is None]
    # Whether a wasted charge was debited depends on the moment; what is owed is one of the ways that it can have been.
    last = [charge for charge in charges if charge.day not in settled]
    debts = []
    for debited in product([False, True], repeat=len(wasted) + len(last)):
        unsure = dict(zip([charge.charge_id for charge in (*wasted, *last)], debited, strict=True))
        debts.append(replayed([(charge.day, unsure.get(charge.charge_id, True)) for charge in charges]))
    assert owed(desk) in debts
    spent = [[0] for _ in range(ACCOUNTS)]
    for day in sorted(settled):
        stored = desk.find("toy", day.isoformat())
        assert stored is not None
        for account, weight in enumerate(weights_of(stored)):
            price = int(terms.prices[cells_of(account, day), weight]) if weight else 0
            spent[account].append(spent[account][-1] + price)
    for totals in spent:
        for first in range(len(totals)):
            for n in range(first + 1, len(totals)):
                assert totals[n] - totals[first] <= (n - first + 3) * DAY
    desk.ledger.close()
    return len(charges) - len(settled)


@pytest.mark.slow
def test_killed_at_random_moments_it_goes_on_and_nobody_gains(tmp_path: Path) -> None:
    told, moments = {}, random.Random(3)
    for _ in range(KILLS):
        worker = _start(tmp_path)
        time.sleep(moments.uniform(0, 0.4))
        worker.kill()
        for night, digest in _told(worker).items():
            assert told.setdefault(night, digest) == digest
        _check(tmp_path)
    last = _told(_start(tmp_path))
    assert list(last) == [day.isoformat() for day in days(NIGHTS)]
    assert told.items() <= last.items()
    assert _check(tmp_path) <= KILLS


def test_two_runs_at_once_debit_once_and_tell_the_same(tmp_path: Path) -> None:
    workers = [_start(tmp_path) for _ in range(2)]
    one, other = (_told(worker) for worker in workers)
    assert one == other
    assert len(one) == NIGHTS
    assert _check(tmp_path) == 0
    assert owed(desk_of(tmp_path)) == replayed([(day, True) for day in days(NIGHTS)])
