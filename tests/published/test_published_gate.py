"""The gate verifies by itself, refuses with all its reasons, and keeps the last release."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from publishing_house import FIRST, SECOND, VIEWERS, House, put, put_audit, put_day, put_recommendations, span

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.published import open_release
from media_privacy_pipeline.published.layout import Layout
from media_privacy_pipeline.published.manifest import Override
from media_privacy_pipeline.published.overrides import FILE, approve, excused
from media_privacy_pipeline.published.steps import candidate, publish


def reasons(session: Session) -> list[str]:
    """Codes that the gate refuses with, in order."""
    candidate(session, span())
    with pytest.raises(Refused):
        publish(session, span())
    layout = Layout(session.settings.home)
    told = json.loads((layout.candidate(str(layout.latest())) / "refused.json").read_text())
    return [reason["code"] for reason in told]


def no_audit(session: Session, house: House) -> None:
    session.lake.delete("audit_findings")


def audit_of_another_day(session: Session, house: House) -> None:
    put_audit(session, FIRST)


def audit_failed(session: Session, house: House) -> None:
    put_audit(session, passed=False)


def unpaid_day(session: Session, house: House) -> None:
    house.paid.remove(FIRST)


def consent_withdrawn(session: Session, house: House) -> None:
    house.standing = VIEWERS[1:]


def consent_source_stale(session: Session, house: House) -> None:
    house.refusals = {"stale": "too old"}


def unbalanced_accounts(session: Session, house: House) -> None:
    rows = {
        "arrival_day": [FIRST] * 3,
        "source": ["viewing_events"] * 3,
        "stage": ["landed", "accepted", "used/analytics"],
    }
    put(session, "row_accounting", {**rows, "reason": [""] * 3, "rows": [12, 10, 9]})


def nothing_used(session: Session, house: House) -> None:
    house.refusals = {"empty": "nothing is used"}


def ids_for_pseudonyms(session: Session, house: House) -> None:
    house.standing = ["account-1"]
    put_recommendations(session, 1, ["account-1"])


@pytest.mark.parametrize(
    ("spoil", "codes"),
    [
        (no_audit, ["missing", "audit"]),
        (audit_of_another_day, ["audit"]),
        (audit_failed, ["audit"]),
        (unpaid_day, ["unpaid"]),
        (consent_withdrawn, ["consent"]),
        (consent_source_stale, ["stale"]),
        (unbalanced_accounts, ["contract", "contract"]),
        (nothing_used, ["empty"]),
        (ids_for_pseudonyms, ["contract"]),
    ],
)
def test_what_is_wrong_is_refused(
    session: Session, house: House, spoil: Callable[[Session, House], None], codes: list[str]
) -> None:
    spoil(session, house)
    assert reasons(session) == codes


def test_all_reasons_are_told_at_once_and_the_last_release_stays(session: Session, house: House) -> None:
    candidate(session, span())
    first = publish(session, span()).metadata["release_id"]
    put_day(session, SECOND, [1.0])
    house.paid.remove(SECOND)
    house.refusals = {"stale": "too old"}
    put_audit(session, passed=False)
    candidate(session, span())
    with pytest.raises(Refused) as refusal:
        publish(session, span())
    said = str(refusal.value)
    assert [
        word
        for word in ("contract: title_daily: whole_domain", "unpaid: title_daily", "stale", "audit")
        if word not in said
    ] == []
    assert open_release(session.settings.home).release_id == first


def test_a_file_that_was_changed_after_it_was_staged_is_refused(session: Session) -> None:
    candidate(session, span())
    layout = Layout(session.settings.home)
    file = next(layout.candidates.rglob("row_accounting/*/*.parquet"))
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(Refused, match=r"file: row_accounting: .* is not what was staged"):
        publish(session, span())


def test_a_refusal_names_no_value(session: Session, house: House, capfd: pytest.CaptureFixture[str]) -> None:
    marker = "zzmarkerzz"
    put_recommendations(session, 1, [marker, marker])
    candidate(session, span())
    with pytest.raises(Refused) as refusal:
        publish(session, span())
    home = session.settings.home
    told = [path.read_text() for path in (home / "reports").rglob("*.*") if path.is_file()]
    told += [path.read_text() for path in (home / "candidates").rglob("*.json")]
    assert len(told) > 5
    assert marker not in "".join([str(refusal.value), *told, *capfd.readouterr()])
    assert all(marker.encode() not in path.read_bytes() for path in (home / "candidates").rglob("*.parquet"))


def test_a_refused_candidate_goes_out_once_what_was_wrong_is_mended(session: Session, house: House) -> None:
    put_audit(session, passed=False)
    assert reasons(session) == ["audit"]
    put_audit(session)
    assert candidate(session, span()).skipped
    publish(session, span())
    assert open_release(session.settings.home).arrow("audit_findings")["passed"].to_pylist() == [True]


def test_publishing_without_a_candidate_says_what_to_do(session: Session) -> None:
    with pytest.raises(UsageError, match="there is no candidate"):
        publish(session, span())


def keys(n: int) -> list[Ed25519PrivateKey]:
    return [Ed25519PrivateKey.generate() for _ in range(n)]


def public(key: Ed25519PrivateKey) -> str:
    return approve(key, "", (), "").key


def override(release_id: str, codes: tuple[str, ...], signers: list[Ed25519PrivateKey]) -> Override:
    approvals = tuple(approve(key, release_id, codes, "known issue") for key in signers)
    return Override(release_id=release_id, reasons=codes, justification="known issue", approvals=approvals)


def test_two_different_trusted_keys_excuse_the_named_reasons() -> None:
    pair = keys(2)
    trusted = {public(key) for key in pair}
    assert excused(override("r", ("audit",), pair), "r", trusted) == {"audit"}
    assert excused(None, "r", trusted) == frozenset()


def test_one_key_twice_a_stranger_or_another_text_excuse_nothing() -> None:
    one, two, stranger = keys(3)
    trusted = {public(one), public(two)}
    good = override("r", ("audit",), [one, two])
    for bad in (
        override("r", ("audit",), [one, one]),
        override("r", ("audit",), [one, stranger]),
        good.model_copy(update={"reasons": ("audit", "unpaid")}),
        good.model_copy(update={"justification": "other"}),
    ):
        with pytest.raises(Refused, match="two different ones are needed"):
            excused(bad, "r", trusted)
    with pytest.raises(Refused, match="is for release r"):
        excused(good, "other", trusted)


def _release_with_override(session: Session, monkeypatch: pytest.MonkeyPatch, codes: tuple[str, ...]) -> None:
    pair = keys(2)
    rules = session.policy.published.model_copy(update={"override_keys": tuple(public(key) for key in pair)})
    monkeypatch.setitem(session.__dict__, "policy", session.policy.model_copy(update={"published": rules}))
    release_id = str(candidate(session, span()).metadata["release_id"])
    folder = Layout(session.settings.home).candidate(release_id)
    (folder / FILE).write_text(override(release_id, codes, pair).model_dump_json())
    publish(session, span())


def test_an_override_is_kept_in_the_signed_manifest(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    put_audit(session, passed=False)
    _release_with_override(session, monkeypatch, ("audit",))
    manifest = open_release(session.settings.home).manifest
    manifest.verify(session.keyring.verifier_hex)
    assert [each.justification for each in manifest.overrides] == ["known issue"]


def test_no_override_stands_in_for_consent(session: Session, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.standing = ()
    with pytest.raises(Refused, match="consent: recommendations: 3 of 3 rows"):
        _release_with_override(session, monkeypatch, ("consent",))
