"""The log of disclosures: append-only lines, each hashed with the one before it and signed. No line names a person.

    HOME/ledger/disclosures.jsonl    one JSON object a line
    HOME/ledger/disclosures.head     the signed end, so that lines that were cut off are missed

A line is on the disk before what it records is handed over. What follows the last line break is what a crash left of a
line that nobody was told of. One process writes at a time (the run lock sees to it).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ...consent.chain import GENESIS, Head, Verdict, chained, follow, signed_text
from ...durable import replace_text, sync
from ...errors import Refused
from ...keys import Keyring

_CHAIN = "disclosure log"


class Disclosure(NamedTuple):
    """What is recorded: when (UTC), to whom, what for, what, of how many people, and the file's digest."""

    at: str
    recipient: str
    purpose: str
    table: str
    release: str
    rows: int
    people: int
    sha256: str


_COLUMNS = ("seq", *Disclosure._fields, "prev_hash", "hash")


class Recorded(NamedTuple):
    """A line of the log: its number, and what it records."""

    seq: int
    disclosure: Disclosure


class DisclosureLog:
    """The log of one home."""

    def __init__(self, home: Path, keyring: Keyring) -> None:
        self._file = home / "ledger" / "disclosures.jsonl"
        self._end = home / "ledger" / "disclosures.head"
        self._keyring = keyring

    def entries(self) -> list[Recorded]:
        """Every line, the oldest first. Raises Refused where the log is not what was signed."""
        return [Recorded(row["seq"], Disclosure(*(row[n] for n in Disclosure._fields))) for row in self._whole_rows()]

    def end(self) -> int:
        """Number of the last line; 0 where there is none. Raises Refused where the log is not what was signed."""
        return len(self._whole_rows())

    def append(self, disclosure: Disclosure) -> Recorded:
        """Add a line, on the disk when this returns. Raises Refused where the log is not what was signed."""
        rows = self._whole_rows()
        head = Head(rows[-1]["seq"], rows[-1]["hash"]) if rows else Head(0, GENESIS)
        (row,) = chained(head, [disclosure])
        head = Head(row[0], row[-1])
        line = {**dict(zip(_COLUMNS, row, strict=True)), "signature": self._sign(head)}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("ab") as stream:
            stream.truncate(len(self._whole()))
            stream.write(json.dumps(line).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        sync(self._file.parent)
        replace_text(self._end, json.dumps({"seq": head.seq, "hash": head.hash, "signature": self._sign(head)}))
        return Recorded(head.seq, disclosure)

    def verify(self) -> Verdict:
        """Recompute the chain, check every signature, and see that no line was cut off."""
        return self._look([])

    def _whole_rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        verdict = self._look(rows)
        if not verdict.ok:
            raise Refused(
                f"{self._file}: broken at line {verdict.first_bad}: {verdict.problem}; restore it from your backup"
            )
        return rows

    def _look(self, rows: list[dict[str, Any]]) -> Verdict:
        """Read the lines into a list, and verify them."""
        try:
            for row in self._rows():
                rows.append(row)
            end, broken = follow(rows, Disclosure._fields)
            unsigned = next(
                (r["seq"] for r in rows if not self._signed(Head(r["seq"], r["hash"]), r["signature"])), None
            )
        except (ValueError, KeyError, TypeError):
            return Verdict(len(rows), len(rows) + 1, f"line {len(rows) + 1} cannot be read")
        if broken is not None:
            return broken
        if unsigned is not None:
            return Verdict(end.seq, unsigned, f"line {unsigned} is not signed by this installation's key")
        return self._cut_off(rows, end) or Verdict(end.seq)

    def _cut_off(self, rows: list[dict[str, Any]], end: Head) -> Verdict | None:
        """A line may lie past the signed end: a crash came between the two. None may be missing before it."""
        if not self._end.exists():
            return Verdict(end.seq, 1, "the signed end is missing") if end.seq > 1 else None
        try:
            found = json.loads(self._end.read_text())
            head = Head(found["seq"], found["hash"])
            signed = self._signed(head, found["signature"])
        except (ValueError, KeyError, TypeError):
            signed = False
        if not signed:
            return Verdict(end.seq, max(1, end.seq), "the end is not signed by this installation's key")
        if head.seq > end.seq:
            return Verdict(end.seq, end.seq + 1, f"lines {end.seq + 1} to {head.seq} were signed and are cut off")
        if head.seq and rows[head.seq - 1]["hash"] != head.hash:
            return Verdict(end.seq, head.seq, "the log does not lead to the end that was signed")
        return None

    def _whole(self) -> bytes:
        data = self._file.read_bytes() if self._file.exists() else b""
        return data[: data.rfind(b"\n") + 1]

    def _rows(self) -> Iterator[dict[str, Any]]:
        for line in self._whole().splitlines():
            row: dict[str, Any] = json.loads(line)
            yield row

    def _sign(self, head: Head) -> str:
        return self._keyring.sign(signed_text(head, _CHAIN))

    def _signed(self, head: Head, signature: str) -> bool:
        return self._keyring.signed(signature, signed_text(head, _CHAIN))
