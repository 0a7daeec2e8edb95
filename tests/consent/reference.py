"""The decision of spec/consent.md in plain Python, one event and purpose at a time: what both engines are held to."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from media_privacy_pipeline.consent.entries import Refs
from media_privacy_pipeline.policy import Policy

Row = dict[str, Any]
WORDS = ["", "granted", "stale_notice", "expired", "withdrawn", "denied", "objected", "conflicting"]
NEED_CONSENT = ("consent", "legitimate_interest")


class Reference:
    """Ledger rows (as `ConsentLedger.rows` gives them), accounts and hidden titles, under one policy, as of one time."""

    def __init__(
        self, ledger: list[Row], accounts: list[Row], hidden: set[tuple[str, ...]], policy: Policy, refs: Refs
    ):
        self.ledger, self.hidden, self.policy, self.refs = ledger, hidden, policy, refs
        self.people = {(a["account_id"], a.get("profile_id", "main")): a for a in accounts}

    def reason(self, event: Row, others: list[Row], u: str, now: datetime) -> str:
        rule, lists, viewing = self.policy.purposes[u], self.policy.subjects, "started_at" in event
        who, at = (
            (event["account_id"], event.get("profile_id", "main")),
            event["started_at" if viewing else "searched_at"],
        )
        t = min(at, now)
        heard = [
            w for w in self.ledger if max(w["recorded_at"], w["effective_at"]) <= now and self._about(w, who, event)
        ]
        # 1. Erased, held or restricted.
        if any(w["state"] == "erased" for w in heard):
            return "on_hold" if imposed(heard, "held", "hold_lifted") else "erased"
        if imposed(heard, "restricted", "restriction_lifted"):
            return "restricted"
        # 2. Private, a kid's, a minor's, of unknown age, or of a title that the viewer hid.
        if u in lists.private_sessions_denied_for and viewing and is_private(event, others):
            return "private_session"
        person = self.people.get(who, {})
        adult = datetime(person["birth_year"] + lists.minor_age + 1, 1, 1) if person.get("birth_year") else None
        if u in lists.kids_profiles_are_private_for and (person.get("is_kid") or (adult and t < adult)):
            return "kids_profile" if person.get("is_kid") else "minor"
        if u in lists.unknown_age_is_minor_for and adult is None:
            return "age_unknown"
        title = event.get("title_id", "t1") if viewing else event.get("clicked_title_id")
        if u in lists.hidden_titles_denied_for and (*who, title) in self.hidden:
            return "hidden_title"
        # 3. Minimisation.
        if not rule.columns.get("viewing_events" if viewing else "search_events"):
            return "not_permitted"
        # 4 and 5. What was said by the time of the event, and by now: scopes are ANDed, a parent is heard when it denies.
        voices: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for of in self.policy.denied_by(u):
            for w in heard:
                if said := self._strength(w, of, rule.basis):
                    voices[of, w["scope"]].append({**w, "said": said})
        needs = rule.basis == "consent" or (rule.basis == "legitimate_interest" and not rule.notice_given)
        for moment in (t, now):
            states = [(of == u, self._state(words, adult, moment, now)) for (of, _), words in voices.items()]
            state = max((s for own, s in states if own or s >= 4), default=0)
            if state >= 2:
                return WORDS[state] + ("_record" if state == 7 else "")
            if state == 0 and needs:
                own = [w for (of, _), words in voices.items() for w in words if of == u and w["effective_at"] > moment]
                return "not_consented_at_event" if own and rule.basis == "consent" else "unknown"
        # 6. A denial since, unless a later grant covers it.
        denials = []
        for words in voices.values():
            grants = [w["effective_at"] for w in words if self._covers(w, adult, now)]
            covered = max(grants, default=datetime.min)
            denials += [
                (w["effective_at"], w["said"]) for w in words if w["said"] >= 4 and t < w["effective_at"] >= covered
            ]
        if denials:
            return WORDS[max(denials)[1]] + ("_record" if max(denials)[1] == 7 else "")
        # 7. The window. 8. A form of its own.
        if at < now - timedelta(days=rule.window_days):
            return "outside_window"
        if rule.separate_form_days is not None:
            own = [w for (of, _), words in voices.items() for w in words if of == u and w["signal"] == "vppa"]
            times = [w["effective_at"] for w in own if w["said"] == 1 and lives(w, adult, now)]
            if not times or max(times) < now - timedelta(days=rule.separate_form_days):
                return "no_disclosure_form"
        return ""

    def _about(self, w: Row, who: tuple[str, str], event: Row) -> bool:
        device = w["scope"] != "device" or (
            event.get("device_id") and w["device_ref"] == self.refs.device(event["device_id"])
        )
        return bool(
            w["account_ref"] == self.refs.account(who[0])
            and w["profile_ref"] in (None, self.refs.profile(*who))
            and device
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

    def _covers(self, w: Row, adult: datetime | None, now: datetime) -> bool:
        return (
            self.policy.consent.accept_history_grants
            and w["covers_history"]
            and w["said"] == 1
            and lives(w, adult, now)
        )

    def _state(self, words: list[Row], adult: datetime | None, moment: datetime, now: datetime) -> int:
        begun = [w for w in words if w["effective_at"] <= moment]
        if not begun:
            return int(any(self._covers(w, adult, now) for w in words))
        live = [(w["effective_at"], w["said"]) for w in begun if lives(w, adult, moment)]
        return max(live)[1] if live else 3 if any(w["expires_at"] and w["expires_at"] <= moment for w in begun) else 0


def lives(w: Row, adult: datetime | None, moment: datetime) -> bool:
    """Whether a word holds at a moment: not expired, and no grant from a childhood that is over."""
    outgrown = w["said"] <= 2 and adult is not None and w["effective_at"] < adult <= moment
    return not outgrown and (w["expires_at"] is None or w["expires_at"] > moment)


def imposed(heard: list[Row], state: str, lifted: str) -> bool:
    """Whether the last word of some scope imposes; what is imposed and lifted at one instant is imposed."""
    rows = [
        (w["profile_ref"], (w["effective_at"], w["state"] == state)) for w in heard if w["state"] in (state, lifted)
    ]
    return any(max(when for of, when in rows if of == scope)[1] for scope in {of for of, _ in rows})


def is_private(event: Row, others: list[Row]) -> bool:
    """Whether an event, or an earlier one of its session, is private."""
    same = [o for o in others if event.get("session_id") and o.get("session_id") == event["session_id"]]
    return any(
        o.get("private_session") and o["account_id"] == event["account_id"] and o["started_at"] <= event["started_at"]
        for o in [event, *same]
    )
