"""Viewing events of one UTC day, drawn as columns of codes, and their rendering as the rows that players send."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .ids import hexadecimal, mixed
from .population import DEVICES, PLACES
from .world import World

PLAY = np.dtype(
    [
        ("number", "u8"),  # of the event, below 2**48
        ("viewer", "i4"),
        ("title", "i4"),  # past the catalogue's end: a title that no catalogue lists
        ("started", "i8"),  # seconds since 1970
        ("watched", "i4"),  # seconds; negative: unknown
        ("session", "i4"),  # number within the day
        ("device", "i1"),  # which of the household's three
        ("referrer", "i1"),
        ("private", "i1"),  # 0 no, 1 yes, 2 not sent
        ("abroad", "?"),  # the country could not be told
    ]
)
Rows = npt.NDArray[Any]
REFERRERS = ("recommendation", "search", "browse", "campaign", "direct", "other")
SEARCHED = REFERRERS.index("search")
UNLISTED = 5
_REFERRER_SHARE = (0.4, 0.15, 0.27, 0.05, 0.1, 0.03)
_HOURS = np.array([2, 1, 1, 1, 1, 1, 2, 3, 3, 3, 3, 4, 5, 4, 4, 4, 5, 7, 9, 12, 14, 13, 9, 5], dtype=float)
_WEEKDAYS = (0.9, 0.88, 0.9, 0.95, 1.1, 1.35, 1.3)
_PLAYS_A_SESSION = 4
_PRIVATE_SHARE = 0.05
_MIXED_SHARE = 0.15
_UNLISTED_SHARE = 0.002
_UNKNOWN_LENGTH_SHARE = 0.01
_SALT = 11_000_027
# What one version calls its devices; the door knows these words.
_OTHER_WORDS = {"tv": "Smart TV", "mobile": "phone", "web": "browser"}
VERSIONS = ("5.2.0", "5.1.3", "4.9.1")
SILENT_VERSION = VERSIONS.index("4.9.1")
"""The app version that never sends `private_session`, nor the profile where it is the household's first."""


def season(world: World, day: int) -> float:
    """How busy a day is: weekends and winters are."""
    date = world.date(day)
    yearly = 1 + 0.12 * np.cos(2 * np.pi * (date.timetuple().tm_yday - 15) / 365.25)
    return float(yearly * _WEEKDAYS[date.weekday()])


def plays_of(world: World, day: int, events: float) -> Rows:
    """The plays of one UTC day, in order of their start; about `events` on an average day."""
    rng, people = world.stream("viewing", day), world.population
    home = people.household
    active = (people.signup_day[home] < day) & (world.gone_day[home] > day)
    usual = sum(season(world, other) for other in range(world.days)) / world.days
    counts = rng.poisson(people.rate * active * (events * season(world, day) / usual / len(people)))
    viewer = np.repeat(np.arange(len(people), dtype=np.int32), counts)
    nth = np.arange(len(viewer)) - np.repeat(np.cumsum(counts) - counts, counts)
    opens = nth % _PLAYS_A_SESSION == 0
    session = np.cumsum(opens) - 1
    plays = np.zeros(len(viewer), dtype=PLAY)
    plays["number"] = mixed(np.arange(len(viewer), dtype=np.uint64) + np.uint64(day << 28), _SALT + world.seed)
    plays["viewer"] = viewer
    plays["title"] = world.tastes.pick(rng, day, people.cluster[viewer], people.second_cluster[viewer])
    plays["watched"] = _watched(rng, world.catalogue.runtime[plays["title"]])
    plays["started"] = world.epoch(day) + _starts(rng, world, viewer, plays["watched"], opens, session)
    plays["session"] = session
    plays["device"] = rng.integers(0, 3, opens.sum())[session]
    plays["referrer"] = rng.choice(len(REFERRERS), len(viewer), p=_REFERRER_SHARE)
    plays["private"] = _private(rng, viewer, home, nth, opens, session)
    plays["abroad"] = rng.random(len(viewer)) < 0.005
    unlisted = rng.random(len(viewer)) < _UNLISTED_SHARE
    plays["title"][unlisted] = len(world.catalogue) + rng.integers(0, UNLISTED, unlisted.sum())
    plays["watched"][rng.random(len(viewer)) < _UNKNOWN_LENGTH_SHARE] = -1
    return plays[np.argsort(plays["started"], kind="stable")]


