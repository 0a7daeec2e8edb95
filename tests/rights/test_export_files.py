"""An export is whole or absent, its owner's alone, never under the home; and its forms say the same."""

from __future__ import annotations

import csv
import io
import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from rights_world import AS_OF, Export

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.rights.access import export as room
from media_privacy_pipeline.rights.private import new_file, write_folder

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from jsonschema import Draft202012Validator, FormatChecker


def test_json_is_what_its_schema_says_and_csv_says_the_same(exported: Export) -> None:
    found = exported("a1")
    tables = sorted(name.removesuffix(".csv") for name in found.files if name.endswith(".csv"))
    assert len(tables) > 20
    for table in tables:
        schema, rows = json.loads(found.files[f"{table}.schema.json"]), found.rows(table)
        Draft202012Validator.check_schema(schema)
        Draft202012Validator(schema, format_checker=FormatChecker()).validate(rows)
        header, *lines = csv.reader(io.StringIO(found.files[f"{table}.csv"].decode()))
        assert header == list(schema["items"]["properties"])
        assert [[as_text(row[name]) for name in header] for row in rows] == lines, table


def as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def test_a_schema_refuses_what_the_contract_does(exported: Export) -> None:
    found = exported("a1", "p1")
    rows, schema = found.rows("raw/viewing_events"), json.loads(found.files["raw/viewing_events.schema.json"])
    for change in ({"device_type": "toaster"}, {"watched_seconds": -1}, {"title_id": None}, {"mood": "good"}):
        assert not Draft202012Validator(schema).is_valid([{**rows[0], **change}])
    assert schema["items"]["properties"]["ip_address"]["privacy"] == "direct_identifier"


def test_what_fails_leaves_nothing(house: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(room, "as_schema", broken)
    with pytest.raises(RuntimeError):
        room.export(house, "a1", "p1", "request of a1 p1", tmp_path / "out.zip", AS_OF)
    assert list(tmp_path.iterdir()) == []


def test_it_is_never_readable_by_others(tmp_path: Path) -> None:
    with new_file(tmp_path / "out") as temporary:
        assert temporary.stat().st_mode & 0o777 == 0o600
        temporary.write_text("x")
        assert not (tmp_path / "out").exists()
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600
    write_folder(tmp_path / "folder", {"a.txt": "a", "b/c.txt": "c"})
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "folder").rglob("*")}
    assert modes == {"a.txt": 0o600, "b": 0o700, "c.txt": 0o600}
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o700


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match="exists already"), new_file(tmp_path / "out"):
        pass
    with pytest.raises(UsageError, match="File exists"), new_file(tmp_path / "late"):
        (tmp_path / "late").write_text("mine")
    assert {path.read_text() for path in tmp_path.iterdir()} == {"mine"}


@pytest.mark.parametrize("place", ["home", "landing"])
def test_no_copy_where_erasure_would_have_to_look(house: Session, place: str) -> None:
    out = getattr(house.settings, place) / "out.zip"
    with pytest.raises(UsageError, match="where a copy of personal data must not be"):
        room.export(house, "a1", "p1", "request of a1 p1", out, AS_OF)
