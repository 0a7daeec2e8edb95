"""What is not declared, not agreed to, not fresh or not whole is not handed over, and leaves no trace of a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from disclosure_world import form, hand, open_world, world
from retention_world import T, ago, agreed, put

from media_privacy_pipeline import policy
from media_privacy_pipeline.consent import steps as consent
from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.published import open_release
from media_privacy_pipeline.rights.disclosure import DisclosureLog, Wanted, hand_over


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("refused")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        yield world(folder)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"recipient": "astrologer"}, "declares no recipient 'astrologer'.*office, bureau, mailer"),
        ({"purpose": "training"}, "may have tables for disclosure, analytics, not for training"),
        ({"table": "viewer_segments"}, "may have recommendations, audit_findings, not viewer_segments"),
        ({"table": "audit_findings"}, "release .* has no such table"),
        ({"purpose": "analytics"}, "holds people's rows for personalisation"),
        ({"recipient": "mailer"}, "for personalisation, not for disclosure"),
        ({"release": "20200101T000000-000000000000"}, "no such release"),
    ],
)
def test_what_the_policy_does_not_declare_is_a_wrong_request(
    session: Session, tmp_path: Path, asked: dict[str, Any], told: str
) -> None:
    out = tmp_path / "out.parquet"
    with pytest.raises(UsageError, match=told):
        hand(session, out, **asked)
    assert not out.exists()
    assert DisclosureLog(session.settings.home, session.keyring).end() == 0


def test_a_file_that_is_there_is_not_written_over(session: Session, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("mine")
    with pytest.raises(UsageError, match="there is a file already"):
        hand(session, tmp_path / "out.csv")
    with pytest.raises(UsageError, match=r"ends in \.parquet or \.csv"):
        hand(session, tmp_path / "out.xlsx")


@pytest.mark.parametrize("place", ["home", "landing"])
def test_no_copy_where_an_erasure_would_not_know_its_names(session: Session, place: str) -> None:
    out = getattr(session.settings, place) / "out.csv"
    out.parent.mkdir(exist_ok=True)
    with pytest.raises(UsageError, match="where a copy of personal data must not be"):
        hand(session, out)
    assert not out.exists()


def test_a_stale_consent_source_and_an_expired_release_say_no(session: Session, tmp_path: Path) -> None:
    wanted = Wanted("recommendations", "office", "disclosure", tmp_path / "out.csv")
    with pytest.raises(Refused, match="max_source_age_days"):
        hand_over(session, wanted, T + timedelta(days=9))
    with pytest.raises(Refused, match="expired"):
        hand_over(session, wanted, T + timedelta(days=31))


def test_a_choice_that_is_recorded_later_than_now_is_waited_for(session: Session, tmp_path: Path) -> None:
    wanted = Wanted("recommendations", "office", "disclosure", tmp_path / "out.csv")
    with pytest.raises(Refused, match="knows of choices recorded until"):
        hand_over(session, wanted, T - timedelta(days=3))


def test_files_that_were_changed_are_not_handed_over(tmp_path: Path) -> None:
    session = open_world(tmp_path)
    (file,) = open_release(session.settings.home).files("audit_findings")
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(Refused, match="is not what was released"):
        hand(session, tmp_path / "out.csv", table="audit_findings", purpose="analytics")


def test_nobody_left_is_a_refusal_and_no_line(tmp_path: Path) -> None:
    session = world(tmp_path)
    day = ago(-0.01).date()
    everyone = [
        form(account, -0.01, None, "withdrawn") for account in ("23 months", "for the office", "not the bureau")
    ]
    put(
        session,
        "accepted_consent_events",
        [{**row, "arrival_day": day} for row in [*everyone, agreed("training", "x", -0.01)]],
    )
    consent.update_ledger(session, Span.of(day, day))
    with pytest.raises(Refused, match="nobody in it lets office have their rows"):
        hand(session, tmp_path / "out.csv")
    assert DisclosureLog(session.settings.home, session.keyring).end() == 0


def test_a_recipient_for_an_unknown_purpose_makes_no_policy(tmp_path: Path) -> None:
    recipient = "{title: t, contact: c, country: DE, purposes: [astrology], tables: [x], basis: b}"
    text = policy.PACKAGED.read_text().replace("recipients: {}", f"recipients: {{office: {recipient}}}")
    (tmp_path / "policy.yaml").write_text(text)
    with pytest.raises(UsageError, match=r"recipients\.office\.purposes names the unknown purpose 'astrology'"):
        policy.load(tmp_path / "policy.yaml")
