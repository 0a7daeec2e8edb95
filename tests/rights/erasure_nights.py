"""A hand-made landing zone of ten households, and nights over it: every step but the audit and the gate's own look."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.lake import fingerprint_of
from media_privacy_pipeline.orchestration.catalogue import catalogue
from media_privacy_pipeline.policy import load
from media_privacy_pipeline.published import steps as publishing
from media_privacy_pipeline.published.gate import Verdict
from media_privacy_pipeline.published.reader import open_release
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.sql import Project, load_project

FIRST = date(2026, 3, 1)
NAMES = ("ann", "bea", "cid", "dan", "eve", "fay", "gus", "hal", "ida", "jon")
PURPOSES = ("analytics", "personalisation", "training", "advertising")
TITLES = 12

Row = dict[str, Any]


def account(name: str) -> str:
    """Id of a household."""
    return f"household-{name}-7f3a"


def day(number: int) -> date:
    """Day of the zone, from 1."""
    return FIRST + timedelta(days=number - 1)


def at(number: int, hour: int = 12) -> str:
    """An hour of a day, as players write it."""
    return f"{day(number)}T{hour:02}:00:00Z"


def drop(landing: Path, source: str, rows: Sequence[Row], on: int | None = None, name: str = "part-0") -> None:
    """Deliver rows as JSON Lines."""
    folder = landing / source if on is None else landing / source / f"day={day(on)}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def zone(landing: Path, days: int) -> None:
    """Ten households who agree to everything on the first day and watch three titles a day each; eve has two profiles,
    and everybody sends a row a day that the door refuses, one of them not even JSON."""
    genres = ("drama", "comedy", "horror")
    titles = [
        {"title_id": f"t{n:02}", "title": f"Title {n}", "kind": "film", "genres": [genres[n % 3]]}
        for n in range(TITLES)
    ]
    drop(landing, "titles", titles)
    people = [(account(name), "main") for name in NAMES] + [(account("eve"), "second")]
    drop(
        landing,
        "accounts",
        [
            {"account_id": a, "profile_id": p, "birth_year": 1980, "email": f"{a}@example.org", "plan": "basic"}
            for a, p in people
        ],
    )
    for number in range(1, days + 1):
        watched: list[Row] = []
        for n, (who, profile) in enumerate(people):
            watched += [
                {
                    "event_id": f"e-{number}-{n}-{k}", "account_id": who, "profile_id": profile,
                    "title_id": f"t{(n % 3 + 3 * k + number) % TITLES:02}", "started_at": at(number, 8 + k),
                    "watched_seconds": 3000, "session_id": f"s-{number}-{n}", "device_id": f"device-{n}",
                    "device_type": "tv", "country": "DE", "private_session": k == 2,
                }
                for k in range(3)
            ]  # fmt: skip
            watched.append({**watched[-1], "event_id": f"bad-{number}-{n}", "watched_seconds": -1})
        drop(landing, "viewing_events", watched, number)
        folder = landing / "viewing_events" / f"day={day(number)}"
        (folder / "torn.jsonl").write_text("".join(f'{{"event_id": "x", "account_id": "{a}",\n' for a, _ in people))
        searches = [
            {
                "event_id": f"q-{number}-{n}",
                "account_id": a,
                "profile_id": p,
                "searched_at": at(number),
                "query": "boats",
            }
            for n, (a, p) in enumerate(people)
        ]
        drop(landing, "search_events", searches, number)
        drop(landing, "consent_events", _consents(people) if number == 1 else [], number)
        drop(landing, "subject_requests", [], number)


def _consents(people: Sequence[tuple[str, str]]) -> list[Row]:
    said: list[Row] = []
    for n, (who, profile) in enumerate(people):
        said += [
            {
                "consent_event_id": f"c-{n}-{purpose}", "account_id": who, "profile_id": profile, "purpose": purpose,
                "state": "granted", "signal": "ui", "effective_at": at(1, 0), "recorded_at": at(1, 0),
                "evidence_ref": f"forms/{who}/1",
            }
            for purpose in PURPOSES
        ]  # fmt: skip
        said.append({
            "consent_event_id": f"g-{n}", "account_id": who, "profile_id": profile, "device_id": f"device-{n}",
            "purpose": "advertising", "state": "objected", "signal": "gpc", "effective_at": at(1, 1),
            "recorded_at": at(1, 1),
        })  # fmt: skip
    return said


def asks(name: str, kind: str, number: int, **more: Any) -> Row:
    """A verified request of a household on a day."""
    return {
        "request_id": f"r-{name}-{kind}-{number}", "account_id": account(name), "kind": kind,
        "received_at": at(number, 10), "verified": True, **more,
    }  # fmt: skip


@cache
def project() -> Project:
    """The project under the packaged policy: read once a process, as it takes longer than most nights' steps."""
    return load_project(Settings().sql, load())


