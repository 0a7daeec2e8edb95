"""Consent events of the whole period: what households said at sign-up, changed later, or never said, by each signal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .ids import hexadecimal, mixed
from .population import PLACES
from .strings import tcf, usnat
from .viewing import Rows, sends_gpc
from .world import World

CONSENT = np.dtype(
    [
        ("number", "u8"),
        ("home", "i4"),
        ("viewer", "i4"),  # negative: the whole account
        ("device", "i1"),  # negative: none
        ("purpose", "i1"),  # negative: the string says
        ("text", "i1"),  # into STRINGS; negative: none
        ("state", "i1"),  # negative: the string says
        ("signal", "i1"),
        ("effective", "i8"),
        ("recorded", "i8"),
        ("expires", "i8"),  # 0: never
        ("notice", "i1"),
        ("history", "?"),
        ("evidence", "?"),
    ]
)
STATES = ("granted", "denied", "withdrawn", "objected")
SIGNALS = ("ui", "tcf", "gpp", "gpc", "vppa", "parent", "agent", "import")
PURPOSES = ("analytics", "personalisation", "context", "training", "fairness_audit", "advertising", "disclosure")
_ASKED = ("analytics", "personalisation", "context", "training", "fairness_audit")
ANSWERS = ("never", "all", "no_training", "analytics_only", "none", "tcf", "gpp")
_ANSWER_SHARE = (0.08, 0.76, 0.04, 0.03, 0.05, 0.03, 0.01)
_GRANTED = {
    "all": _ASKED,
    "no_training": ("analytics", "personalisation", "context"),
    "analytics_only": ("analytics",),
    "none": (),
}
_IMPORTED_SHARE = 0.1
_SALT = 23_000_009
_DAY = 86_400
_YEAR = 365 * _DAY
# One moment for all strings: a handful of distinct ones, as a decoder meets them.
_STRINGS_MADE = 1_767_225_600  # 2026-01-01
STRINGS = (
    tcf(_STRINGS_MADE, (1, 5, 6, 8, 9, 10), vendors=True),
    tcf(_STRINGS_MADE, (1, 8, 9), vendors=True),
    tcf(_STRINGS_MADE, (), vendors=False),
    usnat(opted_out=True, gpc=True),
    usnat(opted_out=False, gpc=False),
)


def plan(world: World) -> tuple[World, Rows, npt.NDArray[np.int8]]:
    """The world with its consent strings, all consent events by the time they were recorded, and each household's
    answer at sign-up (into ANSWERS)."""
    rng, homes = world.stream("consents"), world.population.households
    answer = rng.choice(len(ANSWERS), homes, p=_ANSWER_SHARE).astype(np.int8)
    america = world.population.place == [p[0] for p in PLACES].index("US")
    answer[(answer == ANSWERS.index("gpp")) & ~america] = ANSWERS.index("tcf")
    signup = world.epoch(0) + world.population.signup_day.astype(np.int64) * _DAY + world.population.signup_second
    parts = [_at_signup(rng, answer, signup), _strings(answer, signup), *_later(rng, world, answer, signup)]
    events = np.concatenate([*parts, *_other_signals(rng, world, signup, america)])
    events = events[np.argsort(events["recorded"], kind="stable")]
    events["number"] = mixed(np.arange(len(events)), _SALT + world.seed)
    text = np.full(homes, -1, dtype=np.int8)
    text[events["home"][events["text"] >= 0]] = events["text"][events["text"] >= 0]
    return replace(world, consent_string=pa.array(STRINGS).take(_index(text))), events, answer


def render(world: World, events: Rows) -> pa.Table:
    """Consent events as rows of consent_events, with every declared column."""
    people = world.population
    account = people.account_ids.take(pa.array(events["home"]))
    device = pc.binary_join_element_wise(account, pa.array(events["device"]).cast(pa.string()), "-")
    ids = hexadecimal(events["number"], "c")
    evidence = pc.binary_join_element_wise("evidence", ids, "/")
    on_device, proven = pa.array(events["device"] >= 0), pa.array(events["evidence"])
    columns: dict[str, Any] = {
        "consent_event_id": ids,
        "account_id": account,
        "profile_id": people.profile_ids.take(_index(events["viewer"])).cast(pa.string()),
        "device_id": pc.if_else(on_device, device, pa.scalar(None, pa.string())),
        "purpose": pa.array(PURPOSES).take(_index(events["purpose"])),
        "signal_value": pa.array(STRINGS).take(_index(events["text"])),
        "state": pa.array(STATES).take(_index(events["state"])),
        "signal": pa.array(SIGNALS).take(pa.array(events["signal"])),
        "effective_at": _time(events["effective"]),
        "recorded_at": _time(events["recorded"]),
        "expires_at": _time(events["expires"], events["expires"] == 0),
        "notice_version": pa.array(events["notice"].astype(np.int32)),
        "jurisdiction": pa.array([p[0] for p in PLACES]).take(pa.array(people.place[events["home"]])),
        "covers_history": events["history"],
        "evidence_ref": pc.if_else(proven, evidence, pa.scalar(None, pa.string())),
    }
    return pa.table(columns)


def _index(values: npt.NDArray[Any]) -> pa.Array:
    return pa.array(values, mask=values < 0)


def _time(seconds: npt.NDArray[np.int64], mask: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    return pa.array(seconds * 1000, pa.timestamp("ms", tz="UTC"), mask=mask)


def _events(home: npt.NDArray[Any], at: npt.NDArray[np.int64], purpose: str, state: str, signal: str) -> Rows:
    """Account-wide events that take effect at once and are recorded a second later."""
    events = np.zeros(len(home), dtype=CONSENT)
    events["home"], events["viewer"], events["device"], events["text"] = home, -1, -1, -1
    events["purpose"], events["state"] = PURPOSES.index(purpose), STATES.index(state)
    events["signal"], events["notice"] = SIGNALS.index(signal), 3
    events["effective"], events["recorded"] = at, at + 1
    return events


def _at_signup(rng: np.random.Generator, answer: npt.NDArray[np.int8], signup: npt.NDArray[np.int64]) -> Rows:
    """One answer to each purpose that the sign-up screen asks about; a tenth came from the previous platform."""
    imported = rng.random(len(answer)) < _IMPORTED_SHARE
    parts = []
    for name, granted in _GRANTED.items():
        home = np.flatnonzero(answer == ANSWERS.index(name))
        for purpose in _ASKED:
            state = "granted" if purpose in granted else "denied"
            events = _events(home, signup[home] + 60, purpose, state, "ui")
            events["signal"][imported[home]] = SIGNALS.index("import")
            events["notice"][imported[home]] = 2
            parts.append(events)
    return np.concatenate(parts)


def _strings(answer: npt.NDArray[np.int8], signup: npt.NDArray[np.int64]) -> Rows:
    """Households whose only answer is a consent string."""
    parts = []
    for signal, texts in (("tcf", (0, 1, 2)), ("gpp", (3, 4))):
        home = np.flatnonzero(answer == ANSWERS.index(signal))
        events = _events(home, signup[home] + 60, "analytics", "granted", signal)
        events["purpose"], events["state"] = -1, -1
        events["text"] = np.array(texts, dtype=np.int8)[home % len(texts)]
        parts.append(events)
    return np.concatenate(parts)


def _later(
    rng: np.random.Generator, world: World, answer: npt.NDArray[np.int8], signup: npt.NDArray[np.int64]
) -> list[Rows]:
    """Changes of mind in the period: withdrawals and returns, ends, objections, late records, grants to come."""
    homes, start = len(answer), world.epoch(0)
    span = world.end - start

    def some(share: float, of: str) -> npt.NDArray[np.int64]:
        candidates = np.flatnonzero(answer == ANSWERS.index(of))
        wanted = min(len(candidates), max(1, round(share * homes)))
        return np.sort(rng.choice(candidates, wanted, replace=False)) if wanted else candidates

    def moment(home: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return np.maximum(start + rng.integers(0, span, len(home)), signup[home] + 3600)

    leaving = some(0.02, "all")
    left_at = moment(leaving)
    parts = [_events(leaving, left_at, purpose, "withdrawn", "ui") for purpose in _ASKED]
    back = np.arange(0, len(leaving), 4)
    back_at = left_at[back] + rng.integers(1, 6, len(back)) * _DAY
    parts += [_events(leaving[back], back_at, purpose, "granted", "ui") for purpose in ("analytics", "training")]
    single = some(0.01, "all")
    parts.append(_events(single, moment(single), "training", "withdrawn", "ui"))
    objecting = some(0.004, "all")
    parts.append(_events(objecting, moment(objecting), "analytics", "objected", "ui"))
    answered = some(0.01, "never")
    parts.append(_events(answered, moment(answered), "analytics", "granted", "ui"))
    parts[-1]["history"] = True
    ending = some(0.01, "none")
    parts.append(_events(ending, start - rng.integers(_DAY, 90 * _DAY, len(ending)), "analytics", "granted", "ui"))
    parts[-1]["effective"] = np.maximum(parts[-1]["effective"], signup[ending] + 120)
    parts[-1]["recorded"] = parts[-1]["effective"] + 1
    parts[-1]["expires"] = np.maximum(start + rng.integers(0, span, len(ending)), parts[-1]["effective"] + _DAY)
    slow = some(0.006, "all")
    parts.append(_events(slow, moment(slow), "personalisation", "withdrawn", "ui"))
    parts[-1]["recorded"] += rng.integers(2, 9, len(slow)) * _DAY
    early = some(0.004, "never")
    parts.append(_events(early, moment(early) + 20 * _DAY, "personalisation", "granted", "ui"))
    parts[-1]["recorded"] -= 20 * _DAY
    return parts


def _other_signals(
    rng: np.random.Generator, world: World, signup: npt.NDArray[np.int64], america: npt.NDArray[np.bool_]
) -> list[Rows]:
    """Browsers' GPC, parents for kids profiles, agents, video-rental consents, and profiles that differ."""
    people, start, span = world.population, world.epoch(0), world.end - world.epoch(0)
    browsers = np.flatnonzero(sends_gpc(world))
    gpc = _events(browsers, np.maximum(start, signup[browsers]) + 300, "advertising", "denied", "gpc")
    gpc["device"] = 0
    kids = np.flatnonzero(people.is_kid)[::6]
    parent = _events(
        people.household[kids], signup[people.household[kids]] + 90, "personalisation", "granted", "parent"
    )
    parent["viewer"], parent["evidence"] = kids, True
    asked = np.sort(rng.choice(people.households, max(1, people.households // 200), replace=False))
    agent = _events(asked, start + rng.integers(0, span, len(asked)), "advertising", "objected", "agent")
    agent["evidence"] = True
    renters = np.flatnonzero(america)[::15]
    vppa = _events(renters, signup[renters] + 200, "disclosure", "granted", "vppa")
    vppa["expires"], vppa["evidence"] = vppa["effective"] + 2 * _YEAR, True
    others = np.flatnonzero(~people.is_kid & (people.household > 0))
    others = others[people.household[others] == people.household[others - 1]][::25]
    at = np.maximum(start + rng.integers(0, span, len(others)), signup[people.household[others]] + 400)
    profile = _events(people.household[others], at, "personalisation", "denied", "ui")
    profile["viewer"] = others
    return [gpc, parent, agent, vppa, profile]
