"""Three nights in which people are erased: cases 47, 49, 50, 51, 53, 54 and 56 of the table, on one home."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from erasure_nights import (
    account,
    as_of,
    asks,
    at,
    day,
    drop,
    found_by_hand,
    key,
    night,
    open_session,
    released,
    rows,
    zone,
)

from media_privacy_pipeline.consent.entries import UNKNOWN, Refs
from media_privacy_pipeline.consent.record import opened
from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.landing import quarantine
from media_privacy_pipeline.models.training import registry
from media_privacy_pipeline.published.reader import open_release
from media_privacy_pipeline.rights.erasure import receipt

DAYS = 6


@dataclass
class Story:
    """The home after the last night, and what was seen on the way."""

    session: Session
    told: dict[int, Any]
    seen: dict[str, Any]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Day 5: ann asks for erasure, and so do bea, who is under a hold, and cid, whom nobody verified, and the second
    profile of eve. Day 6: late events of ann, whose account turns up again; and the hold of bea is lifted."""
    folder = tmp_path_factory.mktemp("story")
    landing = folder / "landing"
    zone(landing, DAYS)
    session = open_session(folder)
    told, seen = {4: night(session, 4)}, {}
    seen["release 4"] = open_release(session.settings.home).release_id
    seen["model 4"] = registry(session.settings.models).champion()
    seen["refs"] = {r["account_id"] + r["profile_id"]: r for r in rows(session, "subjects")}
    asked = [
        asks("ann", "erasure", 5),
        asks("bea", "legal_hold", 2),
        asks("bea", "erasure", 5),
        asks("cid", "erasure", 5, verified=False),
        asks("cid", "objection", 5, verified=False),
        asks("eve", "erasure", 5, profile_id="second"),
    ]
    drop(landing, "subject_requests", asked, 5)
    seen["closed"] = {d: _day(session, "title_daily", d) for d in (1, 2)}
    seen["counts"] = _counts(session, 1)
    # A killed run left lists of a table that is not made any more.
    with suppress(KeyboardInterrupt), session.lake.go_on("older_lists", "f") as unfinished:
        (unfinished / "part-0.parquet").write_text(key(session, "ann"))
        raise KeyboardInterrupt
    seen["unfinished"] = unfinished
    told[5] = night(session, 5, first=5)
    seen["receipts 5"] = [receipt.read(p) for p in sorted(session.settings.receipts.glob("*.json"))]
    seen["bea"] = _events(session, "bea")
    seen["bea used"] = {table: key(session, "bea") in released(session, table) for table in ("recommendations",)}
    late = {"event_id": "late", "account_id": account("ann"), "title_id": "t01", "started_at": at(4)}
    drop(landing, "viewing_events", [late, {**late, "event_id": "x", "account_id": account("fay")}], 6, "late")
    drop(landing, "accounts", [{"account_id": account("ann"), "profile_id": "main", "signup_at": at(6)}], name="new")
    again = {"consent_event_id": "again", "account_id": account("ann"), "purpose": "personalisation"}
    again |= {"state": "granted", "signal": "ui", "effective_at": at(6), "recorded_at": at(6)}
    drop(landing, "consent_events", [again], 6)
    drop(landing, "subject_requests", [asks("bea", "lift_hold", 6)], 6)
    # Upstream delivers the day of the requests once more, with one row more.
    drop(landing, "subject_requests", [*asked, asks("hal", "access", 5)], 5)
    told[6] = night(session, 6, first=5)
    return Story(session, told, seen)


def _day(session: Session, table: str, number: int) -> bytes:
    return b"".join(file.read_bytes() for file in session.lake.files(table, [day(number)]))


def _counts(session: Session, number: int) -> list[dict[str, Any]]:
    found = [row for row in rows(session, "row_accounting") if row["arrival_day"] == day(number)]
    return sorted(found, key=repr)


def _events(session: Session, name: str) -> int:
    return sum(row["account_id"] == account(name) for row in rows(session, "accepted_viewing_events"))