def open_session(folder: Path, home: str = "home") -> Session:
    """A session on a home under a folder."""
    session = Session(Settings(home=folder / home, landing=folder / "landing", keys=folder / "keys"))
    session.settings.work.mkdir(parents=True, exist_ok=True)
    session.__dict__["project"] = project()
    session.__dict__["engine"] = DuckDBEngine(session.settings.work, memory_limit="1GB", threads=1)
    return session


def night(
    session: Session, last: int, *, first: int = 1, only: Collection[str] = ()
) -> Mapping[str, Mapping[str, Any]]:
    """Run a night over some days; what each step told. Left out are the audit and the gate's look at quality, and ten
    households are too few for segments: all viewers are put into one.
    """
    told = {}
    look, publishing.verify = publishing.verify, lambda *_: Verdict((), ())  # type: ignore[assignment]
    try:
        span = Span.of(day(first), day(last))
        for step in catalogue(session.policy, session.project):
            if only and step.name not in only:
                continue
            if step.name == "segment":
                _one_segment(session)
            elif step.name not in ("audit", "release_report"):
                result = step.run(session, span)
                told[step.name] = {**result.rows, **result.metadata}
    finally:
        publishing.verify = look
    return told


def _one_segment(session: Session) -> None:
    viewers = sorted({row["viewer_key"] for row in rows(session, "personalisation_interactions")})
    with session.lake.write("viewer_segments", fingerprint_of(viewers)) as staging:
        table = pa.table({"viewer_key": viewers, "segment_id": pa.array([1] * len(viewers), pa.int32())})
        pq.write_table(table, staging / "part-0.parquet")


def as_of(last: int) -> datetime:
    """When a night over the days to `last` decides."""
    return Span.of(day(1), day(last)).as_of


def rows(session: Session, table: str) -> list[Row]:
    """All rows of a lake table."""
    found: list[Row] = session.engine.fetch(f"select * from {table}", {table: session.folder(table)}).to_pylist()
    return found


def released(session: Session, table: str, column: str = "viewer_key", release: str | None = None) -> set[Any]:
    """Values of a column of a published table."""
    opened = open_release(session.settings.home, release, keys=session.settings.key_file)
    return set(opened.arrow(table)[column].to_pylist())


def key(session: Session, name: str, profile: str = "main", purpose: str = "personalisation") -> str:
    """viewer_key of somebody."""
    return session.keyring.viewer_keys(purpose, [(account(name), profile)])[0]


def found_by_hand(home: Path, *names: str) -> set[str]:
    """Files that hold one of some texts, raw or as a value of an unencrypted Parquet file: a scan of its own kind."""
    found = set()
    for path in home.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            values: set[Any] = set()
            if path.suffix == ".parquet" and "restricted" not in path.parts:
                table = pq.ParquetFile(path).read()
                texts = [c for c in table.columns if pa.types.is_string(c.type)]
                values = {value for column in texts for value in column.unique().to_pylist()}
            if any(name.encode() in raw or name in values for name in names):
                found.add(str(path.relative_to(home)))
    return found
