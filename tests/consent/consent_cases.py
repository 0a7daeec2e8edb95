"""The numbered cases of spec/consent.md that a decision can show: what was said, when the run is, what must come out.

Times are days; purpose P is personalisation. An event is `name: day`; `expect` gives the reason for (event, purpose),
empty where the event is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from consent_policy import LENIENT, STRICT
from consent_world import World, t

P = "personalisation"
Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One case: everything in it belongs to an account of its own."""

    name: str
    said: list[Row]
    events: dict[str, float | Row]
    expect: dict[int, dict[tuple[str, str], str]]
    policy: dict[str, Any] = field(default_factory=lambda: STRICT)
    requests: list[Row] = field(default_factory=list)
    conflicts: list[Row] = field(default_factory=list)
    malformed: list[Row] = field(default_factory=list)
    accounts: list[Row] = field(default_factory=lambda: [{"birth_year": 1980}])

    @property
    def account(self) -> str:
        """Its account_id."""
        return f"account of {self.name}"

    def event_id(self, event: str) -> str:
        """The event_id of one of its events."""
        return f"{self.name} {event}"


def said(state: str, day: float, purpose: str = P, recorded: float | None = None, **more: Any) -> Row:
    """A consent event effective on a day, recorded on the same unless said otherwise."""
    times = {"effective_at": t(day), "recorded_at": t(day if recorded is None else recorded)}
    return {"state": state, "purpose": purpose, **times, **more}


def signalled(signal: str, value: str, day: float, **more: Any) -> Row:
    """A signal that names no purpose."""
    return {"signal": signal, "signal_value": value, "effective_at": t(day), "recorded_at": t(day), **more}


def asked(kind: str, day: float, **more: Any) -> Row:
    """A verified request received on a day."""
    return {"kind": kind, "received_at": t(day), **more}


def at(day: float, **more: Any) -> Row:
    """An event with more than a day to it."""
    return {"started_at": t(day), **more}


def only(reason: str, event: str = "e", purpose: str = P, run: int = 10) -> dict[int, dict[tuple[str, str], str]]:
    """One event, one purpose, one run."""
    return {run: {(event, purpose): reason}}


FOR_TWO = ("personalisation", "context", "training", "advertising", "disclosure")
ALL_FIVE = [said("granted", 0, purpose, signal="vppa" if purpose == "disclosure" else "ui") for purpose in FOR_TWO]
ADULT = {"birth_year": 1980}

