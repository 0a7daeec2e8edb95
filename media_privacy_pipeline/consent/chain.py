"""The chain of the consent ledger: what a row says, its hash with the one before it, and where a chain breaks.

Pure functions; where rows are kept is the ledger's. The log of disclosures is chained in the same way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

GENESIS = "0" * 64
"""The `prev_hash` of the first row."""

_ENCODE = json.JSONEncoder(separators=(",", ":")).encode


class Entry(NamedTuple):
    """What a row says, before it has a place in the chain; times as `stamp` writes them, ids as keyed refs."""

    event_ref: str
    account_ref: str
    profile_ref: str | None
    device_ref: str | None
    scope: str
    purpose: str
    state: str
    basis: str | None
    signal: str
    effective_at: str
    recorded_at: str
    expires_at: str | None
    jurisdiction: str | None
    notice_version: int | None
    covers_history: bool
    evidence_ref: str | None


@dataclass(frozen=True)
class Head:
    """The end of the chain: its last seq (0: no rows) and hash. What a release stores as its watermark."""

    seq: int
    hash: str


@dataclass(frozen=True)
class Verdict:
    """What `verify` found: `first_bad` is the first seq that is not what was signed, `problem` why, in words."""

    rows: int
    first_bad: int | None = None
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether the ledger is whole."""
        return self.first_bad is None


def signed_text(head: Head, chain: str = "consent ledger") -> bytes:
    """What the installation's key signs of a chain's head."""
    return f"media-privacy {chain} {head.seq} {head.hash}".encode()


def _hash(prev_hash: str, seq: int, content: Sequence[object]) -> str:
    return hashlib.sha256(_ENCODE([prev_hash, seq, *content]).encode()).hexdigest()


def follow(rows: Iterable[Mapping[Any, Any]], fields: Sequence[str] = Entry._fields) -> tuple[Head, Verdict | None]:
    """Where a chain of rows with these fields ends, and what broke it before, if anything did."""
    before = Head(0, GENESIS)
    for row in rows:
        seq, expected = row["seq"], before.seq + 1
        if seq != expected:
            return before, Verdict(before.seq, expected, f"row {expected} is missing")
        if row["prev_hash"] != before.hash:
            return before, Verdict(before.seq, seq, f"row {seq} does not follow from the row before it")
        this = Head(seq, _hash(before.hash, seq, [row[name] for name in fields]))
        if row["hash"] != this.hash:
            return before, Verdict(before.seq, seq, f"row {seq} was changed after it was written")
        before = this
    return before, None


def chained(head: Head, entries: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Rows of the chain after a head: seq, what each says, prev_hash and hash."""
    seq, prev_hash = head.seq, head.hash
    for entry in entries:
        seq += 1
        this = _hash(prev_hash, seq, entry)
        yield (seq, *entry, prev_hash, this)
        prev_hash = this
