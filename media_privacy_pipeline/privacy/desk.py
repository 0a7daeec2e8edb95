"""The desk where releases are paid for and kept: charge first, draw next, store last, and never twice."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ..durable import replace_bytes
from ..errors import Refused
from .certificate import Signed, Terms, certificate, figures, text_of
from .charges import Charge, Spend
from .ledger import BudgetLedger
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
class Order:
    """What the desk is told of one release: where it belongs, the day that it is charged at, what it costs, how to draw
    it from the noise that is given, and what its certificate says, where it is to have one."""

    name: str
    partition: str
    day: date
    spend: Spend
    make: Callable[[Noise], pa.Table]
    terms: Terms | None = None


@dataclass(frozen=True)
class Desk:
    """A ledger, the folder that keeps its releases as <name>/<partition>.parquet with the certificate of each as .json
    beside it, the noise, who signs certificates, if anybody does, and the odometers, without which nothing is released
    within allowances. Releases that were superseded are kept in <name>/superseded, by partition and attempt."""

    ledger: BudgetLedger
    folder: Path
    noise: Noise = discrete_gaussian
    sign: Callable[[bytes], Signed] | None = None
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
        if charge.reason is not None and path.exists() and _charge_of(path) != charge.charge_id:
            standing = self.ledger.released(name, partition)
            if standing is not None and _digest(path) == standing.sha256:
                # What was to supersede it was lost in a crash, but for a certificate perhaps.
                certificate = _aside(path.with_suffix(".json"), standing.attempt)
                if certificate.exists():
                    replace_bytes(path.with_suffix(".json"), certificate.read_bytes())
                return Stored(path, standing.sha256)
        return self._adopt(path, charge) if path.exists() else None

    def once(self, order: Order) -> Stored:
        """The stored release, made on first call: charged, then drawn with the desk's noise, then stored, with a
        certificate where the order has its terms.

        Raises Refused where the charge would pass the cap (then nothing is drawn), and as `find` does.
        """
        with self.ledger.exclusive(order.name):
            found = self.find_alone(order.name, order.partition)
            return self.pay_alone(order) if found is None else found

    def pay_alone(self, order: Order, charged: Callable[[Charge], None] | None = None) -> Stored:
        """`once`, for a caller that holds the name alone and found nothing; `charged` runs between charge and draw."""
        self._certifiable(order)
        charge = self.ledger.charge(order.name, order.partition, order.day, order.spend)
        if charged is not None:
            charged(charge)
        return self._draw(charge, order)

    def is_drawn(self, charge: Charge) -> bool:
        """Whether something is released for a charge, also where the run that stored it ended before saying so."""
        return charge.sha256 is not None or self._path(charge.name, charge.partition).exists()

    def supersede(self, order: Order, reason: str) -> Stored:
        """As `once`, for a release that exists: it is paid for and drawn anew, and the one before is kept aside.

        Until the new one is whole the old one stands. Raises Refused where there is none, and as `once` does.
        """
        with self.ledger.exclusive(order.name):
            found = self.find_alone(order.name, order.partition)
            before = self.ledger.released(order.name, order.partition)
            self._certifiable(order)
            charge = self.ledger.charge(order.name, order.partition, order.day, order.spend, reason=reason)
            if found is not None and before is not None:
                _keep_aside(found.path, before.attempt)
            return self._draw(charge, order)

    def _certifiable(self, order: Order) -> None:
        """The dear part of a certificate, and what may fail of it, comes before the charge: it is kept for later."""
        if order.terms is not None:
            figures(order.terms, order.spend, self.ledger.budget)

    def _draw(self, charge: Charge, order: Order) -> Stored:
        def certified(sha256: str) -> str | None:
            if order.terms is None:
                return None
            return text_of(certificate(order.terms, charge, sha256, self.ledger.budget, self.sign))

        stored = _store(order.make(self.noise), self._path(charge.name, charge.partition), charge, certified)
        self.ledger.settle(charge, stored.sha256)
        return stored

    def _path(self, name: str, partition: str) -> Path:
        return self.folder / name / f"{partition}.parquet"

    def _adopt(self, path: Path, charge: Charge) -> Stored:
        """A crash came between storing and settling: the file is whole, and paid for by this very charge."""
        if _charge_of(path) != charge.charge_id:
            raise Refused(
                f"{path}: paid for by another charge than the ledger's last; restore the ledger it belongs to"
            )
        _LOG.warning(
            "%s %s: stored by a run that ended before saying so; taken as it is", charge.name, charge.partition
        )
        digest = _digest(path)
        self.ledger.settle(charge, digest)
        return Stored(path, digest)


def _charge_of(path: Path) -> int | None:
    """The charge that a stored release was drawn for, by its own word."""
    told = (pq.read_schema(path).metadata or {}).get(_CHARGE_ID)
    return None if told is None else int(told)


def _keep_aside(path: Path, attempt: int) -> None:
    """Copy a release and its certificate to where they stay when others take their places."""
    for file in (path, path.with_suffix(".json")):
        if file.exists():
            replace_bytes(_aside(file, attempt), file.read_bytes())


def _aside(file: Path, attempt: int) -> Path:
    return file.parent / "superseded" / f"{file.stem}.{attempt}{file.suffix}"


def _store(table: pa.Table, path: Path, charge: Charge, certified: Callable[[str], str | None]) -> Stored:
    """Write a release whole and durably: a file of this name is complete, also after a power cut, and its certificate
    was there before it."""
    buffer = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata({_CHARGE_ID: str(charge.charge_id)}), buffer, compression="zstd")
    content = buffer.getvalue().to_pybytes()
    digest = sha256(content).hexdigest()
    text = certified(digest)
    if text is not None:
        replace_bytes(path.with_suffix(".json"), text.encode())
    replace_bytes(path, content)
    return Stored(path, digest)


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
