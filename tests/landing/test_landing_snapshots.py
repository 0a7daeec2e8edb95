"""Of a snapshot's rows the newest good one of each key is let in."""

from __future__ import annotations

from pathlib import Path

from landing_toy import DAY, a, accepted, accounting, counts, drop, later, let_in

from media_privacy_pipeline.engines import Session


def test_the_highest_file_and_last_line_wins(either: Session, landing: Path) -> None:
    drop(landing, "accounts", [a("accounts", plan="old"), a("accounts", plan="older")], name="2026-02.csv")
    rows = [a("accounts", plan="new"), a("accounts", plan="newest"), a("accounts", profile_id="kids", plan="k")]
    drop(landing, "accounts", rows, name="2026-03.jsonl.gz")
    drop(landing, "accounts", [a("accounts", birth_year="bad", plan="broken")], name="2026-04.parquet")
    let_in(either, "accounts")
    assert [(row["profile_id"], row["plan"]) for row in accepted(either, "accounts")] == [
        ("kids", "k"), ("main", "newest"),
    ]  # fmt: skip
    assert counts(either, "accounts") == {
        ("landed", ""): 6, ("accepted", ""): 2, ("superseded", ""): 3, ("quarantined", "bad_birth_year"): 1,
    }  # fmt: skip


def test_each_run_counts_on_its_last_day(session: Session, landing: Path) -> None:
    drop(landing, "titles", [a("titles")], name="a.csv")
    let_in(session, "titles", DAY, later(2))
    let_in(session, "titles", later(3), later(4))
    assert [(c.arrival_day, c.stage, c.rows) for c in accounting(session, "titles")] == [
        (later(2), "accepted", 1), (later(2), "landed", 1), (later(4), "accepted", 1), (later(4), "landed", 1),
    ]  # fmt: skip


def test_an_unchanged_snapshot_is_not_read_again(session: Session, landing: Path) -> None:
    path = drop(landing, "titles", [a("titles")], name="a.csv")
    assert not let_in(session, "titles").skipped
    assert let_in(session, "titles").skipped
    path.write_text(path.read_text().replace("One", "Two"))
    assert not let_in(session, "titles").skipped
    assert [row["title"] for row in accepted(session, "titles")] == ["Two"]


def test_a_snapshot_that_did_not_come_leaves_the_last_in_force(session: Session, landing: Path) -> None:
    drop(landing, "accounts", [a("accounts")], name="a.csv").rename(landing / "accounts" / "b.csv")
    let_in(session, "accounts")
    (landing / "accounts" / "b.csv").unlink()
    assert let_in(session, "accounts", later(1)).skipped
    assert len(accepted(session, "accounts")) == 1
