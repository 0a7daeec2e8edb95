"""The decision of spec/consent.md in plain Python, one event and purpose at a time: what both engines are held to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from media_privacy_pipeline.consent.entries import Refs
from media_privacy_pipeline.policy import Policy

Row = dict[str, Any]
WORDS = ["", "granted", "stale_notice", "expired", "withdrawn", "denied", "objected", "conflicting", "malformed"]
STRENGTH = {word: strength for strength, word in enumerate(WORDS) if word} | {"not_opted_out": 0}
NEED_CONSENT = ("consent", "legitimate_interest")


class Reference(NamedTuple):
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
        found = next(self._denials(event, u), "")
        return "conflicting_record" if found == "conflicting" else found

    def _denials(self, event: Row, u: str) -> Iterator[str]:
        rule, lists, now = self.policy.purposes[u], self.policy.subjects, self.now
        source, time = ("viewing_events", "started_at") if "started_at" in event else ("search_events", "searched_at")
        who, t = (event["account_id"], event.get("profile_id", "main")), min(event[time], now)
        person = next((a for a in self.accounts if (a["account_id"], a.get("profile_id", "main")) == who), {})
        adult = datetime(person["birth_year"] + lists.minor_age + 1, 1, 1) if person.get("birth_year") else None
        about = [w for w in self.ledger if self._is_about(w, who, event if source == "viewing_events" else {})]
        voices: dict[tuple[str, str], list[Row]] = {}
        for of in self.policy.denied_by(u):
            for w in self._with_overrides(about, of):
                if (said := self._strength(w, of, rule.basis)) is not None:
                    word = w | {"at": w["effective_at"], "said": said, "until": until(w, said, adult)}
                    voices.setdefault((of, w["voice"]), []).append(word)
        own = [w for (of, _), words in voices.items() if of == u for w in words]
        kid, private = person.get("is_kid"), source == "viewing_events" and self._is_private(event)
        title = event.get("title_id", "t1") if source == "viewing_events" else event.get("clicked_title_id")
        erased, hold = any(w["state"] == "erased" for w in about), imposed(about, "held", "hold_lifted")
        rules_1_to_3 = {
            "on_hold" if hold else "erased": erased,
            "restricted": imposed(about, "restricted", "restriction_lifted"),
            "private_session": u in lists.private_sessions_denied_for and private,
            "kids_profile": u in lists.kids_profiles_are_private_for and kid,
            "guest_profile": u in lists.private_sessions_denied_for and who[1] in lists.guest_profiles,
            "minor": u in lists.kids_profiles_are_private_for and adult and t < adult,
            "age_unknown": u in lists.unknown_age_is_minor_for and adult is None,
            "hidden_title": u in lists.hidden_titles_denied_for and (*who, title) in self.hidden,
            "not_permitted": not rule.columns.get(source),
        }
        yield from (reason for reason, denied in rules_1_to_3.items() if denied)
        # 4 and 5: scopes are ANDed; a purpose above is heard when it denies.
        needed = rule.basis == "consent" or (rule.basis == "legitimate_interest" and not rule.notice_given)
        for moment in (t, now):
            states = [(of, self._state(words, moment)) for (of, _), words in voices.items()]
            state = max((s for of, s in states if of == u or s >= 4), default=0)
            if state >= 2:
                yield WORDS[state]
            if state == 0 and needed:
                later = rule.basis == "consent" and any(w["at"] > moment for w in own)
                yield "not_consented_at_event" if later else "unknown"
        # 6
        denials = []
        for words in voices.values():
            covered = max(filter(None, map(self._covers, words)), default=t)
            denials += [(w["at"], w["said"]) for w in words if w["said"] >= 4 and w["at"] >= covered]
        yield from (WORDS[said] for at, said in sorted(denials, reverse=True) if at > t)
        # 7 and 8
        if event[time] < now - timedelta(days=rule.window_of(source)):
            yield "outside_window"
        forms = [w["at"] for w in own if w["signal"] == "vppa" and w["said"] == 1 and w["until"][0] > now]
        days = rule.separate_form_days
        if days is not None and max(forms, default=datetime.min) < now - timedelta(days=days):
            yield "no_disclosure_form"

    def _is_about(self, w: Row, who: tuple[str, str], event: Row) -> bool:
        device = event.get("device_id") and self.refs.device(event["device_id"])
        mine = w["profile_ref"] in (None, self.refs.profile(*who))
        here = w["signal"] == "gpc" or (mine and (w["scope"] != "device" or w["device_ref"] == device))
        return (
            w["account_ref"] == self.refs.account(who[0])
            and here
            and max(w["recorded_at"], w["effective_at"]) <= self.now
        )

    def _with_overrides(self, about: list[Row], purpose: str) -> list[Row]:
        """The words about an event with their voices; a proven yes answers GPC until the next no, where it may."""
        words = [w | {"voice": "gpc" if w["signal"] == "gpc" else w["scope"]} for w in about]
        may = self.policy.signals.confirmed_override
        said = [w for w in self.ledger if may and (w["signal"], w["purpose"]) == ("ui", purpose)]
        for yes in [w for w in said if w in about and w["state"] == "granted" and w["evidence_ref"] is not None]:
            account, at, gpc = yes["account_ref"], yes["effective_at"], ("gpc", purpose)
            nos = [w["effective_at"] for w in said if w["account_ref"] == account and w["state"] in WORDS[4:]]
            no = min((time for time in nos if time >= at), default=datetime.max)
            words = [w for w in words if (w["signal"], w["purpose"]) != gpc or not at <= w["effective_at"] < no]
            answer = yes | {"voice": "gpc", "covers_history": False, "expires_at": None, "state": "not_opted_out"}
            words += [answer] + [answer | {"state": "objected", "effective_at": no}] * (no <= self.now)
        return words

    def _strength(self, w: Row, purpose: str, basis: str) -> int | None:
        everyone = self.policy.purposes[purpose].basis in NEED_CONSENT and w["state"] != "granted"
        if w["purpose"] not in ((purpose, "*") if everyone else (purpose,)):
            return None
        least, said = self.policy.consent.min_notice_version, STRENGTH.get(w["state"])
        if basis not in NEED_CONSENT:
            return said if said in (1, 6) else None
        return 2 if said == 1 and least is not None and (w["notice_version"] or 0) < least else said

    def _state(self, words: list[Row], moment: datetime) -> int:
        begun = [w for w in words if w["at"] <= moment]
        live = [(w["at"], w["said"]) for w in begun if w["until"][0] > moment]
        ended = max((w["until"][1] for w in begun), default=int(any(map(self._covers, words))))
        return max(live)[1] if live else ended

    def _covers(self, w: Row) -> datetime | None:
        accepted = self.policy.consent.accept_history_grants and w["covers_history"]
        return w["at"] if accepted and w["said"] == 1 and w["until"][0] > self.now else None

    def _is_private(self, event: Row) -> bool:
        session = [o for o in self.viewing if o.get("session_id") and o["session_id"] == event.get("session_id")]
        mine = [o for o in (event, *session) if o.get("private_session") and o["account_id"] == event["account_id"]]
        return any(o["started_at"] <= event["started_at"] for o in mine)


def until(w: Row, said: int, adult: datetime | None) -> tuple[datetime, int]:
    """When a word ends, and as what: 3 expired, 0 outgrown (a grant from before its viewer came of age)."""
    grown = adult if said <= 2 and adult and w["effective_at"] < adult else datetime.max
    return (w["expires_at"], 3) if w["expires_at"] and w["expires_at"] <= grown else (grown, 0)


def imposed(about: list[Row], state: str, lifted: str) -> bool:
    """Whether the last word of some scope imposes; what is imposed and lifted at one instant is imposed."""
    rows = [(w["profile_ref"], w["effective_at"], w["state"] == state) for w in about if w["state"] in (state, lifted)]
    return any(max(row[1:] for row in rows if row[0] == scope)[1] for scope in {row[0] for row in rows})
