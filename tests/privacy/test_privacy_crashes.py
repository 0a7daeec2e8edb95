"""Killed at any moment, or run twice at once: no release without its charge, none twice, what was told stays true."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest
from privacy_worker import BUDGET, EVERY, start

from media_privacy_pipeline.privacy import BudgetLedger

PARTITIONS = 30
KILLS = 50


def _told(file: Path) -> dict[str, str]:
    """What a worker said before its end: digest by partition."""
    lines = file.read_text().splitlines() if file.exists() else []
    return dict(words for words in map(str.split, lines) if len(words) == 2)


def _check(url: str, folder: Path) -> tuple[int, int]:
    """Every file is charged for, is what the ledger says stands, and has its own certificate; no charge has two
    releases, and no release two charges. Returns how many charges were wasted, and how many tried to supersede."""
    ledger = BudgetLedger(url, BUDGET)
    charges = ledger.charges()
    ledger.close()
    released = [charge for charge in charges if charge.sha256 is not None]
    standing = {charge.partition: charge.sha256 for charge in released if charge.superseded_by is None}
    assert len(standing) == sum(charge.superseded_by is None for charge in released)
    assert len({charge.sha256 for charge in released}) == len(released)
    assert max(Counter((charge.partition, charge.attempt) for charge in charges).values(), default=1) == 1
    files = {file.stem: sha256(file.read_bytes()).hexdigest() for file in folder.glob("toy/*.parquet")}
    assert files.keys() <= {charge.partition for charge in charges}
    kept = {file.name: sha256(file.read_bytes()).hexdigest() for file in folder.glob("toy/superseded/*.parquet")}
    for charge in released:
        if charge.superseded_by is not None:
            assert kept[f"{charge.partition}.{charge.attempt}.parquet"] == charge.sha256
    # A file that its ledger does not have yet is that of the last charge, and is taken as it is by the next run.
    latest = {charge.partition: charge for charge in charges}
    for partition, digest in files.items():
        certificate = json.loads((folder / "toy" / f"{partition}.json").read_text())
        if standing.get(partition) != digest:
            assert certificate["sha256"] == digest
            assert certificate["charge_id"] == latest[partition].charge_id
            assert latest[partition].sha256 is None
    return len(charges) - len(released), sum(charge.reason is not None for charge in charges)


@pytest.mark.slow
def test_killed_at_random_moments_it_goes_on_and_wastes_at_most_a_charge_a_kill(
    ledger_url: str, tmp_path: Path
) -> None:
    folder, told, moments = tmp_path / "releases", {}, random.Random(5)
    for number in range(KILLS):
        said = tmp_path / f"told-{number}"
        worker = start(ledger_url, folder, PARTITIONS, said)
        while not said.exists() and worker.is_alive():
            time.sleep(0.001)
        time.sleep(moments.uniform(0, 0.06))
        worker.kill()
        worker.join()
        for partition, digest in _told(said).items():
            assert told.setdefault(partition, digest) == digest
        _check(ledger_url, folder)
    worker = start(ledger_url, folder, PARTITIONS, tmp_path / "last")
    worker.join()
    assert worker.exitcode == 0
    last = _told(tmp_path / "last")
    assert len(last) == PARTITIONS
    assert told.items() <= last.items()
    wasted, superseding = _check(ledger_url, folder)
    assert wasted <= KILLS
    # One that was killed after a release and before superseding it does not come back to it.
    assert 0 < superseding <= PARTITIONS // EVERY + KILLS
    certificates = [json.loads((folder / "toy" / f"{partition}.json").read_text()) for partition in last]
    assert [each["sha256"] for each in certificates] == list(last.values())


def test_runs_at_once_pay_once_and_tell_the_same(ledger_url: str, tmp_path: Path) -> None:
    folder, said = tmp_path / "releases", [tmp_path / f"told-{number}" for number in range(3)]
    workers = [start(ledger_url, folder, PARTITIONS, file) for file in said]
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    first, *others = map(_told, said)
    assert len(first) == PARTITIONS
    # What is superseded may be told by one run as it was, and by another as it is.
    plain = [day for number, day in enumerate(sorted(first)) if number % EVERY]
    assert all(other[day] == first[day] for other in others for day in plain)
    wasted, superseding = _check(ledger_url, folder)
    assert wasted == 0
    assert superseding <= 3 * (PARTITIONS // EVERY)
