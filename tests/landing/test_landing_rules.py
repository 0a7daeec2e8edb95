"""What the door makes of a value, and which rule a row breaks, on both engines."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from landing_toy import a, accepted, counts, drop, let_in

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.landing.simulate.strings import tcf

KEYS = {
    "viewing_events": "event_id", "search_events": "event_id", "consent_events": "consent_event_id",
    "subject_requests": "request_id", "accounts": "account_id", "titles": "title_id",
}  # fmt: skip

BECOMES: dict[str, list[tuple[str, Any, Any]]] = {
    "viewing_events": [
        *(("device_type", word, "tv") for word in ("tv", "TV", " Smart-TV ", "connected tv", "set_top_box", "Roku")),
        *(("device_type", word, "mobile") for word in ("mobile", "Phone", "SMARTPHONE", "iphone")),
        *(("device_type", word, "tablet") for word in ("tablet", "iPad")),
        *(("device_type", word, "web") for word in ("web", "Browser", "desktop")),
        *(("device_type", word, "console") for word in ("console", "PS5", "xbox")),
        *(("device_type", word, "other") for word in ("fridge", None, "", "  ")),
        *(("country", word, "SE") for word in ("SE", "se", " Se ")),
        *(("country", word, "ZZ") for word in (None, "", "XX", "SWE", "Sweden", "ZZ", "46")),
        *(("region", word, "SE-AB") for word in ("SE-AB", "se-ab", " SE-ab ")),
        *(("region", word, "ZZ") for word in (None, "", "XX-AB", "AB", "SE", "SE-ABCD", "SE_AB", "SE-")),
        *(("referrer", word, "search") for word in ("search", "Search", " SEARCH ")),
        *(("referrer", word, "other") for word in (None, "", "telepathy", "other")),
        *(("private_session", word, True) for word in (True, "true", "TRUE", "T", "1", 1, "yes", "1.0")),
        *(("private_session", word, False) for word in (False, "false", "F", "0", 0, "no", None, "", " ")),
        *(("gpc", word, None) for word in (None, "")),
        ("gpc", "True", True),
        *(("watched_seconds", value, 60) for value in (60, "60", "60.0", 60.0, " 60 ")),
        *(("watched_seconds", value, None) for value in (None, "")),
        ("watched_seconds", 0, 0),
        ("watched_seconds", 86400, 86400),
        *(("profile_id", value, "main") for value in (None, "", " ", "main")),
        ("profile_id", "kids ", "kids"),
        ("os", "", None),
    ],
    "search_events": [
        ("query", "å" * 512, "å" * 512),
        ("query", " two  words ", " two  words "),
        ("clicked_title_id", "", None),
        ("country", "xx", "ZZ"),
        ("profile_id", None, "main"),
    ],
    "consent_events": [
        ("profile_id", None, None),
        ("profile_id", "kids", "kids"),
        ("purpose", "no such purpose", "no such purpose"),
        ("state", "GRANTED", "granted"),
        ("signal", " UI", "ui"),
        ("covers_history", None, False),
        ("covers_history", "yes", True),
        ("notice_version", "3", 3),
        ("expires_at", "2027-01-01T00:00:00Z", datetime(2027, 1, 1)),
        ("expires_at", None, None),
    ],
    "subject_requests": [
        ("verified", "False", False),
        ("kind", "Erasure", "erasure"),
        ("profile_id", None, None),
        ("purpose", "", None),
    ],
    "accounts": [
        ("is_kid", None, False),
        ("is_kid", "true", True),
        ("gender", " Female", "female"),
        ("birth_year", None, None),
        ("signup_at", 1772359200000, datetime(2026, 3, 1, 10)),
        ("country", None, "ZZ"),
        ("email", "X@Example.org", "X@Example.org"),
    ],
    "titles": [
        ("kind", "Film", "film"),
        ("kind", "hologram", "other"),
        ("kind", None, "other"),
        ("maturity", "0", "all"),
        ("maturity", "ALL", "all"),
        ("maturity", 16, "16"),
        ("maturity", None, None),
        ("sensitive", None, False),
        ("sensitive", 1, True),
        ("genres", None, []),
        ("genres", "drama", ["drama"]),
        ("release_year", "1999.0", 1999),
        ("available_from", " 2026-03-01 ", date(2026, 3, 1)),
        *((column, word, None) for column in ("available_from", "available_until") for word in (None, "", " ")),
        ("available_until", "2028-02-29", date(2028, 2, 29)),
    ],
}
"""Value of a column as it is sent, and as it is accepted."""

BREAKS: dict[str, list[tuple[dict[str, Any], str]]] = {
    "viewing_events": [
        *(({"event_id": value}, "missing_event_id") for value in (None, "", "  ")),
        ({"account_id": None}, "missing_account_id"),
        ({"title_id": ""}, "missing_title_id"),
        ({"started_at": None}, "missing_started_at"),
        ({"watched_seconds": -1}, "watched_seconds_out_of_range"),
        ({"watched_seconds": 86401}, "watched_seconds_out_of_range"),
        *(({"watched_seconds": value}, "bad_watched_seconds") for value in ("1e3", "1.5", "one", "9999999999", "0x10")),
        ({"private_session": "maybe"}, "bad_private_session"),
        ({"gpc": 2}, "bad_gpc"),
    ],
    "search_events": [
        ({"account_id": " "}, "missing_account_id"),
        ({"searched_at": ""}, "missing_searched_at"),
        ({"query": ""}, "missing_query"),
        ({"query": "å" * 513}, "query_too_long"),
    ],
    "consent_events": [
        ({"consent_event_id": None}, "missing_consent_event_id"),
        ({"account_id": None}, "missing_account_id"),
        ({"signal": None}, "missing_signal"),
        ({"effective_at": None}, "missing_effective_at"),
        ({"recorded_at": None}, "missing_recorded_at"),
        ({"purpose": None}, "no_purpose_and_no_signal_value"),
        ({"state": None}, "missing_state"),
        ({"signal": "smoke"}, "bad_signal"),
        ({"state": "perhaps"}, "bad_state"),
        ({"effective_at": "2026-03-01T10:00:00"}, "naive_timestamp"),
        ({"recorded_at": "2026-03-01 10:00:00"}, "naive_timestamp"),
        ({"expires_at": "2026-03-01"}, "naive_timestamp"),
        ({"expires_at": "soon"}, "bad_timestamp"),
        ({"notice_version": "v2"}, "bad_notice_version"),
        ({"covers_history": "some"}, "bad_covers_history"),
    ],
    "subject_requests": [
        ({"request_id": None}, "missing_request_id"),
        ({"account_id": None}, "missing_account_id"),
        ({"kind": None}, "missing_kind"),
        ({"kind": "forget"}, "bad_kind"),
        ({"kind": "hide_title"}, "missing_title_id"),
        ({"received_at": None}, "missing_received_at"),
        ({"received_at": "2026-03-01T10:00:00"}, "naive_timestamp"),
        ({"verified": None}, "missing_verified"),
        ({"verified": "unsure"}, "bad_verified"),
    ],
    "accounts": [
        ({"account_id": None}, "missing_account_id"),
        ({"birth_year": 1899}, "birth_year_out_of_range"),
        ({"birth_year": "MCM"}, "bad_birth_year"),
        ({"is_kid": "x"}, "bad_is_kid"),
        ({"signup_at": "2026-03-01T10:00:00"}, "naive_timestamp"),
        ({"signup_at": "x"}, "bad_timestamp"),
    ],
    "titles": [
        ({"title_id": None}, "missing_title_id"),
        ({"title": " "}, "missing_title"),
        ({"release_year": "soon"}, "bad_release_year"),
        ({"release_year": 1799}, "release_year_out_of_range"),
        ({"runtime_seconds": -5}, "runtime_seconds_out_of_range"),
        ({"runtime_seconds": "long"}, "bad_runtime_seconds"),
        ({"maturity": "PG-13"}, "bad_maturity"),
        ({"sensitive": "rather"}, "bad_sensitive"),
        *(({"available_from": word}, "bad_available_from") for word in ("soon", "2026-3-1", "2026-02-29", "20260301")),
        ({"available_until": "2026-03-01T00:00:00Z"}, "bad_available_until"),
        ({"available_from": "2026-03-02", "available_until": "2026-03-01"}, "available_until_before_from"),
    ],
}
"""Values that differ from a good row's, and the rule that is named."""


