"""A disk that fills up while a run writes: a clear message, the old release whole, and the next run goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_fixture import Cli, Night

from media_privacy_pipeline.published import open_release


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root may mount the small tmpfs that stands for a full disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", disk], check=False)
    if mounted.returncode != 0:
        pytest.skip("this machine does not let root mount a tmpfs")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("left", [0, 200, 1500, 4000])
def test_a_full_disk_spoils_nothing(small_disk: Path, early: Night, cli: Cli, left: int) -> None:
    """`left` is how many kilobytes are free when the second run starts."""
    assert early.done.returncode == 0, early.done.stderr
    home = early.copy(small_disk / "home")
    before = open_release(home)
    rows = {table: before.arrow(table).num_rows for table in before.tables}
    ballast = small_disk / "ballast"
    free = shutil.disk_usage(small_disk).free - left * 1024
    with ballast.open("wb") as stream:
        stream.write(b"\0" * free)

    done = cli("run", "--landing", early.landing, "--home", home)
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert "disk is full" in done.stderr

    after = open_release(home)
    assert after.release_id == before.release_id
    assert {table: after.arrow(table).num_rows for table in after.tables} == rows
    ballast.unlink()
    mended = cli("run", "--landing", early.landing, "--home", home)
    assert mended.returncode == 0, mended.stderr
    assert open_release(home).release_id != before.release_id
