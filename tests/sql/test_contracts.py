"""A contract that cannot be meant does not load; the refusal names the file, the table and the field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.sql.contracts import load_contracts


def table(**changes: Any) -> dict[str, Any]:
    column = {"name": "n", "data_type": "integer", "description": "A number.", **changes.pop("column", {})}
    return {"name": "t", "description": "A test.", "meta": {"group": "test"}, "columns": [column], **changes}


def write(folder: Path, *tables: dict[str, Any]) -> Path:
    (folder / "test.yml").write_text(yaml.safe_dump({"version": 2, "models": list(tables)}))
    return folder


def test_a_contract_is_read_whole(tmp_path: Path) -> None:
    tests = ["not_null", {"range": {"min": 0, "severity": "warn"}}]
    contract = load_contracts(write(tmp_path, table(column={"data_tests": tests})))["t"]
    assert contract.types == {"n": "integer"}
    assert contract.columns[0].data_tests == ("not_null", {"range": {"min": 0, "severity": "warn"}})
    assert contract.meta.access == "internal"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"column": {"data_type": "number"}}, r"models\.t\.columns\.n\.data_type"),
        ({"column": {"meta": {"privacy": "secret"}}}, r"models\.t\.columns\.n\.meta\.privacy"),
        ({"column": {"data_tests": ["postive"]}}, "'postive' is none of not_null"),
        ({"column": {"data_tests": ["regex"]}}, "regex takes pattern"),
        ({"column": {"data_tests": [{"range": {"from": 1}}]}}, "range takes max, min"),
        ({"column": {"descripton": "x"}}, r"models\.t\.columns\.n\.descripton"),
        ({"columns": []}, r"models\.t\.columns"),
        ({"meta": {"group": "test", "grain": ["m"]}}, "no column m"),
        ({"meta": {"group": "test", "partition_by": "day"}}, "no column day"),
        ({"meta": {"group": "test", "access": "public"}}, r"models\.t\.meta\.access"),
        ({"columns": [table()["columns"][0]] * 2}, "two columns called n"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=rf"test\.yml: .*{words}"):
        load_contracts(write(tmp_path, table(**changes)))


def test_a_second_contract_of_one_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the table t has a contract already"):
        load_contracts(write(tmp_path, table(), table()))


def test_what_is_no_yaml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "test.yml").write_text("models: [")
    with pytest.raises(UsageError, match=r"test\.yml: not YAML"):
        load_contracts(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        load_contracts(tmp_path / "contracts")
