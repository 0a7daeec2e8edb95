"""The desk where releases are paid for and kept: charge first, draw next, store last, and never twice."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import Refused
from .ledger import BudgetLedger, Charge, Spend
from .noise import Noise, discrete_gaussian
from .odometers import Odometers

_LOG = logging.getLogger(__name__)
_CHARGE_ID = b"charge_id"


@dataclass(frozen=True)
class Stored:
    """A release as it is kept: its file, and the digest that the ledger has of it."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class Desk:
    """A ledger, the folder that keeps its releases as <name>/<partition>.parquet, the noise, and the odometers, without
    which nothing is released within allowances."""

    ledger: BudgetLedger
    folder: Path
    noise: Noise = discrete_gaussian
    odometers: Odometers | None = None

    def find(self, name: str, partition: str) -> Stored | None:
        """The stored release, or None where there is none yet.

        Raises Refused where ledger and folder tell different stories: a release that the ledger has but the folder
        lost or changed, or one that the folder has and the ledger never charged.
        """
        with self.ledger.exclusive(name):
            return self.find_alone(name, partition)

    def find_alone(self, name: str, partition: str) -> Stored | None:
        """`find`, for a caller that holds the name alone."""
        path, charge = self._path(name, partition), self.ledger.latest(name, partition)
        if charge is None:
            if path.exists():
                raise Refused(
                    f"{path}: a release that this ledger never charged; restore the ledger that belongs to it"
                )
            return None
        if charge.sha256 is not None:
            if not path.exists() or _digest(path) != charge.sha256:
                raise Refused(f"{path}: the stored release is lost or was changed; restore it from your backup")
            return Stored(path, charge.sha256)
        return self._adopt(path, charge) if path.exists() else None

    def once(self, name: str, partition: str, day: date, spend: Spend, make: Callable[[Noise], pa.Table]) -> Stored:
        """The stored release, made on first call: charged, then `make` draws from the noise it is given, then stored.

        Raises Refused where the charge would pass the cap (then `make` is not called), and as `find` does.
        """
        with self.ledger.exclusive(name):
            found = self.find_alone(name, partition)
            if found is not None:
                return found
            return self.pay_alone(name, partition, day, spend, make)

    def pay_alone(
        self,
        name: str,
        partition: str,
        day: date,
        spend: Spend,
        make: Callable[[Noise], pa.Table],
        charged: Callable[[Charge], None] | None = None,
    ) -> Stored:
        """`once`, for a caller that holds the name alone and found nothing; `charged` runs between charge and draw."""
        charge = self.ledger.charge(name, partition, day, spend)
        if charged is not None:
            charged(charge)
        stored = _store(make(self.noise), self._path(name, partition), charge)
        self.ledger.settle(charge, stored.sha256)
        return stored

    def is_drawn(self, charge: Charge) -> bool:
        """Whether something is released for a charge, also where the run that stored it ended before saying so."""
        return charge.sha256 is not None or self._path(charge.name, charge.partition).exists()

    def _path(self, name: str, partition: str) -> Path:
        return self.folder / name / f"{partition}.parquet"

    def _adopt(self, path: Path, charge: Charge) -> Stored:
        """A crash came between storing and settling: the file is whole, and paid for by this very charge."""
        metadata = pq.read_schema(path).metadata or {}
        if metadata.get(_CHARGE_ID) != str(charge.charge_id).encode():
            raise Refused(
                f"{path}: paid for by another charge than the ledger's last; restore the ledger it belongs to"
            )
        _LOG.warning(
            "%s %s: stored by a run that ended before saying so; taken as it is", charge.name, charge.partition
        )
        digest = _digest(path)
        self.ledger.settle(charge, digest)
        return Stored(path, digest)


def _store(table: pa.Table, path: Path, charge: Charge) -> Stored:
    """Write a release whole and durably: a file of this name is complete, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    try:
        with temporary.open("wb") as stream:
            pq.write_table(
                table.replace_schema_metadata({_CHARGE_ID: str(charge.charge_id)}), stream, compression="zstd"
            )
            stream.flush()
            os.fsync(stream.fileno())
        digest = _digest(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return Stored(path, digest)


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
