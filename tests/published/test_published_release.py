"""A release is whole, says where everything is, and is made once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from publishing_house import FIRST, SECOND, VIEWERS, House, put_audit, put_day, put_recommendations, span

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.keys import Keyring
from media_privacy_pipeline.published import open_release, release_ids, steps
from media_privacy_pipeline.published.gate import Verdict
from media_privacy_pipeline.published.layout import Layout
from media_privacy_pipeline.published.steps import candidate, publish


def release(session: Session, last: date = SECOND) -> str:
    candidate(session, span(last))
    return str(publish(session, span(last)).metadata["release_id"])


def test_a_release_holds_every_table(session: Session) -> None:
    release_id = release(session)
    opened = open_release(session.settings.home)
    assert opened.release_id == release_id
    assert opened.tables == ("audit_findings", "recommendations", "row_accounting", "title_daily")
    assert opened.pandas("recommendations")["viewer_key"].tolist() == sorted(VIEWERS)


def test_a_second_run_changes_nothing(session: Session) -> None:
    first = release(session)
    before = {path: path.stat().st_mtime_ns for path in Layout(session.settings.home).root.rglob("*")}
    again = candidate(session, span())
    result = publish(session, span())
    assert (again.skipped, result.skipped, result.metadata["release_id"]) == (True, True, first)
    assert {path: path.stat().st_mtime_ns for path in Layout(session.settings.home).root.rglob("*")} == before


def test_what_did_not_change_is_carried_over_by_reference(session: Session, house: House) -> None:
    first = release(session)
    old = open_release(session.settings.home)
    put_day(session, SECOND, [3.0, 4.0])
    second = release(session)
    new = open_release(session.settings.home)
    assert second != first
    by_day = {file.day: file for file in new.manifest.tables["title_daily"].files}
    assert by_day[FIRST] == old.manifest.tables["title_daily"].files[0]
    assert second in by_day[SECOND].path
    assert new.manifest.tables["recommendations"].files == old.manifest.tables["recommendations"].files
    rows = new.arrow("title_daily").sort_by("day")
    assert rows["release_id"].to_pylist() == [first, first, second, second]


def test_rows_in_another_order_are_the_same_release(session: Session) -> None:
    first = release(session)
    put_recommendations(session, 1, VIEWERS[::-1])
    assert candidate(session, span()).metadata["release_id"] == first


def test_restricted_files_give_nothing_away_without_the_key(session: Session, tmp_path: Path) -> None:
    release(session)
    opened = open_release(session.settings.home)
    (file,) = opened.files("recommendations")
    raw = file.read_bytes()
    # Words of eight letters and more: a shorter one may stand in a ciphertext by chance.
    assert not [word for word in ("viewer_key", "title_id", *VIEWERS) if word.encode() in raw]
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(OSError, match="encrypted"):
        pq.read_table(file)
    other = tmp_path / "other.keys"
    Keyring.open(other)
    with pytest.raises(Refused, match="does not open"):
        open_release(session.settings.home, keys=other).arrow("recommendations")


def test_superseded_restricted_files_are_retired_after_the_policy_s_days(session: Session, house: House) -> None:
    first = release(session)
    put_recommendations(session, 2, VIEWERS[:2])
    second = release(session)
    assert open_release(session.settings.home, first).arrow("recommendations").num_rows == 3
    late = date(2024, 1, 9)
    put_audit(session, late)
    third = release(session, late)
    with pytest.raises(Refused, match="were retired"):
        open_release(session.settings.home, first).arrow("recommendations")
    # The third carries the second's file over, so it stays.
    assert second in open_release(session.settings.home, third).files("recommendations")[0].as_posix()
    assert open_release(session.settings.home, first).arrow("title_daily").num_rows == 2
    assert release_ids(session.settings.home) == sorted([first, second, third])


def test_a_release_that_an_older_one_took_the_place_of_is_retired_too(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "verify", lambda *_: Verdict((), ()))
    first = release(session)
    put_recommendations(session, 2)
    second = release(session)
    put_recommendations(session, 1)
    assert release(session) == first
    for generation, last in ((3, date(2024, 1, 3)), (4, date(2024, 3, 1))):
        put_recommendations(session, generation)
        release(session, last)
    with pytest.raises(Refused, match="were retired"):
        open_release(session.settings.home, second).arrow("recommendations")


def test_an_unknown_table_or_release_is_answered_with_the_known_ones(session: Session) -> None:
    with pytest.raises(UsageError, match="nothing was published"):
        open_release(session.settings.home)
    release_id = release(session)
    with pytest.raises(UsageError, match="has audit_findings, recommendations, row_accounting, title_daily"):
        open_release(session.settings.home).arrow("nosuch")
    with pytest.raises(UsageError, match=f"known are {release_id}"):
        open_release(session.settings.home, "../../etc")


def test_a_table_that_could_not_be_made_is_left_out_with_a_reason(session: Session) -> None:
    session.lake.delete("recommendations")
    release(session)
    with pytest.raises(UsageError, match="data did not suffice"):
        open_release(session.settings.home).arrow("recommendations")


def test_the_manifest_is_signed_and_changes_are_seen(session: Session) -> None:
    release(session)
    manifest = open_release(session.settings.home).manifest
    manifest.verify(session.keyring.verifier_hex)
    with pytest.raises(Refused, match="changed after it was signed"):
        manifest.model_copy(update={"policy": "other"}).verify(session.keyring.verifier_hex)
    with pytest.raises(Refused, match="not signed with this"):
        manifest.verify("00" * 32)


def test_nothing_is_carried_over_from_a_manifest_that_was_changed(session: Session) -> None:
    path = Layout(session.settings.home).manifest(release(session))
    path.write_text(path.read_text().replace('"rows": 3', '"rows": 4'))
    with pytest.raises(Refused, match="was changed after it was signed"):
        candidate(session, span())


def test_a_table_with_no_rows_is_published_with_its_columns(session: Session) -> None:
    put_recommendations(session, 1, [])
    release(session)
    table = open_release(session.settings.home).arrow("recommendations")
    assert table.num_rows == 0
    assert table.schema.field("rank").type == pa.int32()
