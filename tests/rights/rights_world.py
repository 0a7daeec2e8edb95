"""A landing zone of a few people with confusingly similar ids, taken in as a night would; and a zip, read."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from media_privacy_pipeline.consent import steps as consent
from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.engines.types import arrow_schema
from media_privacy_pipeline.landing import steps as door
from media_privacy_pipeline.landing.sources import SOURCES
from media_privacy_pipeline.settings import Settings

DAY = date(2026, 3, 1)
AS_OF = datetime(2026, 3, 4)
"""The end of the third day, the last that `take_in` takes in."""
DAYS = [DAY + timedelta(days=n) for n in range(3)]

Row = dict[str, Any]
Pair = tuple[str, str]
TITLES = ("t1", "t2", "t3")


def drop(landing: Path, source: str, rows: Sequence[Row], day: date = DAY, name: str = "part-0.jsonl") -> Path:
    """Rows as a drop of JSON lines; a row that is text already is written as it is."""
    folder = landing / source if source in ("accounts", "titles") else landing / source / f"day={day}"
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    (folder / name).write_text(text)
    return folder / name


def at(day: date, hour: int = 10) -> str:
    """A time on a day as it lands."""
    return f"{day}T{hour:02}:00:00Z"


def view(event: str, pair: Pair, day: date = DAY, **other: Any) -> Row:
    """A viewing event."""
    account, profile = pair
    ids = {"event_id": event, "account_id": account, "profile_id": profile, "session_id": f"session of {event}"}
    return {**ids, "device_id": f"device of {event}", "title_id": "t1", "started_at": at(day), **other}


def say(event: str, account: str, purpose: str, state: str = "granted", **other: Any) -> Row:
    """A consent event of long before."""
    when = {"effective_at": "2026-01-01T00:00:00Z", "recorded_at": "2026-01-01T00:00:01Z"}
    said = {"consent_event_id": event, "account_id": account, "purpose": purpose, "state": state, "signal": "ui"}
    return {**said, **when, **other}


def ask(request: str, account: str, kind: str = "access", *, verified: bool = True, **other: Any) -> Row:
    """A request."""
    asked = {"request_id": request, "account_id": account, "kind": kind, "received_at": at(DAY)}
    return {**asked, "verified": verified, **other}


def person(pair: Pair) -> Row:
    """An account row of a grown-up."""
    account, profile = pair
    known = {"birth_year": 1980, "email": f"{account}.{profile}@example.org", "name": f"Name of {account} {profile}"}
    return {"account_id": account, "profile_id": profile, "country": "SE", **known}


PAIRS = (("a1", "main"), ("a1", "p1"), ("a1", "p11"), ("a11", "main"), ("a111", "p1"))

REQUESTS = (
    ask("verified", "a5"),
    ask("portable", "a5", "portability"),
    ask("unverified", "a5", verified=False),
    ask("restricting", "a5", "restriction"),
    ask("profiled", "a5", profile_id="p1"),
    ask("foreign", "a55"),
)
"""Of an account of which nothing else is known."""


def populate(landing: Path, pairs: Sequence[Pair]) -> None:
    """For each person an account, three viewing events, a search, consents to three purposes, and an access request
    of each profile, `request of ACCOUNT PROFILE`, and of each account, `request of ACCOUNT`."""
    drop(landing, "titles", [{"title_id": title, "title": f"Title {title}", "genres": ["drama"]} for title in TITLES])
    drop(landing, "accounts", [person(pair) for pair in pairs])
    for day, title in zip(DAYS, TITLES, strict=True):
        drop(landing, "viewing_events", [view(f"{a} {p} {day}", (a, p), day, title_id=title) for a, p in pairs], day)
    searches = [
        {
            "event_id": f"search of {a} {p}",
            "account_id": a,
            "profile_id": p,
            "searched_at": at(DAY),
            "query": f"for {a}",
        }
        for a, p in pairs
    ]
    drop(landing, "search_events", searches)
    accounts = sorted({account for account, _ in pairs})
    purposes = ("analytics", "personalisation", "training")
    drop(landing, "consent_events", [say(f"{a} {purpose}", a, purpose) for a in accounts for purpose in purposes])
    requests = [ask(f"request of {a} {p}", a, profile_id=p) for a, p in pairs]
    drop(landing, "subject_requests", [*requests, *(ask(f"request of {a}", a) for a in accounts)])


def open_home(folder: Path) -> Session:
    """A session on folder/home and folder/landing."""
    return Session(Settings(home=folder / "home", landing=folder / "landing", memory_limit="1GB"))


def take_in(session: Session, first: date = DAY, last: date = DAYS[-1]) -> None:
    """What a night does, up to the permitted tables."""
    span = Span.of(first, last)
    for source in SOURCES:
        door.accept(session, span, source)
    for step in (consent.update_ledger, consent.identify, consent.timeline):
        step(session, span)
    for purpose, rule in session.policy.purposes.items():
        if rule.columns:
            consent.permit(session, span, purpose)


def serve(session: Session, pairs: Sequence[Pair]) -> None:
    """What models would make: recommendations and a segment for each person, and how good recommendations are."""
    keys = session.keyring.viewer_keys("personalisation", pairs)
    put(session, "recommendations", [
        {"viewer_key": key, "rank": 1, "title_id": "t2", "score": 0.5, "reason_title_id": "t1", "reason_share": 0.25}
        for key in keys
    ])  # fmt: skip
    put(session, "viewer_segments", [{"viewer_key": key, "segment_id": 1} for key in keys])
    segment = {"segment_id": 1, "name": "Drama", "viewers": 9.0, "viewers_low": 1.0, "viewers_high": 17.0}
    put(session, "segment_profile", [{**segment, "top_genres": "drama (lift 2.0)", "top_titles": ""}])
    figures = {
        "ials": (0.40, 0.38, 0.42),
        "popularity": (0.29, 0.27, 0.31),
        "ials-minus-popularity": (0.11, 0.09, 0.13),
    }
    put(session, "model_metrics", [
        {"model": model, "protocol": "temporal", "metric": "recall", "k": 20, "value": value, "low": low, "high": high,
         "viewers": 2152}
        for model, (value, low, high) in figures.items()
    ])  # fmt: skip


def put(session: Session, table: str, rows: Sequence[Row]) -> None:
    """Make a snapshot hold these rows."""
    schema = arrow_schema(session.project.contracts[table].types)
    with session.lake.write(table, repr(rows)) as staging:
        pq.write_table(pa.Table.from_pylist([*rows], schema), staging / "part-0.parquet")


@dataclass(frozen=True)
class Zip:
    """What an export holds."""

    files: dict[str, bytes]

    @classmethod
    def read(cls, path: Path) -> Zip:
        with zipfile.ZipFile(path) as archive:
            return cls({name: archive.read(name) for name in archive.namelist()})

    def rows(self, table: str) -> list[Row]:
        """Rows of a table by its path without suffix."""
        found: list[Row] = json.loads(self.files[f"{table}.json"])
        return found

    def holds(self, words: Iterable[str]) -> list[str]:
        """Which of some words occur in the bytes of any of the files."""
        everything = b"\n".join([*(name.encode() for name in self.files), *self.files.values()])
        return [word for word in words if word.encode() in everything]


Export = Callable[..., Zip]
