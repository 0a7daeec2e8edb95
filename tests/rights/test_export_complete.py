"""Case 55: an export is complete to the row against the landing zone, which the test reads by itself."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from rights_world import AS_OF, DAY, DAYS, PAIRS, Row, Zip, ask, drop, open_home, populate, say, serve, take_in, view

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.rights.access.export import export

A1 = ("a1", "p1")
WHOLE_ACCOUNT = ("consent_events", "subject_requests")
FOLDER = {"subject_requests": "requests"}


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """The people, and deliveries that repeat, contradict, break rules, are torn, come too late or are gone."""
    folder = tmp_path_factory.mktemp("messy")
    landing = folder / "landing"
    populate(landing, PAIRS)
    again, other = view("twice", A1), view("twice", A1, title_id="t3")
    broken = view("broken", A1, watched_seconds=-1)
    foreign = view("broken too", ("a11", "p1"), watched_seconds=-1)
    torn = ['{"account_id": "a1"', '{"account_id": "a11"']
    drop(landing, "viewing_events", [again, again, other, broken, foreign, *torn], DAYS[1], "messy.jsonl")
    drop(landing, "viewing_events", [again, view("early", A1)], DAYS[2], "messy.jsonl")
    # Another household has the id first: the later row is in conflict with a row that is not ours.
    drop(landing, "viewing_events", [view("taken", ("a11", "main"))], DAYS[0], "other.jsonl")
    drop(landing, "viewing_events", [view("taken", A1)], DAYS[1], "other.jsonl")
    (landing / "viewing_events" / f"day={DAYS[1]}" / "csv.csv.gz").write_bytes(
        gzip.compress(b"event_id,account_id,profile_id,title_id,started_at\nfrom csv, a1 ,p1,t2,2026-03-02T01:00:00Z\n")
    )
    drop(landing, "consent_events", [say("odd", "a1", "training", effective_at="2026-01-01")], DAYS[1])
    older = {"account_id": "a1", "profile_id": "p1", "birth_year": 1979}
    (landing / "accounts" / "older.jsonl").write_text(json.dumps(older) + "\n")
    gone = drop(landing, "viewing_events", [view("gone", A1)], DAYS[0], "gone.jsonl")
    session = open_home(folder)
    # p11 is erased at the end of the second day: what arrives on the third is dropped at the door.
    drop(landing, "subject_requests", [ask("erase", "a1", "erasure", profile_id="p11")], name="erase.jsonl")
    take_in(session, DAYS[0], DAYS[1])
    take_in(session, DAYS[2], DAYS[2])
    serve(session, PAIRS)
    gone.unlink()
    late = DAYS[-1] + timedelta(days=1)
    drop(landing, "viewing_events", [view("late", A1, late)], late)
    return session


def landed_rows(landing: Path, source: str, account: str, profile: str | None) -> list[Row]:
    """Rows of a person as files say, read with nothing of ours."""
    rows: list[Row] = []
    for path in sorted((landing / source).rglob("*.*")):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        if ".csv" in path.name:
            rows += csv.DictReader(io.StringIO(raw.decode()))
        else:
            rows += [row for line in raw.decode().splitlines() if (row := parsed(line)) is not None]
    default = None if source in WHOLE_ACCOUNT else "main"
    return [
        row
        for row in rows
        if (row.get("account_id") or "").strip() == account
        and (profile is None or (row.get("profile_id") or default) in (None, profile))
    ]


def parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


@pytest.fixture(scope="module")
def given(messy: Session, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str | None], Zip]:
    """What a profile of a1, or all of a1, is given."""

    @cache
    def ask(profile: str | None) -> Zip:
        out = tmp_path_factory.mktemp("given") / "out.zip"
        export(messy, "a1", profile, "request of a1", out, AS_OF)
        return Zip.read(out)

    return ask


@pytest.mark.parametrize("profile", [None, "p1", "p11"])
def test_every_landed_row_is_given_or_refused_with_its_reason(messy: Session, given: Any, profile: str | None) -> None:
    found = given(profile)
    counts: Counter[tuple[str, str]] = Counter()
    for row in found.rows("raw/accounting"):
        counts[row["source"], row["stage"]] += row["rows"]
    for source in ("viewing_events", "search_events", "accounts", "consent_events", "subject_requests"):
        landed = landed_rows(messy.settings.landing, source, "a1", profile)
        rows = found.rows(f"{FOLDER.get(source, 'raw')}/{source}")
        assert counts[source, "landed"] == len(landed), source
        assert counts[source, "accepted"] == len(rows), source
        other = ("duplicate", "superseded", "quarantined", "dropped", "waiting")
        fell = len(rows) + sum(counts[source, stage] for stage in other)
        assert counts[source, "landed"] + counts[source, "gone"] == fell, source
        kept = [row for row in found.rows("raw/refused") if row["source"] == source]
        assert len(kept) == counts[source, "quarantined"], source


def test_what_became_of_each_row_is_told(given: Any) -> None:
    found = given("p1")
    told = {(row["source"], row["stage"], row["reason"]): row["rows"] for row in found.rows("raw/accounting")}
    viewing = {key[1:]: rows for key, rows in told.items() if key[0] == "viewing_events"}
    assert viewing == {
        ("landed", ""): 12,
        ("gone", ""): 1,
        # Three of the ordinary days, twice, early, from csv, and the one that is gone.
        ("accepted", ""): 7,
        ("duplicate", ""): 2,
        ("quarantined", "conflicting_duplicate"): 2,
        ("quarantined", "watched_seconds_out_of_range"): 1,
        ("waiting", ""): 1,
    }
    assert told["accounts", "superseded", ""] == 1
    assert told["consent_events", "quarantined", "naive_timestamp"] == 1


def test_what_the_door_drops_of_an_erased_profile_is_told(given: Any) -> None:
    told = {row["source"]: row["rows"] for row in given("p11").rows("raw/accounting") if row["stage"] == "dropped"}
    assert told == {"viewing_events": 3, "search_events": 1, "accounts": 1}


def test_a_refused_row_comes_as_it_was_sent(given: Any) -> None:
    refused = given("p1").rows("raw/refused")
    broken = next(row for row in refused if row["reason"] == "watched_seconds_out_of_range")
    assert json.loads(broken["row"])["watched_seconds"] == "-1"
    assert broken["file"] == f"viewing_events/day={DAYS[1]}/messy.jsonl"


def test_a_torn_row_that_names_the_account_is_told_of(given: Any) -> None:
    page = given("p1").files["index.html"].decode()
    assert "1 more row could not be taken apart and names your account" in page


def test_every_kind_of_data_is_there(exported: Any) -> None:
    found = exported("a1", "p1")
    assert len(found.rows("raw/viewing_events")) == len(DAYS)
    assert found.rows("raw/accounts")[0]["email"] == "a1.p1@example.org"
    for purpose in ("analytics", "personalisation", "training"):
        assert len(found.rows(f"derived/permitted_{purpose}_viewing_events")) == len(DAYS), purpose
    [recommended] = found.rows("inferences/recommendations_explained")
    assert (recommended["title"], recommended["reason_title"]) == ("Title t2", "Title t1")
    assert recommended["reason_share"] == 0.25
    assert found.rows("inferences/segments")[0]["name"] == "Drama"
    assert {row["purpose"] for row in found.rows("consents/consent_ledger")} == {
        "analytics",
        "personalisation",
        "training",
    }
    # The household's request names no profile, and is about each.
    asked = {row["request_id"] for row in found.rows("requests/subject_requests")}
    assert asked == {"request of a1", "request of a1 p1"}
    windows = {(row["source"], row["window_days"]) for row in found.rows("retention/windows")}
    assert windows == {("viewing_events", 365), ("search_events", 60)}
    decided = found.rows("decisions/decisions")
    assert len(decided) == (len(DAYS) + 1) * 8
    assert all(row["allowed"] == (row["reason"] == "") and row["meaning"] for row in decided)
    assert {row["reason"] for row in decided if row["purpose"] == "analytics"} == {""}
    # Nobody else sees what was searched.
    assert {row["reason"] for row in decided if row["purpose"] == "training"} == {"", "not_permitted"}
    assert DAY.isoformat() in found.rows("retention/windows")[0]["oldest_at"]


def test_the_same_question_has_the_same_answer(house: Session, exported: Any, tmp_path: Path) -> None:
    export(house, "a1", "p1", "request of a1 p1", tmp_path / "again.zip", AS_OF)
    assert Zip.read(tmp_path / "again.zip") == exported("a1", "p1")
