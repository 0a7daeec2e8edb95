"""The privacy dashboard: a static page for the viewer who asked, and a preference file for each choice.

Source: GDPR 12, 13 and 15.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ...consent.asking import stands
from ...consent.reasons import REASONS
from ...engines import Session
from ...keeping import EVENT_TIMES
from ...reports.person import person_page
from ..private import check_outside, write_folder
from .answer import Answer, gather
from .asked import verified_request
from .benefit import Benefit, benefits
from .choices import GRANT_AFTER, Choice, Viewer, choices
from .people import person_of
from .words import ANSWERS, BASES, TABLES, WHY

_RECOMMENDED = 10


@dataclass(frozen=True)
class PurposeTold:
    """One purpose in words: what it is, how it stands, what it uses of the person and until when, and what it gives."""

    name: str
    title: str
    basis: str
    answer: str
    allowed: bool
    sees: tuple[str, ...]
    used: int
    events: int
    withheld: tuple[tuple[str, int], ...]
    window_days: int
    oldest_until: datetime | None
    newest_until: datetime | None
    benefit: Benefit | None
    choices: tuple[Choice, ...]

    @property
    def share(self) -> float:
        """Part of the events that it uses, in percent."""
        return 100 * self.used / self.events if self.events else 0.0


@dataclass(frozen=True)
class HeldTold:
    """One kind of rows in words; `why` are the titles of the purposes that may see it, `until` the day on which that
    ends, where one is set, after the words `ends`."""

    title: str
    says: str
    rows: int
    first: datetime | None
    last: datetime | None
    why: tuple[str, ...]
    until: datetime | None
    ends: str


@dataclass(frozen=True)
class Shown:
    """What was written."""

    out: Path
    purposes: int
    choices: int


def dashboard(session: Session, account_id: str, profile_id: str, request_id: str, out: Path, as_of: datetime) -> Shown:
    """Write OUT/index.html and OUT/preferences/*.jsonl, readable by their owner alone, all of them or none.

    Raises Refused without a verified request of this person, and UsageError for a place that cannot be written to.
    """
    check_outside(session.settings, out)
    request = verified_request(session, request_id, account_id, profile_id)
    answer = gather(session, person_of(session, account_id, profile_id), as_of)
    viewer = _viewer(answer, account_id, profile_id)
    offered = choices(session, viewer, as_of)
    purposes = _purposes(session, answer, offered)
    recommended = answer.table("recommendations_explained").rows.to_pylist()
    page = person_page(
        "dashboard.html.j2",
        request=request,
        as_of=as_of,
        viewer=viewer,
        held=_held(session, answer),
        purposes=purposes,
        segment=next(iter(answer.table("segments").rows.to_pylist()), None),
        recommended=recommended[:_RECOMMENDED],
        more=max(0, len(recommended) - _RECOMMENDED),
        recipients=answer.table("release_readers").rows.to_pylist(),
        others=[held for held in answer.of_kind("recipients") if held.name != "release_readers"],
        grant_by=as_of + GRANT_AFTER,
        offered=offered,
    )
    write_folder(out, {"index.html": page, **{choice.path: choice.text for choice in offered}})
    return Shown(out, len(purposes), len(offered))


def _viewer(answer: Answer, account_id: str, profile_id: str) -> Viewer:
    known = next((row for row in answer.table("subjects").rows.to_pylist() if row["profile_id"] == profile_id), None)
    if known is None:
        return Viewer(account_id, profile_id, "unknown", is_kid=False)
    return Viewer(account_id, profile_id, known["age_class"], known["is_kid"])


def _purposes(session: Session, answer: Answer, offered: list[Choice]) -> list[PurposeTold]:
    person, policy = answer.person, session.policy
    now = stands(session, person.account_id, answer.as_of).get(str(person.profile_id), {})
    decided: dict[str, Counter[str]] = {name: Counter() for name in policy.purposes}
    for row in answer.table("decisions").rows.to_pylist():
        decided[row["purpose"]][row["reason"]] += 1
    given = benefits(session)
    told = []
    for name, purpose in policy.purposes.items():
        spans = [row for row in answer.table("windows").rows.to_pylist() if row["purpose"] == name]
        reason, counts = now.get(name, "unknown"), decided[name]
        told.append(
            PurposeTold(
                name,
                purpose.title,
                BASES[purpose.basis.value],
                ANSWERS[reason],
                not reason,
                tuple(TABLES[table][0].lower() for table, columns in purpose.columns.items() if columns),
                counts[""],
                counts.total(),
                tuple((REASONS[why], rows) for why, rows in counts.most_common() if why),
                purpose.window_days,
                min((row["oldest_until"] for row in spans), default=None),
                max((row["newest_until"] for row in spans), default=None),
                given.get(name),
                tuple(choice for choice in offered if choice.purpose == name),
            )
        )
    return told


def _held(session: Session, answer: Answer) -> list[HeldTold]:
    times = {
        "viewing_events": "started_at",
        "search_events": "searched_at",
        "accounts": None,
        "consent_events": "recorded_at",
        "subject_requests": "received_at",
        "refused": "arrival_day",
    }
    told = []
    for name, time in times.items():
        rows = answer.table(name).rows.to_pylist()
        at = sorted(row[time] for row in rows) if time is not None else []
        until, ends = None, ""
        if name in EVENT_TIMES and at:
            until = at[-1] + timedelta(days=session.policy.kept_days(name) + 1)
            ends = "Each entry is destroyed in turn, the newest by"
        elif name == "refused" and at:
            until = at[-1] + timedelta(days=session.policy.landing.quarantine_days + 1)
            ends = "The last of them are destroyed on"
        title, says = TABLES[name]
        why = tuple(purpose.title for purpose in session.policy.purposes.values() if purpose.columns.get(name))
        why = why or ((WHY[name],) if name in WHY else ())
        told.append(HeldTold(title, says, len(rows), _first(at), _last(at), why, until, ends))
    return told


def _first(times: list[Any]) -> datetime | None:
    return times[0] if times else None


def _last(times: list[Any]) -> datetime | None:
    return times[-1] if times else None
