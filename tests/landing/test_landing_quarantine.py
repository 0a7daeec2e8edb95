"""Refused rows are kept sealed, can be read and replayed, and are destroyed in time."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from landing_toy import DAY, a, accepted, drop, folder_of, later, let_in

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.filtering import Rewritten
from media_privacy_pipeline.landing import quarantine, refusals
from media_privacy_pipeline.sql import Project


def spoil(landing: Path) -> None:
    """A drop with a row that breaks a rule, one that cannot be taken apart, and a good one."""
    rows = [a("viewing_events", account_id="Marianne", watched_seconds=-4, genres=["x"]), a("viewing_events")]
    path = drop(landing, "viewing_events", rows)
    path.write_text(path.read_text() + '{"account_id": "Leonard"\n')
    (folder_of(landing, "viewing_events") / "Suzanne.txt").write_text("")


def test_rows_come_back_with_file_line_and_reason(session: Session, landing: Path) -> None:
    spoil(landing)
    let_in(session, "viewing_events")
    unreadable, row, malformed = quarantine.read(session, "viewing_events", DAY)
    assert (unreadable.file.rpartition("/")[2], unreadable.line) == ("Suzanne.txt", None)
    assert (row.file, row.line) == (f"viewing_events/day={DAY}/part-0.jsonl", 1)
    assert row.reason == "watched_seconds_out_of_range"
    assert row.row is not None
    assert (row.row["account_id"], row.row["watched_seconds"], row.row["gpc"]) == ("Marianne", "-4", None)
    assert "genres" not in row.row
    assert (malformed.line, malformed.reason, malformed.raw) == (3, "malformed_row", '{"account_id": "Leonard"')


def test_nothing_of_a_refused_row_is_on_disk_in_the_clear(session: Session, landing: Path) -> None:
    spoil(landing)
    let_in(session, "viewing_events")
    for path in session.settings.home.rglob("*"):
        if path.is_file():
            for name in (b"Marianne", b"Leonard", b"Suzanne"):
                assert name not in path.read_bytes(), path
    assert not any(session.settings.work.iterdir())


def test_a_changed_part_is_refused(session: Session, landing: Path) -> None:
    spoil(landing)
    let_in(session, "viewing_events")
    (part,) = session.settings.quarantine.rglob("*.sealed")
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    with pytest.raises(Refused, match="was changed"):
        quarantine.read(session, "viewing_events", DAY)


def test_a_part_is_bound_to_its_day(session: Session, landing: Path) -> None:
    spoil(landing)
    let_in(session, "viewing_events")
    (part,) = session.settings.quarantine.rglob("*.sealed")
    part.parent.rename(part.parent.with_name(f"arrival_day={later(1)}"))
    with pytest.raises(Refused):
        quarantine.read(session, "viewing_events", later(1))


def test_running_again_replaces_what_was_kept(session: Session, landing: Path) -> None:
    spoil(landing)
    let_in(session, "viewing_events")
    path = drop(landing, "viewing_events", [a("viewing_events")])
    let_in(session, "viewing_events")
    assert [refusal.line for refusal in quarantine.read(session, "viewing_events", DAY)] == [None]
    (path.parent / "Suzanne.txt").unlink()
    let_in(session, "viewing_events")
    assert quarantine.days(session, "viewing_events") == []
    assert quarantine.read(session, "viewing_events", DAY) == []


def test_many_rows_are_kept_in_parts(session: Session, landing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "_ROWS_A_PART", 4)
    rows = [a("viewing_events", event_id=str(at), watched_seconds=-at) for at in range(1, 11)]
    drop(landing, "viewing_events", rows)
    let_in(session, "viewing_events")
    assert len([*session.settings.quarantine.rglob("*.sealed")]) == 3
    assert [refusal.line for refusal in quarantine.read(session, "viewing_events", DAY)] == [*range(1, 11)]


def test_refused_rows_can_be_replayed_after_a_fix(
    session: Session, landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(landing)
    let_in(session, "viewing_events")
    out = tmp_path / "fixed"
    assert quarantine.replay(session, "viewing_events", DAY, out) == (1, 1)
    (replayed,) = out.rglob("*.jsonl")
    assert replayed.relative_to(out).as_posix() == f"viewing_events/day={DAY}/replay-{DAY}.jsonl"
    row = json.loads(replayed.read_text())
    assert row["account_id"] == "Marianne"
    replayed.write_text(json.dumps({**row, "watched_seconds": 4}))
    vars(session)["settings"] = session.settings.model_copy(update={"landing": out, "home": tmp_path / "again"})
    del vars(session)["lake"]
    let_in(session, "viewing_events")
    assert [row["account_id"] for row in accepted(session, "viewing_events")] == ["Marianne"]


def test_a_list_survives_a_replay(session: Session, landing: Path, tmp_path: Path) -> None:
    drop(landing, "titles", [a("titles", release_year="soon", genres=["drama", "crime"])], name="a.parquet")
    let_in(session, "titles")
    assert quarantine.replay(session, "titles", DAY, tmp_path / "out") == (1, 0)
    (path,) = (tmp_path / "out" / "titles").iterdir()
    assert json.loads(path.read_text())["genres"] == "drama|crime"


def test_nothing_refused_is_nothing_replayed(session: Session, tmp_path: Path) -> None:
    assert quarantine.replay(session, "titles", DAY, tmp_path / "out") == (0, 0)
    assert not (tmp_path / "out").exists()


def test_what_is_older_than_the_policy_allows_is_destroyed(session: Session, landing: Path) -> None:
    spoil(landing)
    let_in(session, "viewing_events")
    kept = session.policy.landing.quarantine_days
    as_of = datetime.combine(DAY, time()) + timedelta(days=kept)
    assert quarantine.purge(session, "viewing_events", as_of) == 0
    assert quarantine.purge(session, "viewing_events", as_of + timedelta(days=1)) == 1
    assert quarantine.days(session, "viewing_events") == []
    assert let_in(session, "viewing_events").skipped


def test_rows_are_taken_out_and_the_others_stay_with_their_reasons(session: Session, landing: Path) -> None:
    spoil(landing)
    let_in(session, "viewing_events")
    told: list[Rewritten] = []

    def ahead(lost: Rewritten) -> None:
        assert len(quarantine.read(session, "viewing_events", DAY)) == 3
        told.append(lost)

    left = session.settings.quarantine / "viewing_events" / f".arrival_day={DAY}-crashed"
    left.mkdir()
    quarantine.rewrite(session, "viewing_events", DAY, lambda refusal: refusal.row is None, ahead)
    assert [r.raw for r in quarantine.read(session, "viewing_events", DAY)] == [None, '{"account_id": "Leonard"']
    [lost] = told
    assert (lost.rows_before, lost.rows_after) == (3, 2)
    assert lost.sha256_before != lost.sha256_after
    assert not left.exists()
    quarantine.rewrite(session, "viewing_events", DAY, lambda refusal: refusal.row is None, told.append)
    assert told == [lost]
    quarantine.rewrite(session, "viewing_events", DAY, lambda _: False, told.append)
    assert quarantine.read(session, "viewing_events", DAY) == []


def test_many_refused_rows_are_sealed_in_parts_in_the_same_order(
    make_session: Callable[..., Session],
    project: Project,
    landing: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("b.jsonl", "a.csv"):
        rows = [a("viewing_events", event_id=f"{name}{n}", watched_seconds=-1 if n % 3 else 1) for n in range(20)]
        drop(landing, "viewing_events", rows, name=name)
    drop(landing, "viewing_events", [a("viewing_events", watched_seconds=-1)], later(1))
    (folder_of(landing, "viewing_events") / "broken.txt").write_text("")
    found = []
    for at_once in (refusals._ROWS_AT_ONCE, 4):
        monkeypatch.setattr(refusals, "_ROWS_AT_ONCE", at_once)
        session = make_session(landing=landing, home=tmp_path / f"home-{at_once}")
        vars(session)["project"] = project
        let_in(session, "viewing_events", DAY, later(1))
        found.append([quarantine.read(session, "viewing_events", day) for day in (DAY, later(1))])
    assert [len(day) for day in found[0]] == [27, 1]
    assert found[0] == found[1]
