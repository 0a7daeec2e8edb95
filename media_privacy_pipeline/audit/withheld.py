"""Whose viewing is not to be counted: planted people go from the door to what is permitted, in a home of their own.

Each is planted to be counted, or not to be: by their consent, an erasure, a private session or a guest profile. What is
looked at is what `analytics` may use after the real steps of landing and consent ran. Exact.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import pyarrow.parquet as pq

from ..consent import steps as consent
from ..engines import Session, Span
from ..landing import steps as door
from ..landing.sources import SOURCES
from ..settings import ELSEWHERE
from ..sql.permitted import permitted_name
from .finding import Finding, exact

PURPOSE = "analytics"
_SEEN = permitted_name(PURPOSE, "viewing_events")
_DAY = date(2026, 3, 2)
_DAYS = 2
_LONG_AGO = datetime(2026, 1, 1)

Night: TypeAlias = Callable[[Session, Span], None]
"""The steps from the door to what is permitted; `honest_night`, but for mutants."""


@dataclass(frozen=True)
class _Planted:
    """One account. `said` is what it answered to every purpose, None: it never did."""

    counted: bool
    said: str | None = "granted"
    profile: str = "main"
    private: bool = False
    erased: bool = False


def honest_night(session: Session, span: Span) -> None:
    """Landing and consent, as the steps of a run."""
    for source in SOURCES:
        door.accept(session, span, source)
    for step in (consent.update_ledger, consent.identify, consent.timeline):
        step(session, span)
    consent.permit(session, span, PURPOSE)


def check_withheld(session: Session, night: Night = honest_night) -> list[Finding]:
    """How many planted accounts are counted though they must not be, or are not though they agreed.

    Of the session, policy, SQL and engine are used, and nothing of its home: the planted people, their keys and both
    ledgers are in a folder that goes away. A policy under which nobody counts viewing has nothing to check.
    """
    if _SEEN not in session.project.contracts:
        return []
    span = Span.of(_DAY, _DAY + timedelta(days=_DAYS - 1))
    planted = dict(_planted(session))
    session.settings.work.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=session.settings.work) as folder:
        own = world_of(session, Path(folder))
        _land(own, planted)
        night(own, span)
        keys = dict(zip(own.keyring.account_keys(PURPOSE, list(planted)), planted, strict=True))
        files = own.lake.files(_SEEN)
        seen = {keys.get(key) for file in files for key in pq.read_table(file)["account_key"].to_pylist()}
    wrong = sum((name in seen) != each.counted for name, each in planted.items()) + (None in seen)
    return [exact("withheld", PURPOSE, float(wrong), 0.0)]


def world_of(session: Session, folder: Path) -> Session:
    """A home in `folder` under the same policy, SQL and engine: its lake, keys and ledgers are its own."""
    apart: dict[str, Any] = {**dict.fromkeys(ELSEWHERE), "keys": folder / "keys"}
    apart |= {"landing": folder / "landing", "home": folder / "home"}
    made = Session(session.settings.model_copy(update=apart))
    made.__dict__.update(policy=session.policy, project=session.project, engine=session.engine)
    return made


def _planted(session: Session) -> Iterator[tuple[str, _Planted]]:
    """By account_id. What depends on the policy is planted as the policy has it."""
    subjects = session.policy.subjects
    private = PURPOSE not in subjects.private_sessions_denied_for
    needed = session.policy.purposes[PURPOSE].basis == "consent"
    yield "audit-agreed", _Planted(counted=True)
    yield "audit-denied", _Planted(counted=False, said="denied")
    yield "audit-silent", _Planted(counted=not needed, said=None)
    yield "audit-erased", _Planted(counted=False, erased=True)
    yield "audit-private", _Planted(counted=private, private=True)
    for guest in subjects.guest_profiles[:1]:
        yield "audit-guest", _Planted(counted=private, profile=guest)


def _land(own: Session, planted: dict[str, _Planted]) -> None:
    """Write the landing zone: everybody watches something on the first day, the erased asked on the second."""
    policy = own.policy
    notice = {} if policy.consent.min_notice_version is None else {"notice_version": policy.consent.min_notice_version}
    said = {"signal": "ui", "evidence_ref": "form:1", "covers_history": True, **notice}
    said |= {"effective_at": _at(_LONG_AGO), "recorded_at": _at(_LONG_AGO)}
    watched, asked, chosen, people = [], [], [], []
    for number, (account, each) in enumerate(planted.items()):
        ids = {"account_id": account, "profile_id": each.profile}
        people.append({**ids, "birth_year": 1970, "is_kid": False, "country": "DE", "signup_at": _at(_LONG_AGO)})
        started = datetime(_DAY.year, _DAY.month, _DAY.day, 12)
        shown = {"event_id": f"audit-event-{number}", "session_id": f"audit-session-{number}", "watched_seconds": 900}
        shown |= {"title_id": "audit-title", "started_at": _at(started), "device_type": "tv", "country": "DE"}
        watched.append({**ids, **shown, "referrer": "search", "private_session": each.private})
        if each.said is not None:
            for purpose in policy.purposes:
                event = f"audit-choice-{number}-{purpose}"
                answer = {"consent_event_id": event, "account_id": account, "purpose": purpose, "state": each.said}
                chosen.append({**answer, **said})
        if each.erased:
            request = {"request_id": f"audit-request-{number}", "account_id": account, "kind": "erasure"}
            asked.append({**request, "received_at": _at(started + timedelta(days=1)), "verified": True})
    on_second = f"day={_DAY + timedelta(days=1)}"
    _drop(own, "titles/1.jsonl", [{"title_id": "audit-title", "title": "Audit", "sensitive": False}])
    _drop(own, "accounts/1.jsonl", people)
    _drop(own, f"consent_events/day={_DAY}/1.jsonl", chosen)
    _drop(own, f"viewing_events/day={_DAY}/1.jsonl", watched)
    _drop(own, f"subject_requests/{on_second}/1.jsonl", asked)
    for source in ("search_events", "subject_requests"):
        _drop(own, f"{source}/day={_DAY}/1.jsonl", [])
    for source in ("search_events", "consent_events", "viewing_events"):
        _drop(own, f"{source}/{on_second}/1.jsonl", [])


def _drop(own: Session, place: str, rows: list[dict[str, Any]]) -> None:
    path = own.settings.landing / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def _at(moment: datetime) -> str:
    return f"{moment.isoformat()}Z"
