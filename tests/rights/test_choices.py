"""A preference file goes through the door as it is, and the next run follows it."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from rights_world import AS_OF, DAYS, Row, drop, open_home, populate, say, take_in, view

from media_privacy_pipeline.consent.asking import decisions_about, stands
from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.landing import quarantine
from media_privacy_pipeline.rights.access.choices import GRANT_AFTER, Choice, Viewer, choices
from media_privacy_pipeline.rights.access.dashboard import dashboard

VIEWER = Viewer("a1", "p1", "adult", is_kid=False)
HANDED_IN = AS_OF.date()
LATER = (AS_OF + GRANT_AFTER).date() + timedelta(days=1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """p1 agrees to personalisation, not to training. The page's files for the reverse are handed in the day after, one
    of them twice; both profiles watch on."""
    folder = tmp_path_factory.mktemp("choices")
    landing = folder / "landing"
    populate(landing, [("a1", "p1"), ("a1", "p2")])
    drop(landing, "consent_events", [say("no training", "a1", "training", "denied", profile_id="p1")], name="no.jsonl")
    session = open_home(folder)
    take_in(session)
    dashboard(session, "a1", "p1", "request of a1 p1", folder / "page", AS_OF)
    inbox = landing / "consent_events" / f"day={HANDED_IN}"
    inbox.mkdir()
    for name in ("personalisation-no.jsonl", "training-yes.jsonl"):
        shutil.copy(folder / "page" / "preferences" / name, inbox)
    shutil.copy(inbox / "training-yes.jsonl", inbox / "again.jsonl")
    for profile in ("p1", "p2"):
        for day in (HANDED_IN, LATER):
            drop(landing, "viewing_events", [view(f"{profile} {day}", ("a1", profile), day)], day, f"{profile}.jsonl")
    return session


def decided(session: Session, purpose: str) -> dict[str, str]:
    """Reason of each viewing event of the household as of the end of the last day."""
    events = session.engine.fetch("select * from e", {"e": session.folder("accepted_viewing_events")})
    end = AS_OF + GRANT_AFTER + timedelta(days=2)
    rows = decisions_about(session, "a1", {"accepted_viewing_events": events}, end)
    return {row["event_id"]: row["reason"] for row in rows if row["purpose"] == purpose}


def test_the_door_takes_them_and_the_next_run_follows(home: Session) -> None:
    before = stands(home, "a1", AS_OF)
    assert before["p1"]["personalisation"] == ""
    assert before["p1"]["training"] == "denied"
    take_in(home, DAYS[0], LATER)
    assert quarantine.days(home, "consent_events") == []
    after = stands(home, "a1", AS_OF + GRANT_AFTER + timedelta(days=2))
    assert after["p1"]["personalisation"] == "withdrawn"
    assert after["p1"]["training"] == ""
    assert after["p2"]["personalisation"] == after["p2"]["training"] == ""
    # A no ends the use of what was watched before.
    personal = decided(home, "personalisation")
    assert {reason for event, reason in personal.items() if "p1" in event} == {"withdrawn"}
    assert {reason for event, reason in personal.items() if "p2" in event} == {""}
    # A yes never covers what was watched before it could be handed in.
    training = {event: reason for event, reason in decided(home, "training").items() if "p1" in event}
    assert training.pop(f"p1 {LATER}") == ""
    assert len(training) == len(DAYS) + 1
    assert set(training.values()) == {"denied"}
    # The page's own time is not rewritten: what was decided then is decided so again.
    assert stands(home, "a1", AS_OF) == before


def offered(house: Session, viewer: Viewer) -> dict[str, Choice]:
    return {choice.path: choice for choice in choices(house, viewer, AS_OF)}


def test_each_purpose_that_rests_on_consent_has_a_yes_and_a_no(house: Session) -> None:
    found = offered(house, VIEWER)
    assert "preferences/personalisation-yes.jsonl" in found
    assert {choice.purpose for choice in found.values()} == {*house.policy.purposes} - {"service"}
    # VPPA asks for a form of its own.
    assert [choice.state for choice in found.values() if choice.purpose == "disclosure"] == ["withdrawn"]
    assert found == offered(house, VIEWER)


@pytest.mark.parametrize(
    ("viewer", "denied"),
    [
        (Viewer("a1", "p1", "minor", is_kid=False), {"personalisation", "advertising", "fairness_audit"}),
        (Viewer("a1", "p1", "adult", is_kid=True), {"personalisation", "advertising", "fairness_audit"}),
        (Viewer("a1", "p1", "unknown", is_kid=False), {"advertising"}),
    ],
)
def test_who_cannot_say_yes_is_not_asked_to(house: Session, viewer: Viewer, denied: set[str]) -> None:
    granted = {choice.purpose for choice in offered(house, viewer).values() if choice.state == "granted"}
    refused = {choice.purpose for choice in offered(house, viewer).values() if choice.state == "withdrawn"}
    assert not granted & denied
    assert denied <= refused


def test_two_viewers_never_share_an_id(house: Session) -> None:
    files: list[Row] = []
    for viewer in (VIEWER, Viewer("a1", "p11", "adult", is_kid=False), Viewer("a1p", "1", "adult", is_kid=False)):
        files += [{"text": choice.text} for choice in choices(house, viewer, AS_OF)]
    assert len({file["text"].split('"')[3] for file in files}) == len(files)


def test_the_folder_is_its_owners_alone(home: Session) -> None:
    page = Path(home.settings.home.parent / "page")
    assert {path.stat().st_mode & 0o077 for path in [page, *page.rglob("*")]} == {0}