@pytest.mark.parametrize("source", BECOMES)
def test_values_become(either: Session, landing: Path, source: str) -> None:
    key = KEYS[source]
    cases = BECOMES[source]
    drop(
        landing,
        source,
        [{**a(source, **{column: sent}), key: f"{at:03}"} for at, (column, sent, _) in enumerate(cases)],
    )
    let_in(either, source)
    rows = {row[key]: row for row in accepted(either, source)}
    for at, (column, sent, kept) in enumerate(cases):
        assert rows[f"{at:03}"][column] == kept, (column, sent)


@pytest.mark.parametrize("source", BREAKS)
def test_rules_are_named(either: Session, landing: Path, source: str) -> None:
    key = KEYS[source]
    rows, wanted = [], dict[tuple[str, str], int]()
    for at, (values, reason) in enumerate(BREAKS[source]):
        rows.append(a(source, **{key: f"{at:03}", **values}))
        wanted["quarantined", reason] = wanted.get(("quarantined", reason), 0) + 1
    drop(landing, source, rows)
    let_in(either, source)
    assert counts(either, source) == {**wanted, ("landed", ""): len(rows)}


def test_a_consent_needs_no_purpose_or_state_where_a_signal_value_says_both(session: Session, landing: Path) -> None:
    whole = tcf(1_767_225_600, (5, 6), vendors=False)
    drop(landing, "consent_events", [a("consent_events", purpose=None, state=None, signal_value=whole, signal="tcf")])
    let_in(session, "consent_events")
    (row,) = accepted(session, "consent_events")
    assert (row["purpose"], row["state"], row["signal_value"]) == (None, None, whole)


