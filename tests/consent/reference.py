"""The decision of spec/consent.md in plain Python, one event and purpose at a time: what both engines are held to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from media_privacy_pipeline.consent.entries import Refs
from media_privacy_pipeline.policy import Policy

Row = dict[str, Any]
WORDS = ["", "granted", "stale_notice", "expired", "withdrawn", "denied", "objected", "conflicting"]
NEED_CONSENT = ("consent", "legitimate_interest")


@dataclass(frozen=True)
class Reference:
    """Ledger rows, accounts, viewing events, hidden (account, profile, title); under one policy, as of one time."""

    ledger: list[Row]
    accounts: list[Row]
    viewing: list[Row]
    hidden: set[tuple[str, str, str]]
    policy: Policy
    refs: Refs
    now: datetime

    def reason(self, event: Row, u: str) -> str:
        """The first rule that denies an event to a purpose; empty where all allow."""
        return next(self._denials(event, u), "")

    def _denials(self, event: Row, u: str) -> Iterator[str]:
        rule, lists, now = self.policy.purposes[u], self.policy.subjects, self.now
        source, time = ("viewing_events", "started_at") if "started_at" in event else ("search_events", "searched_at")
        who, t = (event["account_id"], event.get("profile_id", "main")), min(event[time], now)
        person = next((a for a in self.accounts if (a["account_id"], a.get("profile_id", "main")) == who), {})
        adult = datetime(person["birth_year"] + lists.minor_age + 1, 1, 1) if person.get("birth_year") else None
        about = [w for w in self.ledger if self._is_about(w, who, event if source == "viewing_events" else {})]
        voices: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for of, w in [(of, w) for of in self.policy.denied_by(u) for w in about]:
            if said := self._strength(w, of, rule.basis):
                voices[of, w["scope"]].append(w | {"said": said, "until": until(w, said, adult)})
        # 1
        if any(w["state"] == "erased" for w in about):
            yield "on_hold" if imposed(about, "held", "hold_lifted") else "erased"
        if imposed(about, "restricted", "restriction_lifted"):
            yield "restricted"
        # 2
        if u in lists.private_sessions_denied_for and source == "viewing_events" and self._is_private(event):
            yield "private_session"
        if u in lists.kids_profiles_are_private_for and (person.get("is_kid") or (adult and t < adult)):
            yield "kids_profile" if person.get("is_kid") else "minor"
        if u in lists.unknown_age_is_minor_for and adult is None:
            yield "age_unknown"
        title = event.get("title_id", "t1") if source == "viewing_events" else event.get("clicked_title_id")
        if u in lists.hidden_titles_denied_for and (*who, title) in self.hidden:
            yield "hidden_title"
        # 3
        if not rule.columns.get(source):
            yield "not_permitted"
        # 4 and 5: scopes are ANDed; a purpose above is heard when it denies.
        own = [w for (of, _), words in voices.items() if of == u for w in words]
        for moment in (t, now):
            states = [(of, self._state(words, moment)) for (of, _), words in voices.items()]
            state = max((s for of, s in states if of == u or s >= 4), default=0)
            if state >= 2:
                yield WORDS[state] + ("_record" if state == 7 else "")
            if state == 0 and (
                rule.basis == "consent" or (rule.basis == "legitimate_interest" and not rule.notice_given)
            ):
                later = rule.basis == "consent" and any(w["effective_at"] > moment for w in own)
                yield "not_consented_at_event" if later else "unknown"
        # 6
        denials = [
            (w["effective_at"], w["said"])
            for words in voices.values()
            for w in words
            if w["said"] >= 4
            and t < w["effective_at"] >= max(filter(None, map(self._covers, words)), default=datetime.min)
        ]
        if denials:
            yield WORDS[max(denials)[1]] + ("_record" if max(denials)[1] == 7 else "")
        # 7
        if event[time] < now - timedelta(days=rule.window_days):
            yield "outside_window"
        # 8
        if rule.separate_form_days is not None:
            oldest = now - timedelta(days=rule.separate_form_days)
            forms = [w for w in own if w["signal"] == "vppa" and w["said"] == 1 and w["until"][0] > now]
            if not any(w["effective_at"] >= oldest for w in forms):
                yield "no_disclosure_form"

    def _is_about(self, w: Row, who: tuple[str, str], event: Row) -> bool:
        device = event.get("device_id") and self.refs.device(event["device_id"])
        return (
            max(w["recorded_at"], w["effective_at"]) <= self.now
            and w["account_ref"] == self.refs.account(who[0])
            and w["profile_ref"] in (None, self.refs.profile(*who))
            and (w["scope"] != "device" or w["device_ref"] == device)
        )

    def _strength(self, w: Row, purpose: str, basis: str) -> int:
        everyone = (
            w["purpose"] == "*" and w["state"] != "granted" and self.policy.purposes[purpose].basis in NEED_CONSENT
        )
        if w["state"] not in WORDS or not (w["purpose"] == purpose or everyone):
            return 0
        least, said = self.policy.consent.min_notice_version, WORDS.index(w["state"])
        if basis not in NEED_CONSENT:
            return said if said in (1, 6) else 0
        return 2 if said == 1 and least is not None and (w["notice_version"] or 0) < least else said

    def _state(self, words: list[Row], moment: datetime) -> int:
        begun = [w for w in words if w["effective_at"] <= moment]
        live = [(w["effective_at"], w["said"]) for w in begun if w["until"][0] > moment]
        if not begun:
            return int(any(map(self._covers, words)))
        return max(live)[1] if live else max(w["until"][1] for w in begun)

    def _covers(self, w: Row) -> datetime | None:
        accepted = self.policy.consent.accept_history_grants and w["covers_history"]
        return w["effective_at"] if accepted and w["said"] == 1 and w["until"][0] > self.now else None

    def _is_private(self, event: Row) -> bool:
        session = [o for o in self.viewing if o.get("session_id") and o["session_id"] == event.get("session_id")]
        mine = [o for o in (event, *session) if o.get("private_session") and o["account_id"] == event["account_id"]]
        return any(o["started_at"] <= event["started_at"] for o in mine)


def until(w: Row, said: int, adult: datetime | None) -> tuple[datetime, int]:
    """When a word ends, and as what: 3 expired, 0 outgrown (a grant from before its viewer came of age)."""
    ends = [(w["expires_at"], 3)] if w["expires_at"] else []
    if said <= 2 and adult is not None and w["effective_at"] < adult:
        ends.append((adult, 0))
    return min(ends, key=lambda end: (end[0], -end[1]), default=(datetime.max, 0))


def imposed(about: list[Row], state: str, lifted: str) -> bool:
    """Whether the last word of some scope imposes; what is imposed and lifted at one instant is imposed."""
    rows = [
        (w["profile_ref"], (w["effective_at"], w["state"] == state)) for w in about if w["state"] in (state, lifted)
    ]
    return any(max(when for of, when in rows if of == scope)[1] for scope in {of for of, _ in rows})
