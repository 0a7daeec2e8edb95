"""What accounts owe on their allowances: personal data, one sealed file a table, or family of tables, and its terms,
read by bounding alone.

    HOME/vault/odometers/<table or family>.<terms>.sealed    AES-GCM, mode 0600, written whole and flushed

A row is the account_key of analytics and what it owes. Who owes nothing has no row: someone new, and someone who has
not watched for carry_days, cannot be told apart. The file names the last charge of the ledger whose debits are in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..durable import replace_bytes
from ..errors import Refused
from ..keys import Keyring
from .charges import Charge
from .noise import Integers

SUFFIX = ".sealed"
_SCHEMA = pa.schema([("account_key", pa.string()), ("owed", pa.int64())])


@dataclass(frozen=True)
class Odometer:
    """What accounts owed right after a charge was debited: `owed` beside `accounts`, all above 0."""

    charge_id: int
    day: date
    accounts: pa.Array
    owed: Integers


@dataclass(frozen=True)
class Odometers:
    """The folder of odometers and the keys that they are sealed with."""

    folder: Path
    keyring: Keyring

    def find(self, name: str, family: str) -> Odometer | None:
        """The odometer of a table and its terms; None where there is no file. Raises Refused for a damaged one."""
        path = self._path(name, family)
        return self._read(path) if path.exists() else None

    def write(self, name: str, family: str, odometer: Odometer) -> None:
        """Put an odometer in the place of the one before, whole and durably."""
        self._write(self._path(name, family), odometer)

    def drop_older(self, name: str, family: str, before: date) -> None:
        """Destroy a table's odometers of other terms that were last debited for days before a date."""
        for path in self.files():
            table, _, rest = path.name.rpartition(SUFFIX)[0].rpartition(".")
            if table == name and rest != family and self._read(path).day < before:
                path.unlink()

    def files(self) -> list[Path]:
        """Every odometer, by name."""
        return sorted(self.folder.glob(f"*{SUFFIX}"))

    def accounts(self, path: Path) -> pa.Array:
        """The accounts that an odometer holds: for whoever has to prove that somebody is in it no more."""
        return self._read(path).accounts

    def forget(self, accounts: Collection[str]) -> Iterator[tuple[Path, Sequence[str]]]:
        """Take accounts out of every odometer; each file with the accounts that it held, told before it is written.

        Also what a crash left half written goes, hence not to be called while a table is released.
        """
        for half in self.folder.glob(".*"):
            half.unlink()
        for path in self.files():
            found = self._read(path)
            theirs = pc.is_in(found.accounts, value_set=pa.array(sorted(accounts), pa.string()))
            gone = found.accounts.filter(theirs).to_pylist()
            if gone:
                yield path, gone
                stays = pc.invert(theirs)
                kept = found.owed[np.asarray(stays.to_numpy(zero_copy_only=False), bool)]
                self._write(path, Odometer(found.charge_id, found.day, found.accounts.filter(stays), kept))

    def _path(self, name: str, family: str) -> Path:
        return self.folder / f"{name}.{family}{SUFFIX}"

    def _read(self, path: Path) -> Odometer:
        rows = pq.read_table(pa.BufferReader(self.keyring.unseal(_context(path), path.read_bytes())))
        told = {key.decode(): value.decode() for key, value in (rows.schema.metadata or {}).items()}
        return Odometer(
            int(told["charge_id"]),
            date.fromisoformat(told["day"]),
            pa.concat_arrays(rows["account_key"].chunks) if rows.num_rows else pa.array([], pa.string()),
            rows["owed"].to_numpy(),
        )

    def _write(self, path: Path, odometer: Odometer) -> None:
        told = {"charge_id": str(odometer.charge_id), "day": odometer.day.isoformat()}
        rows = pa.table([odometer.accounts, pa.array(odometer.owed, pa.int64())], schema=_SCHEMA)
        sink = pa.BufferOutputStream()
        pq.write_table(rows.replace_schema_metadata(told), sink, compression="zstd")
        sealed = self.keyring.seal(_context(path), sink.getvalue().to_pybytes())
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_bytes(path, sealed, 0o600)


def check_belongs(name: str, odometer: Odometer | None, charges: Sequence[Charge], drawn: Collection[int]) -> None:
    """Raise Refused unless an odometer is the one that the ledger's charges of its terms were debited to.

    `drawn` are the ids of those charges that something was released for: noise is drawn after the debit is on the disk,
    so none of them may be later than the odometer's.
    """
    if odometer is None:
        if drawn:
            raise Refused(f"{name}: the ledger has charges within allowances, and their odometer is missing; {_REMEDY}")
        return
    if not any(charge.charge_id == odometer.charge_id and charge.day == odometer.day for charge in charges):
        raise Refused(f"{name}: the odometer was debited for a charge that this ledger does not have; {_REMEDY}")
    if any(charge_id > odometer.charge_id for charge_id in drawn):
        raise Refused(f"{name}: the odometer is older than the ledger: it lacks debits of later charges; {_REMEDY}")


_REMEDY = (
    "no noise was drawn. Restore ledger and HOME/vault/odometers of one and the same night from your backup. If the "
    "odometer is lost for good, give the allowance other carry_days, or that of a family another mu, in the policy: "
    "that begins a new odometer and pays its standing charge anew"
)


def _context(path: Path) -> str:
    return f"odometers/{path.name.removesuffix(SUFFIX)}"
