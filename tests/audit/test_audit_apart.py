"""The audit's people are in a world of their own: what it plants is in nothing that the installation keeps."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from media_privacy_pipeline import policy
from media_privacy_pipeline.audit.canaries import check_canaries
from media_privacy_pipeline.audit.size import SIZES
from media_privacy_pipeline.audit.steps import tried
from media_privacy_pipeline.audit.withheld import check_withheld, honest_night, world_of
from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.privacy import BudgetLedger


@pytest.fixture
def session(make_session: Callable[..., Session], one_table: Path) -> Session:
    return make_session(policy=one_table)


def _content(folder: Path) -> dict[str, str]:
    return {str(at): sha256(at.read_bytes()).hexdigest() for at in sorted(folder.rglob("*")) if at.is_file()}


def test_a_whole_audit_leaves_the_home_as_it_was(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(BudgetLedger(session.settings.budget_ledger, session.policy.releases.budget)) as ledger:
        before = _content(session.settings.home)
        small = SIZES["small"]
        # Planted people too, which only the full size has.
        assert all(each.passed for each in [*tried(session, small), *check_withheld(session)])
        assert _content(session.settings.home) == before
        assert ledger.charges() == []
    assert not session.settings.key_file.exists()


def test_planted_people_never_meet_ledgers_that_are_elsewhere(make_session: Callable[..., Session]) -> None:
    elsewhere = "postgresql://ledger.example/real"
    places = dict.fromkeys(("lake_url", "published_url"), "s3://real/place")
    session = make_session(consent_ledger_url=elsewhere, budget_ledger_url=elsewhere, iceberg_url=elsewhere, **places)
    own = world_of(session, session.settings.work / "apart")
    assert own.settings.home.is_relative_to(session.settings.work)
    for url in (own.settings.consent_ledger, own.settings.budget_ledger):
        assert url.startswith(f"sqlite:///{own.settings.home}")
    assert own.settings.lake.is_relative_to(own.settings.home)
    assert {own.settings.lake_url, own.settings.published_url, own.settings.iceberg_url} == {None}
    assert own.settings.key_file.is_relative_to(session.settings.work)
    assert own.keyring.verifier_hex != session.keyring.verifier_hex


def test_an_audit_that_sees_nobody_is_not_passed(session: Session) -> None:
    def nobody(own: Session, span: Span) -> None:
        honest_night(own, span)
        own.lake.delete("permitted_analytics_viewing_events")

    (finding,) = check_withheld(session, nobody)
    assert (finding.estimate, finding.passed) == (1, False)


def test_canaries_without_noise_are_all_guessed(session: Session) -> None:
    # So many cells that for certain more than a quarter of the canaries are in, and more than a quarter are not.
    statement = policy.load().releases.tables["audience_daily"]
    work = session.settings.work
    silent = check_canaries("audience_daily", statement, session.engine, work, noise=lambda values, sigma: values)
    assert silent.low == silent.high > silent.limit
    assert not silent.passed
