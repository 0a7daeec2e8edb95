"""From accepted rows to ledger entries: every id becomes a keyed ref. What a row means is said in SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import pyarrow as pa

from ..keys import Keyring, pseudonym
from .chain import Entry


class Refs:
    """Keyed refs of the ledger. An id has one ref in the whole ledger, and none without the key file."""

    def __init__(self, keyring: Keyring) -> None:
        self._key = key = keyring.derive("ledger")
        # Accounts, profiles and devices come back row after row; events do not.
        self.account: Callable[[str], str] = cache(lambda account_id: pseudonym(key, "account", account_id))
        self.device: Callable[[str], str] = cache(lambda device_id: pseudonym(key, "device", device_id))
        self.profile: Callable[[str, str], str] = cache(lambda *ids: pseudonym(key, "profile", *ids))

    def event(self, *parts: str) -> str:
        """Ref of a consent event, request or conflict, and the purpose that it is about."""
        return pseudonym(self._key, "event", *parts)

    def evidence(self, reference: str) -> str:
        """Ref of where evidence lies."""
        return pseudonym(self._key, "evidence", reference)


def entries(rows: pa.Table, refs: Refs) -> Iterator[Entry]:
    """Entries of the rows of `int_consent__entries` or `int_consent__disputes`, in order."""
    for batch in rows.to_batches(max_chunksize=50_000):
        column = {name: batch[name].to_pylist() for name in rows.schema.names}
        time = {
            name: batch[name].cast(pa.string()).to_pylist() for name in ("effective_at", "recorded_at", "expires_at")
        }
        ids = list(zip(column["account_id"], column["profile_id"], strict=True))
        events = zip(column["kind"], column["event_id"], ids, column["purpose"], strict=True)
        yield from map(
            Entry,
            [
                refs.event(kind, event, account, profile or "", purpose)
                for kind, event, (account, profile), purpose in events
            ],
            [refs.account(account) for account, _ in ids],
            [None if profile is None else refs.profile(account, profile) for account, profile in ids],
            [None if device is None else refs.device(device) for device in column["device_id"]],
            column["scope"],
            column["purpose"],
            column["state"],
            column["basis"],
            column["signal"],
            time["effective_at"],
            time["recorded_at"],
            time["expires_at"],
            column["jurisdiction"],
            column["notice_version"],
            column["covers_history"],
            [None if reference is None else refs.evidence(reference) for reference in column["evidence_ref"]],
        )