def version_of(household: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Which app version a household runs."""
    return np.array([0, 0, 0, 1, 1, SILENT_VERSION])[household % 6]


def render(world: World, plays: Rows) -> pa.Table:
    """Plays as rows of viewing_events, with every declared column."""
    people, columns = world.population, dict[str, Any]()
    home = people.household[plays["viewer"]]
    device = people.devices[home, plays["device"]]
    on_web = pa.array([kind == "web" for kind, _ in DEVICES]).take(pa.array(device))
    place = people.place[home]
    titles = pa.concat_arrays([world.catalogue.ids, pa.array([f"unlisted{n}" for n in range(UNLISTED)])])
    address = home % (1 << 17)
    octets = [pa.array(part).cast(pa.string()) for part in (18 + (address >> 16), (address >> 8) & 255, address & 255)]
    columns["event_id"] = hexadecimal(plays["number"], "e")
    columns["account_id"] = people.account_ids.take(pa.array(home))
    first = np.diff(people.household, prepend=-1) > 0
    untold = first[plays["viewer"]] & (version_of(home) == SILENT_VERSION)
    columns["profile_id"] = people.profile_ids.take(pa.array(plays["viewer"], mask=untold)).cast(pa.string())
    columns["title_id"] = titles.take(pa.array(plays["title"]))
    columns["started_at"] = pa.array(plays["started"] * 1000, pa.timestamp("ms", tz="UTC"))
    columns["watched_seconds"] = pa.array(plays["watched"], mask=plays["watched"] < 0)
    days = pc.strftime(columns["started_at"], format="%Y%m%d")
    columns["session_id"] = pc.binary_join_element_wise(days, pa.array(plays["session"]).cast(pa.string()), "-")
    columns["device_id"] = device_ids(world, home, plays["device"])
    words = [kind for kind, _ in DEVICES] + [_OTHER_WORDS.get(kind, kind) for kind, _ in DEVICES]
    columns["device_type"] = pa.array(words).take(pa.array(device + len(DEVICES) * (version_of(home) == 1)))
    columns["os"] = pa.array([system for _, system in DEVICES]).take(pa.array(device))
    columns["app_version"] = pa.array(VERSIONS).take(pa.array(version_of(home)))
    # 198.18.0.0/15 is set aside for benchmarks (RFC 2544): nobody's address.
    columns["ip_address"] = pc.binary_join_element_wise("198", *octets, ".")
    columns["country"] = pa.array([p[0] for p in PLACES]).take(pa.array(place, mask=plays["abroad"]))
    columns["region"] = _regions(world).take(pa.array(home, mask=plays["abroad"]))
    columns["referrer"] = pa.array(REFERRERS).take(pa.array(plays["referrer"]))
    columns["private_session"] = pa.array(plays["private"] == 1, mask=plays["private"] == 2)
    in_browser = pa.array(np.where(on_web.to_numpy(False), home, -1), mask=~on_web.to_numpy(False))
    columns["consent_string"] = world.consent_string.take(in_browser)
    columns["gpc"] = pa.array(sends_gpc(world)).take(in_browser)
    return pa.table(columns)


def device_ids(world: World, home: npt.NDArray[np.int32], nth: npt.NDArray[np.int8]) -> pa.Array:
    """The id of a household's device: the household's, and which of the three it is."""
    owner = world.population.account_ids.take(pa.array(home))
    return pc.binary_join_element_wise(owner, pa.array(nth).cast(pa.string()), "-")


def sends_gpc(world: World) -> npt.NDArray[np.bool_]:
    """Households whose browsers send the Global Privacy Control: one in twenty in the United States."""
    america = [place[0] for place in PLACES].index("US")
    numbers = np.arange(world.population.households)
    sends: npt.NDArray[np.bool_] = (world.population.place == america) & (numbers % 20 == 7)
    return sends


def _regions(world: World) -> pa.Array:
    people = world.population
    return pa.array([PLACES[p][1][r % len(PLACES[p][1])] for p, r in zip(people.place, people.region, strict=True)])


def _watched(rng: np.random.Generator, runtime: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """A quarter gives up within minutes; the others see 60 to 100 % of the title."""
    short = np.minimum(rng.exponential(240, len(runtime)).astype(np.int32) + 5, runtime)
    long = (runtime * rng.uniform(0.6, 1.0, len(runtime))).astype(np.int32)
    return np.where(rng.random(len(runtime)) < 0.25, short, long).astype(np.int32)


def _starts(
    rng: np.random.Generator,
    world: World,
    viewer: npt.NDArray[np.int32],
    watched: npt.NDArray[np.int32],
    opens: npt.NDArray[np.bool_],
    session: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Second of the UTC day at which each play starts: sessions in the local evening, their plays one after another."""
    if not len(viewer):
        return np.zeros(0, dtype=np.int64)
    first = np.flatnonzero(opens)
    step = watched.astype(np.int64) + rng.integers(5, 300, len(viewer))
    before = np.cumsum(step) - step
    length = np.add.reduceat(step, first)
    local = rng.choice(24, len(first), p=_HOURS / _HOURS.sum()) * 3600 + rng.integers(0, 3600, len(first))
    offset = world.population.offsets()[world.population.household[viewer[first]]]
    start = (local - offset * 3600) % 86_400
    start = np.maximum(np.minimum(start, 86_400 - length), 0)
    seconds: npt.NDArray[np.int64] = np.minimum(start[session] + before - before[first][session], 86_399)
    return seconds


def _private(
    rng: np.random.Generator,
    viewer: npt.NDArray[np.int32],
    home: npt.NDArray[np.int32],
    nth: npt.NDArray[np.int64],
    opens: npt.NDArray[np.bool_],
    session: npt.NDArray[np.int64],
) -> npt.NDArray[np.int8]:
    """Sessions are private or not; some start private and end open. One app version does not say."""
    sessions = int(opens.sum())
    private = (rng.random(sessions) < _PRIVATE_SHARE)[session]
    opened_later = (rng.random(sessions) < _MIXED_SHARE)[session] & (nth % _PLAYS_A_SESSION > 0)
    silent = version_of(home[viewer]) == SILENT_VERSION
    return np.where(silent, 2, private & ~opened_later).astype(np.int8)
