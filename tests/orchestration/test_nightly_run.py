"""A whole night on a small simulated landing zone, end to end, without the UI."""

from __future__ import annotations

import json
from pathlib import Path

from cli_fixture import Cli, Night

from media_privacy_pipeline.lake import Lake
from media_privacy_pipeline.orchestration.instance import open_instance
from media_privacy_pipeline.published import open_release
from media_privacy_pipeline.settings import Settings

OPEN = {"title_daily", "audience_daily", "discovery_daily", "segment_profile", "similar_titles"}
OPEN |= {"privacy_ledger", "row_accounting", "search_titles", "search_words", "search_index"}
OPEN |= {"popular_by_region", "creator_exposure", "fairness_report"}
OPEN |= {"title_forecast", "forecast_backtest", "emerging_titles", "slot_plan"}
RESTRICTED = {"recommendations", "weekly_discovery", "context_recommendations"}
RESTRICTED |= {"viewer_segments", "viewer_segments_advertising"}


def test_a_night_publishes_every_table(night: Night) -> None:
    assert night.done.returncode == 0, night.done.stderr
    release = open_release(night.home)
    assert set(release.tables) >= {*OPEN, *RESTRICTED, "audit_findings"}
    assert release.arrow("row_accounting").num_rows > 0


def test_every_row_that_landed_is_accounted_for(night: Night) -> None:
    rows = open_release(night.home).arrow("row_accounting").to_pylist()
    days = {(row["arrival_day"], row["source"]) for row in rows}
    for day, source in days:
        of = [row for row in rows if (row["arrival_day"], row["source"]) == (day, source)]
        told = sum(
            r["rows"] for r in of if r["stage"] in ("accepted", "duplicate", "superseded", "quarantined", "dropped")
        )
        assert told == sum(r["rows"] for r in of if r["stage"] == "landed"), (day, source)


def test_its_last_words_are_a_summary(night: Night) -> None:
    for word in ("landed", "used", "withheld", "quarantined", "title_daily", "epsilon", "report", "ui"):
        assert word in night.done.stdout.lower(), word


def test_a_pipe_gets_one_line_a_step_at_most(night: Night) -> None:
    steps = len(night.done.stderr.splitlines())
    assert 10 < steps < 60
    assert "\x1b" not in night.done.stderr


def test_a_second_run_finds_nothing_to_do(night: Night, cli: Cli, tmp_path: Path) -> None:
    home = night.copy(tmp_path / "home")
    before = {path: path.stat().st_mtime_ns for path in (home / "lake").rglob("*.parquet")}
    done = cli("run", "--landing", night.landing, "--home", home, "--json")
    assert done.returncode == 0, done.stderr
    assert open_release(home).release_id == open_release(night.home).release_id
    assert {path: path.stat().st_mtime_ns for path in (home / "lake").rglob("*.parquet")} == before
    document = json.loads(done.stdout)
    assert set(document["unchanged"]) >= {*OPEN, *RESTRICTED, "release"} - {"privacy_ledger"}
    assert done.stderr == ""


def test_a_night_taken_in_two_goes_lets_in_the_same_rows(night: Night, early: Night, cli: Cli, tmp_path: Path) -> None:
    assert early.done.returncode == 0, early.done.stderr
    home, days = early.copy(tmp_path / "split"), Lake(night.home / "lake").days("accepted_viewing_events")
    done = cli("run", "--landing", night.landing, "--home", home, "--from", days[4])
    assert done.returncode == 0, done.stderr
    assert _door(home) == _door(night.home)


def _door(home: Path) -> list[tuple[object, ...]]:
    """What became of the rows of the daily inputs; snapshots and decisions are those of the last run."""
    rows = open_release(home).arrow("row_accounting").to_pylist()
    return sorted(
        (str(row["arrival_day"]), row["source"], row["stage"], row["reason"], row["rows"])
        for row in rows
        if row["source"] not in ("accounts", "titles") and "/" not in row["stage"]
    )


def test_the_ui_shows_every_day_of_every_asset(night: Night) -> None:
    import dagster as dg

    days = {day.isoformat() for day in Lake(night.home / "lake").days("accepted_viewing_events")}
    with open_instance(Settings(home=night.home)) as instance:
        for table in ("accepted_viewing_events", "permitted_analytics_viewing_events", "title_daily"):
            assert instance.get_materialized_partitions(dg.AssetKey(table)) == days
        assert instance.get_runs()[0].status is dg.DagsterRunStatus.SUCCESS


def test_no_value_of_a_row_reaches_dagster(night: Night) -> None:
    """Account ids, queries and names are nowhere in the event log, run tags or logs."""
    import pyarrow.parquet as pq

    rows = [pq.read_table(file) for file in Lake(night.home / "lake").files("accepted_accounts")]
    ids = sorted(value for table in rows for value in table.column("account_id").to_pylist())
    emails = sorted(value for table in rows for value in table.column("email").to_pylist() if value)
    stored = b"".join(path.read_bytes() for path in (night.home / "dagster").rglob("*") if path.is_file())
    assert ids
    for value in ids[:50] + emails[:50]:
        assert value.encode() not in stored