def _of(story: Story, name: str, profile: str | None = None) -> dict[str, Any]:
    """The receipt of somebody's erasure, found as an operator would: by the request's id."""
    request = asks(name, "erasure", 5)["request_id"]
    found = [
        p for p in story.session.settings.receipts.glob("*.json") if receipt.ref_of(story.session, request) == p.stem
    ]
    assert len(found) == 1, (name, profile)
    return receipt.read(found[0])


def test_what_a_killed_run_left_of_lists_is_not_left_of_the_erased(story: Story) -> None:
    assert not story.seen["unfinished"].exists()


def test_case_47_a_hold_keeps_the_rows_for_no_use_until_it_is_lifted(story: Story) -> None:
    assert story.told[5]["erase"]["held"] == 1
    assert story.seen["bea"] == 3 * 5
    assert story.seen["bea used"] == {"recommendations": False}
    assert story.told[6]["erase"] == {"erasures": 1, "held": 0, "resumed": 0, "people": 1} | {
        name: story.told[6]["erase"][name] for name in ("rows", "files")
    }
    assert _events(story.session, "bea") == 0
    assert _of(story, "bea")["erasure"]["as_of"] == as_of(6).isoformat()


def test_case_49_a_late_event_of_the_erased_is_dropped_at_the_door_and_counted(story: Story) -> None:
    dropped = [r for r in rows(story.session, "row_accounting") if (r["stage"], r["reason"]) == ("dropped", "erased")]
    late = {(r["arrival_day"], r["source"]): r["rows"] for r in dropped}
    # Ann's own four rows of the day and the torn one besides: ann's late one and eve's second profile's.
    assert late[day(6), "viewing_events"] == 4 + 4 + 1
    assert not found_by_hand(story.session.settings.lake, account("ann"))


def test_case_50_who_signs_up_again_under_the_id_is_refused_and_the_old_ledger_rows_name_nobody(story: Story) -> None:
    session = story.session
    assert all(row["account_id"] != account("ann") for row in rows(session, "accepted_accounts"))
    old = story.seen["refs"][account("ann") + "main"]
    refs = Refs.of(session, [(account("ann"), "main")], ["device-0", "device-3"])
    assert refs.account(account("ann")) == refs.profile(account("ann"), "main") == refs.device("device-0") == UNKNOWN
    assert refs.device("device-3") != UNKNOWN
    with opened(session) as ledger:
        assert ledger.verify().ok
        assert ledger.rows(as_of(6), account_ref=old["account_ref"]).num_rows > 0
    assert old["account_ref"] not in {row["account_ref"] for row in rows(session, "subjects")}


def test_case_51_the_next_release_and_models_are_without_the_person(story: Story) -> None:
    session, first = story.session, story.seen["release 4"]
    gone = {key(session, "ann"), key(session, "eve", "second")}
    for table in ("recommendations", "weekly_discovery", "viewer_segments"):
        assert not gone & released(session, table)
        assert key(session, "eve") in released(session, table)
    for table in ("recommendations", "weekly_discovery", "viewer_segments"):
        with pytest.raises(Refused, match="were retired"):
            open_release(session.settings.home, first, keys=session.settings.key_file).arrow(table)
    told = _of(story, "ann")
    assert {f["release"] for f in told["releases"]["destroyed"]} == {first}
    assert len(told["releases"]["destroyed"]) == 3
    assert told["models"]["flagged"] == [story.seen["model 4"]]
    where = registry(session.settings.models)
    assert story.seen["model 4"] not in where.names()
    keys = set(session.keyring.viewer_keys("training", [(account("ann"), "main"), (account("eve"), "second")]))
    assert not keys & {row["viewer_key"] for row in rows(session, "training_interactions")}
    assert where.load(str(where.champion())).manifest["viewers"] == 11 - 3


