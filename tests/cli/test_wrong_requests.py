"""What cannot be met is said in one line on standard error, with exit code 1 or 2 and without a traceback."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import pytest
import yaml
from cli_result import refused

from media_privacy_pipeline.policy import PACKAGED


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """A landing zone with one day and no row."""
    (tmp_path / "landing" / "viewing_events" / "day=2026-01-01").mkdir(parents=True)
    return tmp_path / "landing"


def test_days_in_the_wrong_order(cli, landing: Path) -> None:
    done = cli("run", "--from", "2026-01-05", "--to", "2026-01-02")
    assert refused(done, 2) == (
        "media-privacy: --from 2026-01-05 is after --to 2026-01-02: the days are in the wrong order"
    )


def test_a_day_that_is_none(cli, landing: Path) -> None:
    assert "2026-02-30" in refused(cli("run", "--from", "2026-02-30"), 2)


def test_a_time_that_is_none(cli, landing: Path) -> None:
    assert "--as-of yesterday: not a time" in refused(cli("run", "--as-of", "yesterday"), 2)


def test_a_missing_landing_zone(cli, tmp_path: Path) -> None:
    assert f"{tmp_path / 'nowhere'}: there is no landing zone" in refused(cli("run", "--landing", "nowhere"), 2)
    assert not (tmp_path / "home").exists()


def test_a_landing_zone_without_a_day(cli, tmp_path: Path) -> None:
    (tmp_path / "landing" / "viewing_events").mkdir(parents=True)
    assert "no arrival day; expected folders such as" in refused(cli("run"), 2)


def test_a_home_that_cannot_be_written(cli, landing: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert "file/home: cannot write to the home" in refused(cli("run", "--home", "file/home"), 1)


def test_an_unknown_engine(cli, landing: Path) -> None:
    assert "--engine oracle: there are duckdb and spark" in refused(cli("run", "--engine", "oracle"), 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"purposes": {"analytics": {"window_days": -1}}}, "purposes.analytics.window_days"),
        ({"subjects": {"hidden_titles_denied_for": ["gossip"]}}, "unknown purpose 'gossip'"),
        ({"purposes": {"context": {"parent": "gossip"}}}, "unknown parent 'gossip'"),
        ({"mood": "good"}, "mood"),
    ],
)
def test_a_policy_that_cannot_be(cli, landing: Path, tmp_path: Path, change: dict, said: str) -> None:
    policy = _merged(yaml.safe_load(PACKAGED.read_text()), change)
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(policy))
    message = refused(cli("run", "--policy", "policy.yaml"), 2)
    assert message.startswith(f"media-privacy: {tmp_path / 'policy.yaml'}: ")
    assert said in message


def test_a_policy_that_is_not_there(cli, landing: Path) -> None:
    assert "cannot read the policy" in refused(cli("run", "--policy", "none.yaml"), 2)


def test_a_setting_of_the_wrong_type(cli, landing: Path) -> None:
    assert "threads" in refused(cli("run", env={"MEDIA_PRIVACY_THREADS": "many"}), 2)


def test_nothing_published_yet(cli) -> None:
    assert "nothing was published here yet" in refused(cli("read", "title_daily"), 2)


def test_an_unknown_purpose(cli) -> None:
    assert "--purpose gossip: the policy knows" in refused(cli("key", "--purpose", "gossip", "a", "b"), 2)


def test_a_key_is_not_made_by_asking_for_one(cli, tmp_path: Path) -> None:
    assert "no key file" in refused(cli("key", "--purpose", "training", "a", "b"), 2)
    assert not (tmp_path / "home.keys").exists()


def test_a_second_run_says_who_holds_the_home(cli, landing: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with (tmp_path / "home" / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        json.dump({"pid": 4711, "command": "the night run", "since": "2026-01-02T03:00:00+00:00"}, lock)
        lock.flush()
        message = refused(cli("run"), 1)
    assert "another run holds this home: the night run (process 4711, since 2026-01-02T03:00:00+00:00)" in message


def test_no_error_leaves_a_traceback_unless_it_is_asked_for(cli) -> None:
    assert "Traceback" in cli("--debug", "read", "title_daily").stderr


def _merged(base: dict, change: dict) -> dict:
    merged = {**base}
    for name, value in change.items():
        merged[name] = _merged(merged[name], value) if isinstance(value, dict) else value
    return merged