def test_an_absent_private_session_is_private_where_the_policy_says_so(session: Session, landing: Path) -> None:
    policy = session.policy
    door = policy.landing.model_copy(update={"private_app_versions": ("4.1", "5")})
    vars(session)["policy"] = policy.model_copy(update={"landing": door})
    sent = [("4.1", None), ("4", None), ("5", None), (None, None), ("4.1", False), ("1", None), ("4.1|5", None)]
    rows = [
        a("viewing_events", event_id=str(at), app_version=version, private_session=private)
        for at, (version, private) in enumerate(sent)
    ]
    drop(landing, "viewing_events", rows)
    let_in(session, "viewing_events")
    private = {row["event_id"]: row["private_session"] for row in accepted(session, "viewing_events")}
    assert [at for at, value in private.items() if value] == ["0", "2", "6"]


def test_titles_that_the_catalogue_lacks_are_kept_and_flagged(either: Session, landing: Path) -> None:
    drop(landing, "titles", [a("titles", title_id="t1")])
    let_in(either, "titles")
    drop(landing, "viewing_events", [a("viewing_events", event_id=f"e{at}", title_id=f"t{at}") for at in range(3)])
    let_in(either, "viewing_events")
    assert counts(either, "viewing_events")["flagged", "title_unknown"] == 2
    assert [row["title_unknown"] for row in accepted(either, "viewing_events")] == [True, False, True]


@pytest.mark.parametrize(
    ("source", "column"),
    [
        ("viewing_events", "started_at"),
        ("search_events", "searched_at"),
        ("consent_events", "effective_at"),
        ("subject_requests", "received_at"),
    ],
)
def test_times_beyond_the_day_and_the_skew_are_flagged(
    session: Session, landing: Path, source: str, column: str
) -> None:
    times = ["2026-03-02T00:05:00Z", "2026-03-02T00:05:00.001Z", "2026-03-02T05:30:00+05:30", "2030-01-01T00:00:00Z"]
    rows = [a(source, **{KEYS[source]: str(at), column: time}) for at, time in enumerate(times)]
    drop(landing, source, rows)
    let_in(session, source)
    assert counts(session, source)["flagged", "future_timestamp"] == 2
