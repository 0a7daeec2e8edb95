"""Preference files: each one choice of one viewer, in the very form that the landing zone takes as consent_events.

A no holds from the time that the page tells of; a yes only some days later, so that it cannot cover what was watched
before it was given: the viewer hands it in by then, or asks for a fresh page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ...engines import Session
from ...keys import pseudonym
from ...landing.zone import json_line
from ...policy import Basis, Purpose

GRANT_AFTER = timedelta(days=7)
"""From when on a yes holds, counted from the page's time; until then it can be handed in."""

_WRITTEN_AFTER = timedelta(seconds=1)
"""A choice is written down after the time that the page tells of: a run as of that very time never hears of it."""


@dataclass(frozen=True)
class Viewer:
    """Who chooses. `age` is adult, minor or unknown."""

    account_id: str
    profile_id: str
    age: str
    is_kid: bool


@dataclass(frozen=True)
class Choice:
    """One file: its path beside the page, what it says of which purpose, from when on (naive UTC), and its text."""

    path: str
    purpose: str
    state: str
    holds_from: datetime
    text: str


def choices(session: Session, viewer: Viewer, as_of: datetime) -> list[Choice]:
    """What the viewer can say of each purpose, in the policy's order; nothing for a purpose that rests on a contract or
    a law. The same page made twice has the same files, byte by byte, so that handing both in says it once."""
    made = []
    for name, purpose in session.policy.purposes.items():
        for state in _states(session, viewer, name, purpose):
            holds_from = as_of + GRANT_AFTER if state == "granted" else as_of
            text = json_line(_event(session, viewer, name, state, holds_from, as_of))
            made.append(Choice(f"preferences/{name}-{_WORDS[state]}.jsonl", name, state, holds_from, text))
    return made


_WORDS = {"granted": "yes", "withdrawn": "no", "objected": "no"}


def _states(session: Session, viewer: Viewer, name: str, purpose: Purpose) -> list[str]:
    if purpose.basis is Basis.legitimate_interest:
        return ["objected"]
    if purpose.basis is not Basis.consent:
        return []
    return ["withdrawn", "granted"] if _may_grant(session, viewer, name, purpose) else ["withdrawn"]


def _may_grant(session: Session, viewer: Viewer, name: str, purpose: Purpose) -> bool:
    """Not where a child would have to be spoken for by a parent, nor where the law asks for a form of its own."""
    child = viewer.is_kid or viewer.age == "minor"
    unsure = viewer.age == "unknown" and name in session.policy.subjects.unknown_age_is_minor_for
    return not child and not unsure and purpose.separate_form_days is None


def _event(
    session: Session, viewer: Viewer, purpose: str, state: str, holds_from: datetime, as_of: datetime
) -> dict[str, object]:
    identity = (viewer.account_id, viewer.profile_id, purpose, state, as_of.isoformat())
    return {
        "consent_event_id": "choice-" + pseudonym(session.keyring.derive("choices"), *identity),
        "account_id": viewer.account_id,
        "profile_id": viewer.profile_id,
        "purpose": purpose,
        "state": state,
        "signal": "ui",
        "effective_at": f"{holds_from.isoformat()}Z",
        "recorded_at": f"{(as_of + _WRITTEN_AFTER).isoformat()}Z",
        "notice_version": session.policy.consent.min_notice_version,
        "evidence_ref": f"privacy dashboard of {as_of.date()}",
    }
