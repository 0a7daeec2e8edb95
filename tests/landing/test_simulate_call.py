"""Calling the simulator: one seed gives the same bytes, and what cannot be is refused before anything is written."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.landing.simulate import Faults, simulate

SMALL: dict[str, Any] = {"households": 60, "days": 7, "titles": 25}


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    simulate(tmp_path / "a", truth=tmp_path / "a.truth", **SMALL)
    simulate(tmp_path / "b", truth=tmp_path / "b.truth", **SMALL)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert digests(tmp_path / "a.truth") == digests(tmp_path / "b.truth")


def test_another_seed_gives_other_people(tmp_path: Path) -> None:
    simulate(tmp_path / "a", **SMALL)
    simulate(tmp_path / "b", seed=8, **SMALL)
    assert digests(tmp_path / "a") != digests(tmp_path / "b")


def test_without_faults_every_row_lands_once_and_well(tmp_path: Path) -> None:
    made = simulate(tmp_path / "a", faults=Faults.none(), **SMALL)
    assert made.planted == {}


def test_only_the_formats_asked_for_are_written(tmp_path: Path) -> None:
    simulate(tmp_path / "a", formats=[".parquet"], faults=Faults.none(), **SMALL)
    assert {path.suffix for path in (tmp_path / "a").rglob("*") if path.is_file()} == {".parquet"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"days": 0}, "days: 0 is below 1"),
        ({"households": -3}, "households: -3 is below 1"),
        ({"titles": 0}, "titles: 0 is below 1"),
        ({"formats": [".orc"]}, r"formats: \.orc unknown"),
        ({"formats": []}, "formats: none given"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        simulate(tmp_path / "a", **{**SMALL, **change})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "mine").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        simulate(tmp_path / "a", **SMALL)
    assert digests(tmp_path).keys() == {"a/mine"}


def test_truth_never_goes_into_the_zone(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="never into it"):
        simulate(tmp_path / "a", truth=tmp_path / "a" / "truth", **SMALL)


def test_a_zone_that_is_not_finished_is_not_there(tmp_path: Path) -> None:
    def stop(done: int, _: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(tmp_path / "a", truth=tmp_path / "t", progress=stop, **SMALL)
    assert list(tmp_path.iterdir()) == []