def test_case_53_nobody_is_found_in_any_file_and_the_receipt_says_how_much_was_looked_into(story: Story) -> None:
    home = story.session.settings.home
    gone = [account("ann"), account("bea")]
    pairs = [(account("ann"), "main"), (account("bea"), "main"), (account("eve"), "second")]
    for purpose in story.session.policy.purposes:
        gone += story.session.keyring.viewer_keys(purpose, pairs)
    assert found_by_hand(home, *gone) == set()
    assert found_by_hand(home, account("cid"))
    looked = _of(story, "ann")["scan"]
    files = [path for path in home.rglob("*") if path.is_file()]
    assert looked["hits"] == 0
    assert len(files) / 2 < looked["files"]
    assert looked["bytes"] > 100_000
    assert {"lake", "quarantine", "published", "ledger", "vault", "models"} <= looked["zones"].keys()


def test_case_54_what_was_released_stays_and_no_count_of_a_closed_day_moves(story: Story) -> None:
    assert {d: _day(story.session, "title_daily", d) for d in (1, 2)} == story.seen["closed"]
    assert _counts(story.session, 1) == story.seen["counts"]


def test_case_56_an_unverified_request_erases_nothing_and_its_opt_out_of_sale_is_heard(story: Story) -> None:
    assert _events(story.session, "cid") == 3 * DAYS
    ref = next(r["account_ref"] for r in rows(story.session, "subjects") if r["account_id"] == account("cid"))
    with opened(story.session) as ledger:
        said = ledger.rows(as_of(6), account_ref=ref).to_pylist()
    assert {r["purpose"] for r in said if r["signal"] == "request"} == set(story.session.policy.consent.sale_purposes)
    assert len(list(story.session.settings.receipts.glob("*.json"))) == 3


def test_one_profile_goes_and_the_household_stays(story: Story) -> None:
    stored = rows(story.session, "accepted_viewing_events")
    profiles = {row["profile_id"] for row in stored if row["account_id"] == account("eve")}
    assert profiles == {"main"}
    assert _of(story, "eve")["request"]["scope"] == "profile"
    assert _of(story, "eve")["rows_removed"]["lake/accepted_viewing_events"] == 3 * 5


def test_the_answered_request_is_stored_under_no_id_though_it_is_delivered_again(story: Story) -> None:
    kept = {row["request_id"] for row in rows(story.session, "accepted_subject_requests")}
    assert kept == {
        "r-cid-erasure-5", "r-cid-objection-5", "r-hal-access-5",
    }  # fmt: skip
    told = {(r["stage"], r["reason"]): r["rows"] for r in rows(story.session, "accounted_subject_requests")
            if r["arrival_day"] == day(5)}  # fmt: skip
    assert told == {("landed", ""): 7, ("dropped", "erased"): 2, ("accepted", ""): 5}


def test_every_row_is_still_accounted_for(story: Story) -> None:
    for number in range(1, DAYS + 1):
        counts = [r for r in _counts(story.session, number) if r["source"] == "viewing_events"]
        accepted = sum(r["rows"] for r in counts if r["stage"] == "accepted")
        for purpose in story.session.policy.purposes:
            told = sum(r["rows"] for r in counts if r["stage"] in (f"used/{purpose}", f"withheld/{purpose}"))
            assert told == accepted, (number, purpose)


def test_refused_rows_of_the_erased_leave_the_quarantine_and_those_of_others_stay(story: Story) -> None:
    kept = [r for d in range(1, 6) for r in quarantine.read(story.session, "viewing_events", day(d))]
    texts = [r.raw or str(r.row) for r in kept]
    assert not any(account(name) in text for name in ("ann", "bea") for text in texts)
    # Nine of eleven people send a bad row and a torn line a day; a torn line names no profile.
    assert sum(r.row is not None for r in kept) == 8 * 5
    assert sum(r.raw is not None for r in kept) == 9 * 5


def test_a_receipt_is_genuine_and_names_nobody(story: Story) -> None:
    verifier = story.session.keyring.verifier_hex
    for path in story.session.settings.receipts.glob("*.json"):
        receipt.verify(receipt.read(path), verifier)
        assert "household" not in path.read_text()
    changed = _of(story, "ann")
    changed["rows_removed"]["lake/subjects"] += 1
    with pytest.raises(Refused, match="changed after it was signed"):
        receipt.verify(changed, verifier)
    with pytest.raises(Refused, match="not signed with this key"):
        receipt.verify(_of(story, "ann"), "00" * 32)
