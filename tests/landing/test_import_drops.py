"""What an import writes: new files only, the same ones for the same documents, and no second row at the door."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from import_toy import DAY, PERSONAL, WORDS, consent, purpose, receipt, request, rows, take, write
from landing_toy import accepted, counts, let_in

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.landing.imports import import_consents

LATER = date(2026, 3, 9)


def files(landing: Path) -> dict[str, bytes]:
    return {str(file.relative_to(landing)): file.read_bytes() for file in landing.rglob("*") if file.is_file()}


def test_the_same_documents_are_the_same_file_written_once(tmp_path: Path) -> None:
    first = take("ketch", tmp_path, consent(), request("DeleteRequest"))
    before = files(tmp_path / "landing")
    assert sorted(name.rpartition("/")[0] for name in before) == [
        "consent_events/day=2026-03-04",
        "subject_requests/day=2026-03-04",
    ]
    assert [drop.written for drop in first.drops] == [True, True]
    again = take("ketch", tmp_path, request("DeleteRequest"), consent(), consent(), day=LATER)
    assert files(tmp_path / "landing") == before
    assert [(drop.path, drop.written) for drop in again.drops] == [(drop.path, False) for drop in first.drops]


def test_what_lies_in_the_landing_zone_stays_as_it_is(tmp_path: Path) -> None:
    other = write(tmp_path / "landing" / "consent_events" / f"day={DAY}" / "part-0.jsonl", '{"mine": 1}')
    (drop,) = take("onetrust", tmp_path, receipt()).drops
    assert other.read_text() == '{"mine": 1}\n'
    drop.path.write_text("tampered")
    with pytest.raises(Refused, match="holds other rows than those it is named for"):
        take("onetrust", tmp_path, receipt())
    assert drop.path.read_text() == "tampered"


def test_a_file_that_another_import_wrote_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (drop,) = take("onetrust", tmp_path, receipt()).drops
    drop.path.write_text("from the other one")
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))
    (again,) = take("onetrust", tmp_path, receipt()).drops
    assert again == (drop.path, False)
    assert [file.name for file in drop.path.parent.iterdir()] == [drop.path.name]
    assert drop.path.read_text() == "from the other one"


def test_documents_that_say_nothing_here_write_nothing(tmp_path: Path) -> None:
    found = take("onetrust", tmp_path, receipt(purpose("EXTEND")), receipt(test=True))
    assert (found.imported, found.drops) == (1, ())
    assert not (tmp_path / "landing").exists()


def test_an_id_does_not_depend_on_the_file_or_what_else_is_in_it(tmp_path: Path) -> None:
    take("onetrust", tmp_path / "a", receipt(purpose(), purpose("WITHDRAWN", PERSONAL)))
    take("onetrust", tmp_path / "b", receipt(purpose("WITHDRAWN", PERSONAL), purpose(), id="other"), receipt(purpose()))
    ids = {row["consent_event_id"] for row in rows(tmp_path / "a" / "landing")}
    assert len(ids & {row["consent_event_id"] for row in rows(tmp_path / "b" / "landing")}) == 1


def test_a_purpose_named_twice_is_two_rows(tmp_path: Path) -> None:
    take("onetrust", tmp_path, receipt(purpose("WITHDRAWN"), purpose("CONFIRMED")))
    found = rows(tmp_path / "landing")
    assert sorted(row["state"] for row in found) == ["granted", "withdrawn"]
    assert len({row["consent_event_id"] for row in found}) == 2


def test_a_receipt_without_an_id_is_known_by_what_it_says(tmp_path: Path) -> None:
    take("onetrust", tmp_path, receipt(id=None), receipt(id=None), receipt(id=None, origin="API"))
    assert len(rows(tmp_path / "landing")) == 2


def test_the_door_lets_every_row_in_once(landing: Path, session: Session, tmp_path: Path) -> None:
    whole = receipt(
        purpose(expiryDate="9999-12-31T00:00:00Z"),
        purpose("HARD_OPT_OUT", PERSONAL),
        geolocation={"country": "DE"},
        privacyNotices=[{"Version": 3}],
    )
    take("onetrust", tmp_path, whole)
    take("ketch", tmp_path, consent(), request("DeleteRequest"), request("RestrictProcessingRequest", purposes=["ads"]))
    # A longer export of another day holds the first receipt again.
    write(tmp_path / "more" / "b.json", receipt(purpose(), id="new"), whole)
    import_consents("onetrust", tmp_path / "more", landing, day=LATER, policy=WORDS)
    for source in ("consent_events", "subject_requests"):
        let_in(session, source, DAY, LATER)
    found = counts(session, "consent_events")
    assert found == {("landed", ""): 7, ("accepted", ""): 5, ("duplicate", ""): 2}
    assert counts(session, "subject_requests") == {("landed", ""): 2, ("accepted", ""): 2}
    granted = [row for row in accepted(session, "consent_events") if row["notice_version"] == 3]
    assert {row["jurisdiction"] for row in granted} == {"DE"}
    kinds = {(row["kind"], row["purpose"]) for row in accepted(session, "subject_requests")}
    assert kinds == {("erasure", None), ("objection", "advertising")}


def test_one_receipt_id_with_two_contents_is_a_dispute(landing: Path, session: Session, tmp_path: Path) -> None:
    take("onetrust", tmp_path, receipt(purpose("WITHDRAWN")), receipt(purpose("CONFIRMED")))
    let_in(session, "consent_events", DAY)
    assert counts(session, "consent_events")["quarantined", "conflicting_duplicate"] == 1
    assert session.lake.rows("conflicting_consents") > 0
