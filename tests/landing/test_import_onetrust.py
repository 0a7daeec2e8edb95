"""A OneTrust receipt becomes the consent events that it plainly states, and nothing of one that it does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from import_toy import (
    ANALYTICS,
    DAY,
    MAILS,
    PACKAGED,
    PERSONAL,
    WORDS,
    purpose,
    receipt,
    rows,
    rules,
    said,
    sent,
    take,
    write,
)

from media_privacy_pipeline import policy as package_policy
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.import_policy import Imports
from media_privacy_pipeline.landing.imports import import_consents
from media_privacy_pipeline.landing.imports.onetrust import consents
from media_privacy_pipeline.landing.imports.refusal import ADVICE, Rule, Unusable

NAIVE = "2026-03-01T10:15:30"


def test_a_receipt_of_the_receipts_api_is_a_row_for_each_purpose(tmp_path: Path) -> None:
    whole = receipt(
        purpose(expiryDate="2027-03-01T00:00:00+01:00"),
        purpose("WITHDRAWN", PERSONAL),
        dataElements={"AccountId": "acc-1", "ProfileId": "p1"},
        geolocation={"country": "US", "state": "CA"},
        privacyNotices=[{"Id": "n", "Version": 7}, {"Id": "m", "Version": 4}],
    )
    found = take("onetrust", tmp_path, whole)
    assert (found.documents, found.imported, found.refused) == (1, 1, ())
    granted, withdrawn = sorted(rows(tmp_path / "landing"), key=lambda row: row["state"])
    assert granted.pop("consent_event_id") != withdrawn.pop("consent_event_id")
    common = {
        "account_id": "acc-1",
        "profile_id": "p1",
        "signal": "import",
        "effective_at": "2026-03-01T10:15:30.000000Z",
        "recorded_at": "2026-03-01T10:15:31.123000Z",
        "evidence_ref": "onetrust:receipt:5a2c2d8f-fd08-41c9-b912-6fcd073f8d4f",
        "notice_version": 4,
        "jurisdiction": "US-CA",
    }
    expiring = {"expires_at": "2027-02-28T23:00:00.000000Z"}
    assert granted == {**common, "purpose": "analytics", "state": "granted", **expiring}
    assert withdrawn == {**common, "purpose": "personalisation", "state": "withdrawn"}


def test_the_form_that_collection_points_send_says_the_same(tmp_path: Path) -> None:
    notices = [{"Id": "n", "Version": 3, "MinorVersion": 1}]
    whole = {"Id": PERSONAL, "TransactionType": "HARD_OPT_OUT", "PrivacyNotices": notices}
    take("onetrust", tmp_path, sent({"Id": ANALYTICS, "TransactionType": "CONFIRMED"}, whole))
    granted, objected = sorted(rows(tmp_path / "landing"), key=lambda row: row["state"])
    assert (granted["account_id"], granted["effective_at"]) == ("acc-2", "2026-03-01T10:00:00.000000Z")
    assert granted["recorded_at"] == granted["effective_at"]
    assert (objected["state"], objected["notice_version"], objected["jurisdiction"]) == ("objected", 3, "US-CA")
    assert "notice_version" not in granted


@pytest.mark.parametrize("state", [*PACKAGED.onetrust.states, "REVOKED", "confirmed", "Confirmed "])
def test_only_a_confirmed_purpose_is_a_grant(state: str) -> None:
    taken = consents(receipt(purpose(state)), WORDS.onetrust)
    granted = [row["state"] for row in taken.consent_events] == ["granted"]
    assert granted == (state == "CONFIRMED")


def test_a_state_that_the_policy_does_not_list_is_a_denial_and_counted(tmp_path: Path) -> None:
    found = take("onetrust", tmp_path, receipt(purpose("REVOKED"), purpose("EXTEND", PERSONAL)))
    assert said(rows(tmp_path / "landing")) == {"analytics": "denied"}
    assert found.notes == {"unknown_state": 1, "no_change": 1}


def test_a_purpose_that_is_not_mapped_is_counted_and_not_taken_even_if_ours_has_its_name(tmp_path: Path) -> None:
    other = "0b3b36a0-2a63-4f8b-a7e3-37b31fbfcd72"
    person = purpose(theirs="someone@example.org")
    found = take("onetrust", tmp_path, receipt(purpose(theirs=other), purpose(theirs="advertising"), person))
    assert rows(tmp_path / "landing") == []
    assert found.unmapped == {other: 1, "advertising": 1, "other": 1}
    assert found.notes == {"unmapped_purpose": 3}


def test_a_purpose_of_no_use_here_is_told_apart(tmp_path: Path) -> None:
    found = take("onetrust", tmp_path, receipt(purpose(theirs=MAILS)))
    assert (found.notes, found.unmapped) == ({"other_purpose": 1}, {})


def test_a_purpose_may_be_mapped_by_its_name_but_not_to_two_of_ours(tmp_path: Path) -> None:
    other = "0b3b36a0-2a63-4f8b-a7e3-37b31fbfcd72"
    found = take(
        "onetrust", tmp_path, receipt(purpose(theirs=other, name="Training")), receipt(purpose(name="Training"))
    )
    assert said(rows(tmp_path / "landing")) == {"training": "granted"}
    assert rules(found) == [("line 2", Rule.AMBIGUOUS_PURPOSE)]


def test_only_a_grant_ends_for_the_end_of_a_denial_would_bring_back_the_grant_before() -> None:
    end = {"expiryDate": "2027-01-01T00:00:00Z"}
    taken = consents(receipt(purpose(**end), purpose("WITHDRAWN", PERSONAL, **end)), WORDS.onetrust)
    assert [row["expires_at"] for row in taken.consent_events] == ["2027-01-01T00:00:00.000000Z", None]


@pytest.mark.parametrize(
    ("of_purpose", "of_receipt", "ends"),
    [
        ({"ExpiryDate": "2026-05-01T12:00-05:00"}, {}, "2026-05-01T17:00:00.000000Z"),
        ({"consentLifeSpan": 86_400}, {}, "2026-03-02T10:15:30.000000Z"),
        ({"consentLifeSpan": 86_400, "expiryDate": "2026-03-02T00:00:00Z"}, {}, "2026-03-02T00:00:00.000000Z"),
        ({"expiryDate": "2026-05-01T00:00:00Z"}, {"exp": 1_775_001_600}, "2026-04-01T00:00:00.000000Z"),
        ({"expiryDate": "9999-12-31T23:59:59-08:00"}, {}, "2999-12-31T23:59:59.000000Z"),
        ({"consentLifeSpan": -1}, {}, None),
    ],
)
def test_the_first_end_that_is_named_counts(of_purpose: Any, of_receipt: Any, ends: str | None) -> None:
    (row,) = consents(receipt(purpose(**of_purpose), **of_receipt), WORDS.onetrust).consent_events
    assert row["expires_at"] == ends


@pytest.mark.parametrize(
    ("of_purpose", "of_receipt"), [({}, {"unsubscribeAll": True}), ({"reactivationDate": "2026-09-01T00:00:00"}, {})]
)
def test_a_grant_that_something_else_speaks_against_is_none(of_purpose: Any, of_receipt: Any) -> None:
    taken = consents(receipt(purpose(**of_purpose), **of_receipt), WORDS.onetrust)
    assert [row["state"] for row in taken.consent_events] == ["denied"]
    assert taken.notes == {"grant_not_taken": 1}


@pytest.mark.parametrize("version", ["7", 7.5, True, None, -1])
def test_a_notice_version_that_is_no_whole_number_is_not_known(version: Any) -> None:
    notices = [{"Id": "n", "Version": version}, {"Id": "m", "Version": 9}]
    (row,) = consents(receipt(purpose(), privacyNotices=notices), WORDS.onetrust).consent_events
    assert row["notice_version"] is None


def test_a_place_counts_for_the_purposes_that_it_names() -> None:
    place = {"country": "us", "state": "CA", "purposeIds": [ANALYTICS]}
    taken = consents(receipt(purpose(), purpose(theirs=PERSONAL), geolocation=place), WORDS.onetrust)
    assert [row["jurisdiction"] for row in taken.consent_events] == ["US-CA", None]


BROKEN = [
    (receipt(test=True), Rule.TEST_DATA),
    (receipt(test="true"), Rule.TEST_DATA),
    (receipt(test="perhaps"), Rule.BAD_FIELD),
    (receipt(isAnonymous=True), Rule.ANONYMOUS_SUBJECT),
    (receipt(dataElements={}), Rule.MISSING_ACCOUNT),
    (receipt(dataElements={"AccountId": " "}), Rule.MISSING_ACCOUNT),
    (receipt(dataElements={"AccountId": "someone@example.org"}), Rule.EMAIL_AS_ACCOUNT),
    (receipt(dataElements={"AccountId": "a\u0000b"}), Rule.BAD_FIELD),
    (receipt(dataElements={"AccountId": ["acc-1"]}), Rule.BAD_FIELD),
    (receipt(dataElements="acc-1"), Rule.BAD_FIELD),
    (receipt(purposes=[]), Rule.NO_PURPOSES),
    (receipt(purposes={"id": ANALYTICS}), Rule.BAD_FIELD),
    (receipt("CONFIRMED"), Rule.NOT_AN_OBJECT),  # type: ignore[arg-type]
    (receipt({"id": ANALYTICS}), Rule.MISSING_STATE),
    (receipt({"transactionType": "CONFIRMED"}), Rule.MISSING_ID),
    (receipt(purpose(Id=PERSONAL)), Rule.CONTRADICTORY_FIELD),
    (receipt(purpose(TransactionType="WITHDRAWN")), Rule.CONTRADICTORY_FIELD),
    (receipt(interactionDate=None, consentCreationDate=None), Rule.MISSING_TIME),
    (receipt(interactionDate=NAIVE), Rule.NAIVE_TIMESTAMP),
    (receipt(consentCreationDate=NAIVE), Rule.NAIVE_TIMESTAMP),
    (receipt(purpose(expiryDate=NAIVE)), Rule.NAIVE_TIMESTAMP),
    (receipt(interactionDate="2026-02-30T00:00:00Z"), Rule.BAD_TIMESTAMP),
    (receipt(interactionDate="yesterday"), Rule.BAD_TIMESTAMP),
    (receipt(interactionDate=1_772_360_130), Rule.BAD_TIMESTAMP),
    (receipt(exp="soon"), Rule.BAD_TIMESTAMP),
    (["not", "a", "receipt"], Rule.NOT_AN_OBJECT),
]


@pytest.mark.parametrize(("broken", "rule"), BROKEN)
def test_a_broken_receipt_is_refused_whole_by_its_rule(broken: Any, rule: Rule) -> None:
    with pytest.raises(Unusable) as refused:
        consents(broken, WORDS.onetrust)
    assert refused.value.rule == rule
    assert str(refused.value) == rule.value


def test_what_is_refused_is_named_by_file_and_place_and_the_rest_is_taken(tmp_path: Path) -> None:
    export = tmp_path / "export"
    write(export / "a.json", receipt(test=True), receipt())
    write(export / "b.jsonl", "", '{"cut": ', '{"test": false, "test": true}', {"content": [receipt(), 5]}, "NaN")
    (export / "c.json").write_bytes(b"\xff\xfe")
    (export / "d.json").mkdir()
    write(export / "notes.txt", "no export")
    found = import_consents("onetrust", export, tmp_path / "landing", day=DAY, policy=WORDS)
    assert [tuple(refusal) for refusal in found.refused] == [
        ("a.json", "item 1", Rule.TEST_DATA),
        ("b.jsonl", "line 2", Rule.NOT_JSON),
        ("b.jsonl", "line 3", Rule.DUPLICATE_KEY),
        ("b.jsonl", "line 4 item 2", Rule.NOT_AN_OBJECT),
        ("b.jsonl", "line 5", Rule.NOT_JSON),
        ("c.json", "", Rule.NOT_UTF8),
        ("d.json", "", Rule.IO_ERROR),
    ]
    assert (found.documents, found.imported) == (9, 2)
    assert len(rows(tmp_path / "landing")) == 1


def test_nothing_to_read_and_nothing_mapped_are_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    good = write(tmp_path / "a.jsonl", receipt())
    for path, out, words, message in [
        (tmp_path / "empty", tmp_path / "l", WORDS, "no .json or .jsonl file here"),
        (tmp_path / "none", tmp_path / "l", WORDS, "there is no such file"),
        (tmp_path / "file", tmp_path / "l", WORDS, "not a .json or .jsonl file"),
        (good, tmp_path / "file", WORDS, "not a folder"),
        (good, tmp_path / "file" / "l", WORDS, "cannot be written: Not a directory"),
        (good, tmp_path / "l", Imports(), r"say in imports\.onetrust\.purposes"),
    ]:
        with pytest.raises(UsageError, match=message):
            import_consents("onetrust", path, out, day=DAY, policy=words)
    assert not (tmp_path / "l").exists()


def test_every_rule_has_its_words_and_is_documented() -> None:
    assert ADVICE.keys() == set(Rule)
    documented = (package_policy.PACKAGED.parent.parent / "docs" / "consent-imports.md").read_text()
    assert [rule for rule in Rule if f"`{rule}`" not in documented] == []
    assert [state for state in PACKAGED.onetrust.states if f"`{state}`" not in documented] == []


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["CONFIRMED", NAIVE]),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=6), inside, max_size=3),
    max_leaves=5,
)
of_receipt = st.sampled_from([*receipt(), "exp", "iat", "jti", "geolocation", "privacyNotices", "unsubscribeAll"])
of_purpose = st.sampled_from([*purpose(), "Id", "TransactionType", "ExpiryDate", "PrivacyNotices", "reactivationDate"])


@given(outer=st.dictionaries(of_receipt, values, max_size=3), within=st.dictionaries(of_purpose, values, max_size=3))
def test_no_malformed_receipt_is_a_grant_that_it_does_not_state(outer: dict[str, Any], within: dict[str, Any]) -> None:
    changed = {**receipt(purpose("WITHDRAWN")), **outer}
    if isinstance(changed["purposes"], list) and "purposes" not in outer:
        changed["purposes"] = [{**changed["purposes"][0], **within}]
    try:
        taken = consents(json.loads(json.dumps(changed)), WORDS.onetrust)
    except Unusable:
        return
    for row in taken.consent_events:
        assert row["state"] != "granted" or "CONFIRMED" in (
            within.get("transactionType"),
            within.get("TransactionType"),
        )
        json.dumps(row, ensure_ascii=False).encode()
