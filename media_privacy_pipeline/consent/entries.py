"""What consent events, requests and conflicts say, as ledger entries. Pure: accepted rows in, entries out.

A person's own word (ui, agent, parent, vppa, import) holds for the profile, or the account where none is named,
whatever device it was said on. What a device says by itself (gpc, tcf, gpp) holds for that device where one is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, time
from functools import lru_cache
from typing import Any

from ..keys import Keyring, pseudonym
from ..policy import Policy
from .ledger import Entry, stamp

ALL = "*"
"""In place of a purpose: every one that rests on consent or legitimate interest."""

_DEVICE_SIGNALS = {"gpc", "tcf", "gpp"}
_STANDING = {
    "erasure": "erased",
    "restriction": "restricted",
    "lift_restriction": "restriction_lifted",
    "legal_hold": "held",
    "lift_hold": "hold_lifted",
    "hide_title": "hidden",
}

Row = Mapping[str, Any]


class Refs:
    """Keyed refs of the ledger. An id has one ref in the whole ledger, and none without the key file."""

    def __init__(self, keyring: Keyring) -> None:
        key = keyring.derive("ledger")
        self._key = key
        # Accounts, profiles and devices come back row after row; events do not.
        self.account = lru_cache(1 << 20)(lambda account_id: pseudonym(key, "account", account_id))
        self.device = lru_cache(1 << 20)(lambda device_id: pseudonym(key, "device", device_id))
        self._profile = lru_cache(1 << 20)(lambda account, profile: pseudonym(key, "profile", account, profile))

    def profile(self, account_id: str, profile_id: str | None) -> str | None:
        """Ref of a profile; None for a whole account."""
        return None if profile_id is None else self._profile(account_id, profile_id)

    def event(self, *parts: str) -> str:
        """Ref of a consent event, a request, or one purpose's share of it."""
        return pseudonym(self._key, "event", *parts)

    def evidence(self, reference: str | None) -> str | None:
        """Ref of where evidence lies."""
        return None if reference is None else pseudonym(self._key, "evidence", reference)


def consent_entries(rows: Iterable[Row], policy: Policy, refs: Refs) -> Iterator[Entry]:
    """Entries of `accepted_consent_events` rows.

    A signal that is not decoded is kept as `undecoded`, and never a grant; Global Privacy Control is an objection to
    every purpose of sale, or to the purpose that it names.
    """
    for row in rows:
        for purpose, state in _said(row, policy):
            device = row["device_id"]
            own = row["signal"] in _DEVICE_SIGNALS and device is not None
            yield Entry(
                event_ref=refs.event("consent", row["consent_event_id"], purpose),
                account_ref=refs.account(row["account_id"]),
                profile_ref=refs.profile(row["account_id"], row["profile_id"]),
                device_ref=None if device is None else refs.device(device),
                scope="device" if own else _scope(row),
                purpose=purpose,
                state=state,
                basis=_basis(policy, purpose),
                signal=row["signal"],
                effective_at=_time(row["effective_at"]),
                recorded_at=_time(row["recorded_at"]),
                expires_at=stamp(row["expires_at"]),
                jurisdiction=row["jurisdiction"],
                notice_version=row["notice_version"],
                covers_history=bool(row["covers_history"]),
                evidence_ref=refs.evidence(row["evidence_ref"]),
            )


def request_entries(rows: Iterable[Row], policy: Policy, refs: Refs) -> Iterator[Entry]:
    """Entries of `accepted_subject_requests` rows; access and portability change no decision and leave none.

    A request of somebody unverified counts only as far as it objects to sale.
    """
    for row in rows:
        for purpose, state in _asked(row, policy):
            yield _plain(
                row,
                refs.event("request", row["request_id"], purpose),
                purpose,
                state,
                "request",
                policy,
                refs,
                row["received_at"],
                row["received_at"],
            )


def conflict_entries(rows: Iterable[Row], policy: Policy, refs: Refs) -> Iterator[Entry]:
    """Entries of `conflicting_consents` rows: a denial from the moment of whichever delivery is later.

    `disputed_at` is when the delivery that was let in takes effect, where it is known.
    """
    for row in rows:
        purpose = row["purpose"] or ALL
        ref = refs.event("conflict", row["consent_event_id"], row["account_id"], row["profile_id"] or "", purpose)
        # It was known from the day that the second delivery arrived; an earlier as-of time must not see it.
        known = max(row["recorded_at"], datetime.combine(row["arrival_day"], time()))
        held = max(row["recorded_at"], row["disputed_at"] or row["recorded_at"])
        yield _plain(row, ref, purpose, "conflicting", "door", policy, refs, held, known)


def _said(row: Row, policy: Policy) -> list[tuple[str, str]]:
    purpose, state, signal = row["purpose"], row["state"], row["signal"]
    if signal == "gpc" and state != "granted" and row["signal_value"] not in ("0", "false"):
        purposes = [purpose] if purpose is not None else sorted(policy.consent.sale_purposes)
        return [(name, "objected") for name in purposes]
    if state is None or (signal in _DEVICE_SIGNALS and state == "granted"):
        return [(purpose or ALL, "undecoded")]
    return [(purpose or ALL, state)]


def _asked(row: Row, policy: Policy) -> list[tuple[str, str]]:
    kind, purpose = row["kind"], row["purpose"]
    if row["verified"]:
        return [(purpose or ALL, "objected")] if kind == "objection" else [(ALL, s) for s in _states(kind)]
    sale = sorted(policy.consent.sale_purposes)
    return [(name, "objected") for name in sale if kind == "objection" and purpose in (None, name)]


def _states(kind: str) -> list[str]:
    return [_STANDING[kind]] if kind in _STANDING else []


def _plain(
    row: Row,
    ref: str,
    purpose: str,
    state: str,
    signal: str,
    policy: Policy,
    refs: Refs,
    held: datetime,
    known: datetime,
) -> Entry:
    return Entry(
        event_ref=ref,
        account_ref=refs.account(row["account_id"]),
        profile_ref=refs.profile(row["account_id"], row["profile_id"]),
        device_ref=None,
        scope=_scope(row),
        purpose=purpose,
        state=state,
        basis=_basis(policy, purpose),
        signal=signal,
        effective_at=_time(held),
        recorded_at=_time(known),
        expires_at=None,
        jurisdiction=None,
        notice_version=None,
        covers_history=False,
        evidence_ref=None,
    )


def _scope(row: Row) -> str:
    return "account" if row["profile_id"] is None else "profile"


def _basis(policy: Policy, purpose: str) -> str | None:
    return policy.purposes[purpose].basis.value if purpose in policy.purposes else None


def _time(value: datetime) -> str:
    return value.isoformat(" ", "microseconds")
