"""`media-privacy exact show`: the reports, the one table that is asked for, and a table that was changed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from exact_world import exact

from media_privacy_pipeline.cli.exact import show
from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.exact.deciding import Report
from media_privacy_pipeline.exact.kept import Kept, keep


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """Two tables of one week, of which one is withheld."""
    told, none = Report(3, 90, 12, 11, 2, 1.91234, 0.20004), Report(0, 90, 0, 0, 0, 0.0, 0.0, "no class holds")
    rows = pa.table({"accounts": [30, 60]})
    tables = {"one": exact(), "two": exact(t=0.8)}
    made = {"one": (rows, told), "two": (rows.slice(0, 0), none)}
    return keep(tmp_path / "privacy" / "exact" / "viewing_events", date(2026, 3, 2), date(2026, 3, 8), tables, made)


def test_every_period_is_told_with_what_holds_of_it(
    kept: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show(home=tmp_path, json=True)
    one, two = json.loads(capsys.readouterr().out)
    assert (one["table"], one["first"], one["last"]) == ("one", "2026-03-02", "2026-03-08")
    assert (one["k"], one["distinct l"], one["entropy l"], one["t"], one["together"]) == (11, 2, 1.91, 0.2, 12)
    assert (two["accounts"], two["withheld"]) == (90, "no class holds")
    show("two", home=tmp_path)
    printed = capsys.readouterr().out
    assert "no class holds" in printed
    assert "2026-03-08" in printed


def test_a_table_that_nothing_was_decided_of_is_a_wrong_request(kept: Kept, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="three: no period"):
        show("three", home=tmp_path)


def test_a_changed_table_is_not_told_of_as_if_it_held(kept: Kept, tmp_path: Path) -> None:
    file = kept.file("one")
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(Refused, match="lost or was changed"):
        show(home=tmp_path)


def test_a_home_without_any_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show(home=tmp_path)
    assert "No exact table was decided" in capsys.readouterr().out