CASES = [
    Case("01 grant before event", [said("granted", 0)], {"e": 5}, only("")),
    Case("02 no ledger row", [], {"e": 5}, only("unknown")),
    Case("03 grant after event", [said("granted", 6)], {"e": 5}, only("not_consented_at_event")),
    Case("04 history grant refused by policy", [said("granted", 6, covers_history=True)], {"e": 5},
         only("not_consented_at_event")),
    Case("04 history grant accepted by policy", [said("granted", 6, covers_history=True, notice_version=2)], {"e": 5},
         only(""), LENIENT),
    Case("05 withdrawn after event", [said("granted", 0), said("withdrawn", 8)], {"e": 5},
         {7: {("e", P): ""}, 10: {("e", P): "withdrawn"}}),  # the run of day 7 is case 6
    Case("07 granted again", [said("granted", 0), said("withdrawn", 4), said("granted", 6)],
         {"e2": 2, "e5": 5, "e7": 7},
         {10: {("e2", P): "withdrawn", ("e5", P): "withdrawn", ("e7", P): ""}}),
    Case("07 granted again with history",
         [said("granted", 0, notice_version=2), said("withdrawn", 4),
          said("granted", 6, covers_history=True, notice_version=2)],
         {"e2": 2, "e5": 5, "e7": 7}, {10: {("e2", P): "", ("e5", P): "withdrawn", ("e7", P): ""}}, LENIENT),
    Case("08 grant recorded late", [said("granted", 0, recorded=9)], {"e": 5},
         {7: {("e", P): "unknown"}, 10: {("e", P): ""}}),
    Case("09 withdrawal recorded late", [said("granted", 0), said("withdrawn", 3, recorded=9)], {"e": 5},
         {7: {("e", P): ""}, 10: {("e", P): "withdrawn"}}),
    Case("11 grant and withdrawal at one instant", [said("granted", 3), said("withdrawn", 3)], {"e": 5},
         only("withdrawn")),
    Case("13 conflicting record", [said("granted", 0)], {"e": 5}, only("conflicting_record"),
         conflicts=[{"purpose": P, "recorded_at": t(3)}]),
    Case("13 conflict settled by a later choice", [said("granted", 0), said("granted", 6)], {"e5": 5, "e7": 7},
         {10: {("e5", P): "conflicting_record", ("e7", P): ""}}, conflicts=[{"purpose": P, "recorded_at": t(3)}]),
    Case("14 grant from the future", [said("granted", 20, recorded=1)], {"e": 5}, only("unknown")),
    Case("14 withdrawal from the future", [said("granted", 0), said("withdrawn", 20, recorded=1)], {"e": 5}, only("")),
    Case("15 event at the withdrawal and at the grant", [said("granted", 2), said("withdrawn", 6), said("granted", 8)],
         {"at withdrawal": 6, "at grant": 8}, {10: {("at withdrawal", P): "withdrawn", ("at grant", P): ""}}),
    Case("17 expired at the event", [said("granted", 0, expires_at=t(4))], {"e": 5}, only("expired")),
    Case("17 expired at the run", [said("granted", 0, expires_at=t(9))], {"e": 5},
         {7: {("e", P): ""}, 10: {("e", P): "expired"}}),
    Case("17 expired exactly at the event", [said("granted", 0, expires_at=t(5))], {"e": 5}, only("expired")),
    Case("18 stale notice", [said("granted", 0, notice_version=1)], {"e": 5}, only("stale_notice"), LENIENT),
    Case("18 unknown notice", [said("granted", 0)], {"e": 5}, only("stale_notice"), LENIENT),
    Case("18 current notice", [said("granted", 0, notice_version=2)], {"e": 5}, only(""), LENIENT),
    Case("25 a state without its string is no grant", [said("granted", 0, signal="tcf")], {"e": 5}, only("unknown")),
    Case("31 objection to a legitimate interest", [said("objected", 4, "noticed")], {"e2": 2},
         only("objected", "e2", "noticed")),
    Case("31 legitimate interest with and without notice", [], {"e": 5},
         {10: {("e", "noticed"): "", ("e", "unnoticed"): "unknown"}}),
    Case("31 objection by request to everything", [said("granted", 0)], {"e": 5},
         {10: {("e", P): "objected", ("e", "noticed"): "objected", ("e", "service"): ""}},
         requests=[asked("objection", 7)]),
    Case("32 account granted, profile denied", [said("granted", 0), said("denied", 1, profile_id="main")],
         {"e": 5, "sibling": at(5, profile_id="b")}, {10: {("e", P): "denied", ("sibling", P): ""}}),
    Case("32 account denied, profile granted", [said("denied", 0), said("granted", 1, profile_id="main")], {"e": 5},
         only("denied")),
    Case("33 kids profile", [*ALL_FIVE, said("granted", 0, "analytics")], {"e": at(5, profile_id="kid")},
         {10: {**{("e", u): "kids_profile" for u in FOR_TWO}, ("e", "analytics"): ""}},
         accounts=[ADULT, {"profile_id": "kid", "is_kid": True, "birth_year": 2018}]),
    Case("34 age unknown", ALL_FIVE, {"e": 5},
         {10: {("e", "advertising"): "age_unknown", ("e", "disclosure"): "age_unknown", ("e", P): "",
               ("e", "training"): ""}},
         accounts=[]),
    # Born in 2009: 16 some time in 2025, hence surely of age from 2026-01-01, 59 days before day 0.
    Case("35 parent's consent ends with childhood",
         [said("granted", -200, u, signal="parent") for u in (P, "analytics")],
         {"child": -100, "grown": 5},
         {10: {("child", P): "minor", ("child", "analytics"): "unknown", ("grown", P): "unknown",
               ("grown", "analytics"): "unknown"}},
         accounts=[{"birth_year": 2009}]),
    Case("35 own choice after childhood", [said("granted", -200), said("granted", 1), said("granted", 1, "training")],
         {"child": -100, "grown": 5},
         {10: {("child", P): "minor", ("child", "training"): "minor", ("grown", P): "", ("grown", "training"): ""}},
         accounts=[{"birth_year": 2009}]),
    Case("37 session starts private, ends open", [said("granted", 0), said("granted", 0, "analytics")],
         {"start": at(5, session_id="s", private_session=True), "end": at(5.1, session_id="s"),
          "other": at(5.1, session_id="o"), "none": at(5.1)},
         {10: {("start", P): "private_session", ("end", P): "private_session", ("end", "analytics"): "",
               ("other", P): "", ("none", P): ""}}),
    Case("38 hidden title", [*ALL_FIVE, said("granted", 0, "analytics")],
         {"e": at(5, title_id="hidden"), "shown": 5, "sibling": at(5, title_id="hidden", profile_id="b")},
         {10: {("e", P): "hidden_title", ("e", "context"): "hidden_title", ("e", "training"): "hidden_title",
               ("e", "advertising"): "", ("e", "analytics"): "", ("shown", P): "", ("sibling", P): ""}},
         requests=[asked("hide_title", 8, title_id="hidden", profile_id="main")]),
    Case("40 purpose unknown to the policy", [said("granted", 0, "mind_reading")], {"e": 5}, only("unknown")),
    Case("41 grant for P only", [said("granted", 0)], {"e": 5}, {10: {("e", P): "", ("e", "training"): "unknown"}}),
    Case("41 context inherits a denial and no grant", [said("denied", 0), said("granted", 0, "context")], {"e": 5},
         {10: {("e", "context"): "denied"}}),
    Case("41 context needs its own grant", [said("granted", 0)], {"e": 5}, {10: {("e", "context"): "unknown"}}),
    Case("42 window", [said("granted", -400, "noticed")], {"d90": -80, "d91": -81},
         {10: {("d90", "noticed"): "", ("d91", "noticed"): "outside_window"}}),
    Case("43 disclosure form of 23 months", [said("granted", -690, "disclosure", signal="vppa")], {"e": 5},
         only("", purpose="disclosure")),
    Case("43 disclosure form of 25 months", [said("granted", -750, "disclosure", signal="vppa")], {"e": 5},
         only("no_disclosure_form", purpose="disclosure")),
    Case("43 disclosure without a form", [said("granted", 0, "disclosure")], {"e": 5},
         only("no_disclosure_form", purpose="disclosure")),
    Case("47 legal hold and erasure", [said("granted", 0)], {"e": 5},
         {7: {("e", P): "on_hold"}, 10: {("e", P): "erased"}},
         requests=[asked("legal_hold", 1), asked("erasure", 2), asked("lift_hold", 8)]),
    Case("47 legal hold alone", [said("granted", 0)], {"e": 5}, only(""), requests=[asked("legal_hold", 1)]),
    Case("48 restriction, then lifted", [said("granted", 0)], {"e": 5},
         {7: {("e", P): "restricted"}, 10: {("e", P): ""}},
         requests=[asked("restriction", 6), asked("lift_restriction", 8)]),
    Case("48 restriction of one profile", [said("granted", 0)], {"e": 5, "sibling": at(5, profile_id="b")},
         {10: {("e", P): "restricted", ("sibling", P): ""}}, requests=[asked("restriction", 6, profile_id="main")]),
    Case("49 erased", [said("granted", 0), said("granted", 0, "analytics")], {"e": 5},
         {7: {("e", P): ""}, 10: {("e", P): "erased", ("e", "analytics"): "erased", ("e", "service"): "erased"}},
         requests=[asked("erasure", 8)]),
    Case("56 unverified erasure and restriction", [said("granted", 0)], {"e": 5}, only(""),
         requests=[asked("erasure", 6, verified=False), asked("restriction", 6, verified=False)]),
    Case("56 unverified objection ends sale only", [*ALL_FIVE], {"e": 5},
         {10: {("e", "advertising"): "objected", ("e", "disclosure"): "objected", ("e", P): "", ("e", "noticed"): ""}},
         requests=[asked("objection", 6, verified=False)]),
]  # fmt: skip


def world_of(cases: list[Case]) -> World:
    """All the cases side by side: each has an account of its own."""
    world = World()
    for case in cases:
        mine = {"account_id": case.account}
        world.accounts += [mine | row for row in case.accounts]
        for event, when in case.events.items():
            row = when if isinstance(when, dict) else at(when)
            world.viewing_events.append({"event_id": case.event_id(event)} | mine | row)
        for n, row in enumerate(case.said):
            world.consent_events.append({"consent_event_id": f"{case.name} {n}"} | mine | row)
        for n, row in enumerate(case.requests):
            world.subject_requests.append({"request_id": f"{case.name} {n}"} | mine | row)
        for n, row in enumerate(case.conflicts):
            world.conflicts.append({"consent_event_id": f"{case.name} disputed {n}"} | mine | row)
        for n, row in enumerate(case.malformed):
            times = {"recorded_at": row["effective_at"]}
            world.malformed.append({"consent_event_id": f"{case.name} broken {n}"} | mine | times | row)
    return world
