"""A Ketch message becomes the consent events or subject requests that it plainly states, and no others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from import_toy import WORDS, Row, consent, message, request, rows, rules, said, take

from media_privacy_pipeline.import_policy import Imports, KetchImports
from media_privacy_pipeline.landing.imports import Rule, ketch
from media_privacy_pipeline.landing.imports.refusal import Unusable

AT = "2026-03-01T10:15:30.000000Z"


def identity(value: Any = "acc-3", space: str = "account_id", form: Any = "raw") -> Row:
    return {"identitySpace": space, "identityFormat": form, "identityValue": value}


def test_a_consent_is_a_row_for_each_purpose(tmp_path: Path) -> None:
    found = take("ketch", tmp_path, consent(identities=[identity(), identity("p2", "profile_id")]))
    assert (found.documents, found.imported, found.consents) == (1, 1, {"denied": 1, "granted": 1})
    denied, granted = sorted(rows(tmp_path / "landing"), key=lambda row: row["state"])
    assert denied.pop("consent_event_id") != granted.pop("consent_event_id")
    common = {
        "account_id": "acc-3",
        "profile_id": "p2",
        "signal": "import",
        "effective_at": AT,
        "recorded_at": AT,
        "jurisdiction": "eugdpr",
        "evidence_ref": "ketch:consent:22880925-aac5-42f9-a653-cb6921d361ff",
    }
    assert granted == {**common, "purpose": "analytics", "state": "granted"}
    assert denied == {**common, "purpose": "personalisation", "state": "denied"}


def test_the_older_form_with_booleans_says_the_same(tmp_path: Path) -> None:
    take("ketch", tmp_path, consent({"analytics": True, "ads": False}))
    assert said(rows(tmp_path / "landing")) == {"analytics": "granted", "advertising": "denied"}


@pytest.mark.parametrize("basis", ["consent_optout", "disclosure", "other", "CONSENT_OPTIN", None])
def test_what_is_allowed_on_another_basis_than_opting_in_is_no_grant(tmp_path: Path, basis: str | None) -> None:
    bases = {"analytics": basis, "ads": "consent_optout"}
    found = take("ketch", tmp_path, consent({"analytics": "granted", "ads": "denied"}, legalBasis=bases))
    assert said(rows(tmp_path / "landing")) == {"advertising": "denied"}
    assert found.notes == {"grant_on_other_basis": 1}


def test_a_state_that_the_policy_does_not_list_is_a_denial(tmp_path: Path) -> None:
    found = take("ketch", tmp_path, consent({"analytics": "Granted", "ads": "revoked"}))
    assert said(rows(tmp_path / "landing")) == {"analytics": "denied", "advertising": "denied"}
    assert found.notes == {"unknown_state": 2}


def test_purposes_of_other_systems_are_counted(tmp_path: Path) -> None:
    found = take("ketch", tmp_path, consent({"mail": "granted", "data_sales": "granted"}))
    assert rows(tmp_path / "landing") == []
    assert (found.notes, found.unmapped) == ({"other_purpose": 1, "unmapped_purpose": 1}, {"data_sales": 1})


@pytest.mark.parametrize(("kind", "asked"), [("AccessRequest", "access"), ("DeleteRequest", "erasure")])
def test_a_request_is_one_of_ours(tmp_path: Path, kind: str, asked: str) -> None:
    found = take("ketch", tmp_path, request(kind))
    (row,) = rows(tmp_path / "landing", "subject_requests")
    assert row.pop("request_id").startswith("ketch-")
    assert row == {"account_id": "acc-3", "received_at": AT, "verified": False, "kind": asked}
    assert (found.requests, rows(tmp_path / "landing")) == ({asked: 1}, [])


@pytest.mark.parametrize(
    ("codes", "asked"),
    [
        (["analytics", "ads", "mail"], [("objection", "advertising"), ("objection", "analytics")]),
        (["mail"], []),
        ([], [("restriction", None)]),
        (["analytics", "retargeting"], [("restriction", None)]),
        (["analytics", None], [("restriction", None)]),
    ],
)
def test_a_restriction_is_never_done_by_less_than_was_asked_for(
    tmp_path: Path, codes: list[str], asked: list[tuple[str, str | None]]
) -> None:
    found = take("ketch", tmp_path, request("RestrictProcessingRequest", purposes=codes))
    done = [(row["kind"], row.get("purpose")) for row in rows(tmp_path / "landing", "subject_requests")]
    assert sorted(done, key=str) == asked
    assert found.notes.get("widened_restriction", 0) == (codes in (["analytics", "retargeting"], ["analytics", None]))


@pytest.mark.parametrize(
    ("context", "verified"),
    [
        ({"identityVerified": True}, True),
        ({"identityVerified": "true"}, False),
        ({"other": True}, False),
        (None, False),
    ],
)
def test_a_request_is_verified_only_where_the_message_says_so(context: Any, verified: bool) -> None:
    (row,) = ketch.said(request("DeleteRequest", context=context), WORDS.ketch).subject_requests
    assert row["verified"] is verified


def test_the_policy_may_say_that_every_request_was_verified() -> None:
    words = KetchImports(purposes={"analytics": "analytics"}, requests_verified=True)
    (row,) = ketch.said(request("DeleteRequest"), words).subject_requests
    assert row["verified"] is True


BROKEN = [
    (["no", "message"], Rule.NOT_AN_OBJECT),
    ({"kind": "ConsentRequest", "apiVersion": "consent/v1", "metadata": {"uid": "u"}}, Rule.NOT_AN_OBJECT),
    (message("CorrectionRequest", "dsr/v1", {}), Rule.UNSUPPORTED_KIND),
    (message("DeleteStatusEvent", "dsr/v1", {}), Rule.UNSUPPORTED_KIND),
    (message("ConsentRequest", "consent/v2", {}), Rule.UNKNOWN_VERSION),
    (message("DeleteRequest", "consent/v1", {}), Rule.UNKNOWN_VERSION),
    ({**consent(), "kind": ["ConsentRequest"]}, Rule.UNSUPPORTED_KIND),
    ({**consent(), "metadata": {}}, Rule.MISSING_ID),
    ({**consent(), "metadata": "u"}, Rule.BAD_FIELD),
    (consent(environment="staging"), Rule.TEST_DATA),
    (consent(environment=None), Rule.TEST_DATA),
    (consent(identities=[]), Rule.MISSING_ACCOUNT),
    (consent(identities=[identity(space="email")]), Rule.MISSING_ACCOUNT),
    (consent(identities=[identity("")]), Rule.MISSING_ACCOUNT),
    (consent(identities=[identity(form="sha1")]), Rule.HASHED_IDENTITY),
    (consent(identities=[identity("someone@example.org")]), Rule.EMAIL_AS_ACCOUNT),
    (consent(identities=[identity("a"), identity("b")]), Rule.AMBIGUOUS_ACCOUNT),
    (
        consent(identities=[identity(), identity("p", "profile_id"), identity("q", "profile_id")]),
        Rule.AMBIGUOUS_ACCOUNT,
    ),
    (consent(identities=["acc-3"]), Rule.NOT_AN_OBJECT),
    (consent({}), Rule.NO_PURPOSES),
    (consent(purposes=["analytics"]), Rule.BAD_FIELD),
    (consent({"analytics": None}), Rule.MISSING_STATE),
    (consent({"analytics": {"allowed": "true"}}), Rule.BAD_FIELD),
    (consent(collectedAt=None), Rule.MISSING_TIME),
    (consent(collectedAt=1_772_360_130_000), Rule.BAD_TIMESTAMP),
    (consent(collectedAt=123), Rule.BAD_TIMESTAMP),
    (consent(collectedAt="2026-03-01T10:15:30"), Rule.BAD_TIMESTAMP),
    (request("DeleteRequest", submittedTimestamp=None), Rule.MISSING_TIME),
    (request("RestrictProcessingRequest", purposes="analytics"), Rule.BAD_FIELD),
]


@pytest.mark.parametrize(("broken", "rule"), BROKEN)
def test_a_broken_message_is_refused_whole_by_its_rule(broken: Any, rule: Rule) -> None:
    with pytest.raises(Unusable) as refused:
        ketch.said(broken, WORDS.ketch)
    assert refused.value.rule == rule


def test_the_refused_are_named_and_the_rest_is_taken(tmp_path: Path) -> None:
    found = take("ketch", tmp_path, consent(environment="test"), consent(), '"a.b.c"')
    assert rules(found) == [("line 1", Rule.TEST_DATA), ("line 3", Rule.NOT_AN_OBJECT)]
    assert len(rows(tmp_path / "landing")) == 2


def test_two_tenants_with_one_request_id_are_two_requests(tmp_path: Path) -> None:
    other = {**request("DeleteRequest"), "metadata": {**request("DeleteRequest")["metadata"], "tenant": "other"}}
    take("ketch", tmp_path, request("DeleteRequest"), other)
    assert len(rows(tmp_path / "landing", "subject_requests")) == 2


def test_the_packaged_words_map_no_purpose_but_know_the_states() -> None:
    assert set(Imports().ketch.purposes) == set()
    assert WORDS.ketch.states == {"granted": "granted", "denied": "denied", "true": "granted", "false": "denied"}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["granted", "consent_optin"]),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=6), inside, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(
    ["identities", "legalBasis", "collectedAt", "jurisdiction", "environment", "context", "vendors"]
)


@given(within=st.dictionaries(names, values, max_size=3), outer=st.dictionaries(st.sampled_from([*consent()]), values))
def test_no_malformed_message_is_a_grant(within: Row, outer: Row) -> None:
    changed = {**consent({"analytics": "denied", "ads": "granted"}, legalBasis=within.get("legalBasis")), **outer}
    if isinstance(changed["request"], dict) and "request" not in outer:
        changed["request"] = {**changed["request"], **within}
    try:
        taken = ketch.said(json.loads(json.dumps(changed)), WORDS.ketch)
    except Unusable:
        return
    assert [row["purpose"] for row in taken.consent_events if row["state"] == "granted"] == []
    assert json.dumps(taken.consent_events + taken.subject_requests, ensure_ascii=False).encode()
