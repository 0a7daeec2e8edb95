"""Random histories of random households, on a coarse grid of times so that instants collide."""

from __future__ import annotations

from random import Random
from typing import Any

from consent_world import World, t
from signal_writer import core, header, publisher, tcf, usnat

PURPOSES = [
    "personalisation",
    "context",
    "training",
    "advertising",
    "disclosure",
    "analytics",
    "noticed",
    "unnoticed",
    "service",
]
STATES = ["granted", "granted", "granted", "denied", "withdrawn", "objected"]
SIGNALS = ["ui", "ui", "ui", "ui", "agent", "import", "parent", "vppa", "gpc", "tcf", "gpp"]
STRINGS = {
    "tcf": [tcf(core(), publisher(consents)) for consents in ((5, 6, 8, 9, 10), (5, 6), (8,), ())],
    "gpp": [f"{header(7)}~{usnat(sale=sale, gpc=gpc)}" for sale in (0, 1, 2) for gpc in (None, True)],
}
KINDS = ["erasure", "restriction", "lift_restriction", "objection", "hide_title", "legal_hold", "lift_hold"]
PROFILES = ["main", "kid"]
DEVICES = ["d1", "d2", None]
Row = dict[str, Any]


def day(random: Random, low: float = 0, high: float = 14) -> Any:
    """A time on a grid of half days."""
    return t(random.randrange(int(2 * low), int(2 * high)) / 2)


def household(random: Random, account: str) -> World:
    """One account: what its people watched, said and asked for."""
    whom = lambda: random.choice([None, None, "main", "kid"])  # noqa: E731
    world = World()
    for profile in PROFILES:
        if random.random() < 0.7:
            born = random.choice([None, 1980, 2008, 2009, 2010])
            kid = profile == "kid" and random.random() < 0.5
            world.accounts.append({"account_id": account, "profile_id": profile, "birth_year": born, "is_kid": kid})
    for n in range(random.randrange(1, 5)):
        world.viewing_events.append({
            "event_id": f"{account} v{n}", "account_id": account, "profile_id": random.choice(PROFILES),
            "started_at": t(-random.choice([80, 80.5, 70, 300, 500])) if random.random() < 0.2 else day(random),
            "device_id": random.choice(DEVICES), "session_id": random.choice(["s1", "s2", None]),
            "private_session": random.random() < 0.2, "title_id": random.choice(["t1", "t2"]),
            "gpc": random.choice([None, None, None, False, True]),
        })  # fmt: skip
    world.search_events.append({
        "event_id": f"{account} s", "account_id": account, "searched_at": day(random),
        "clicked_title_id": random.choice(["t1", "t2", None]),
    })  # fmt: skip
    for n in range(random.randrange(0, 9)):
        world.consent_events.append(consent(random, account, f"{account} c{n}", whom()))
    for n in range(random.choice([0, 0, 1, 2, 3])):
        kind = random.choice(KINDS)
        world.subject_requests.append({
            "request_id": f"{account} r{n}", "account_id": account, "profile_id": whom(), "kind": kind,
            "purpose": random.choice([None, *PURPOSES]) if kind == "objection" else None,
            "title_id": random.choice(["t1", "t2"]) if kind == "hide_title" else None,
            "received_at": day(random), "verified": random.random() < 0.8,
        })  # fmt: skip
    if random.random() < 0.1:
        world.conflicts.append({
            "consent_event_id": f"{account} k", "account_id": account, "profile_id": whom(),
            "purpose": random.choice([None, *PURPOSES]), "recorded_at": day(random),
        })  # fmt: skip
    if random.random() < 0.1:
        said, late = day(random), day(random)
        world.malformed.append({
            "consent_event_id": f"{account} m", "account_id": account, "profile_id": whom(), "signal": "tcf",
            "device_id": random.choice(DEVICES), "effective_at": said, "recorded_at": random.choice([said, late]),
        })  # fmt: skip
    return world


def consent(random: Random, account: str, identity: str, profile: str | None) -> Row:
    """One consent event of any signal."""
    effective, signal = day(random, *random.choice([(0, 14), (0, 14), (-800, 0)])), random.choice(SIGNALS)
    recorded = random.choice([effective, effective, day(random)])
    expires = day(random, 0, 18)
    whole = signal in STRINGS or (signal == "gpc" and random.random() < 0.5)
    value = random.choice(STRINGS.get(signal, ["1"])) if whole else None
    return {
        "consent_event_id": identity, "account_id": account, "profile_id": profile,
        "device_id": random.choice(DEVICES), "purpose": None if whole else random.choice(PURPOSES),
        "state": None if whole else random.choice(STATES), "signal": signal, "signal_value": value,
        "effective_at": effective, "recorded_at": recorded,
        # What was said long ago is delivered at once: a partition for each of hundreds of days takes most of the time.
        "arrival_day": max(recorded, t(0)).date(),
        "expires_at": expires if random.random() < 0.25 and expires > effective else None,
        "notice_version": random.choice([None, 1, 2, 2, 3]), "covers_history": random.random() < 0.3,
        "evidence_ref": random.choice([None, "evidence"]),
    }  # fmt: skip


def households(seed: int, count: int) -> World:
    """Many of them side by side."""
    random, world = Random(seed), World()
    for n in range(count):
        one = household(random, f"account {n}")
        for name, rows in vars(one).items():
            getattr(world, name).extend(rows)
    return world


def agreeing(world: World, count: int, purposes: list[str]) -> World:
    """Add accounts of one adult each who granted these purposes on day 0 and watched on days 1 to 9."""
    for n in range(count):
        mine = {"account_id": f"agreeing {n}"}
        world.accounts.append({**mine, "birth_year": 1980})
        for purpose in purposes:
            said = {"consent_event_id": f"agreeing {n} {purpose}", "purpose": purpose, "state": "granted"}
            world.consent_events.append({**mine, **said, "effective_at": t(0), "recorded_at": t(0)})
        for k in range(1, 10):
            world.viewing_events.append({**mine, "event_id": f"agreeing {n} {k}", "started_at": t(k + n / 24 + 0.01)})
    return world
