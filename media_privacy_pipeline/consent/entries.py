"""From accepted rows to ledger entries: every id becomes a keyed ref. What a row means is said in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa

from ..engines import Session
from ..keys import pseudonym
from .chain import Entry
from .subject_keys import Ids, Kind, opened_keys

UNKNOWN = ""
"""The ref of a subject that has no key: no row of the ledger has it."""


class Refs:
    """Keyed refs of the ledger, under each subject's own key: who has no key any more has no ref either."""

    def __init__(self, keys: Mapping[Kind, Mapping[Ids, bytes]]) -> None:
        self._keys = keys
        self._refs: dict[tuple[Kind, Ids], str] = {}

    @classmethod
    def of(
        cls,
        session: Session,
        people: Iterable[tuple[str, str | None]],
        devices: Iterable[str] = (),
        *,
        make: bool = False,
    ) -> Refs:
        """For some (account_id, profile_id) pairs and devices; keys that are missing are made where `make` is set."""
        pairs = list(people)
        wanted: dict[Kind, set[Ids]] = {
            "account": {(account,) for account, _ in pairs},
            "profile": {(account, profile) for account, profile in pairs if profile is not None},
            "device": {(device,) for device in devices},
        }
        with opened_keys(session) as keys:
            return cls({kind: keys.get(kind, sorted(ids), make=make) for kind, ids in wanted.items()})

    def account(self, account_id: str) -> str:
        """Ref of an account."""
        return self._ref("account", (account_id,))

    def profile(self, account_id: str, profile_id: str) -> str:
        """Ref of a profile."""
        return self._ref("profile", (account_id, profile_id))

    def device(self, device_id: str) -> str:
        """Ref of a device."""
        return self._ref("device", (device_id,))

    def event(self, whose: tuple[str, str | None], *parts: str) -> str:
        """Ref of a consent event, request or conflict of a profile, or of an account where it names none."""
        return pseudonym(self._own(whose), "event", *parts)

    def evidence(self, whose: tuple[str, str | None], reference: str) -> str:
        """Ref of where evidence about a profile or account lies."""
        return pseudonym(self._own(whose), "evidence", reference)

    def _own(self, whose: tuple[str, str | None]) -> bytes:
        account, profile = whose
        return self._keys["account"][account,] if profile is None else self._keys["profile"][account, profile]

    def _ref(self, kind: Kind, ids: Ids) -> str:
        # Accounts, profiles and devices come back row after row; events do not.
        if (kind, ids) not in self._refs:
            key = self._keys[kind].get(ids)
            self._refs[kind, ids] = UNKNOWN if key is None else pseudonym(key, kind)
        return self._refs[kind, ids]


def entries(batches: Iterable[pa.RecordBatch], session: Session) -> Iterator[Entry]:
    """Entries of the rows of `int_consent__entries` or `int_consent__disputes`, in order.

    The keys behind the refs of a batch are on the disk before its first entry is given. Nothing of a batch is kept for
    the next one: whoever comes again has their key unwrapped again.
    """
    for batch in batches:
        column = {name: batch[name].to_pylist() for name in batch.schema.names}
        people = set(zip(column["account_id"], column["profile_id"], strict=True))
        refs = Refs.of(session, people, set(filter(None, column["device_id"])), make=True)
        time = {
            name: batch[name].cast(pa.string()).to_pylist() for name in ("effective_at", "recorded_at", "expires_at")
        }
        ids = list(zip(column["account_id"], column["profile_id"], strict=True))
        events = zip(column["kind"], column["event_id"], ids, column["purpose"], strict=True)
        yield from map(
            Entry,
            [refs.event(whose, kind, event, purpose) for kind, event, whose, purpose in events],
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
            [
                None if reference is None else refs.evidence(whose, reference)
                for whose, reference in zip(ids, column["evidence_ref"], strict=True)
            ],
        )
