"""A policy is read whole or refused with the file, the field and the rule."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from media_privacy_pipeline import policy
from media_privacy_pipeline.errors import UsageError


def written(folder: Path, document: Any) -> Path:
    path = folder / "policy.yaml"
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document))
    return path


@pytest.fixture
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(policy.PACKAGED.read_text())
    return loaded


def test_the_packaged_policy_is_valid_and_knows_the_catalogue() -> None:
    packaged = policy.load()
    assert {"service", "analytics", "personalisation", "context", "training", "advertising", "disclosure"} <= set(
        packaged.purposes
    )
    assert packaged.denied_by("context") == ("context", "personalisation")


def test_the_digest_follows_what_is_said_and_not_how(tmp_path: Path, document: dict[str, Any]) -> None:
    assert policy.load(written(tmp_path, document)).digest == policy.load().digest
    document["purposes"]["training"]["window_days"] = 1
    assert policy.load(written(tmp_path, document)).digest != policy.load().digest


def test_a_negative_window_names_its_field(tmp_path: Path, document: dict[str, Any]) -> None:
    document["purposes"]["training"]["window_days"] = -1
    with pytest.raises(UsageError, match=r"policy\.yaml: purposes\.training\.window_days: .*equal to 0"):
        policy.load(written(tmp_path, document))


def test_an_unknown_purpose_in_a_list_is_named(tmp_path: Path, document: dict[str, Any]) -> None:
    document["subjects"]["private_sessions_denied_for"].append("astrology")
    with pytest.raises(UsageError, match="private_sessions_denied_for names the unknown purpose 'astrology'"):
        policy.load(written(tmp_path, document))


def test_an_unknown_parent_is_named(tmp_path: Path, document: dict[str, Any]) -> None:
    document["purposes"]["context"]["parent"] = "astrology"
    with pytest.raises(UsageError, match=r"purposes\.context has the unknown parent 'astrology'"):
        policy.load(written(tmp_path, document))


def test_a_purpose_may_not_descend_from_itself(tmp_path: Path, document: dict[str, Any]) -> None:
    document["purposes"]["personalisation"]["parent"] = "context"
    with pytest.raises(UsageError, match="descends from itself"):
        policy.load(written(tmp_path, document))


@pytest.mark.parametrize(
    ("platform", "change", "rule"),
    [
        (
            "onetrust",
            {"purposes": {"their id": "astrology"}},
            r"purposes\.their id names the unknown purpose 'astrology'",
        ),
        ("ketch", {"purposes": {"a": "training", "b": "training"}}, "two of theirs, 'a' and 'b', to 'training'"),
        ("ketch", {"states": {"granted": "allowed"}}, r"imports\.ketch\.states\.granted: Input should be 'granted'"),
        ("onetrust", {"account": []}, r"imports\.onetrust\.account: .*at least 1"),
        ("onetrust", {"environments": ["production"]}, r"imports\.onetrust\.environments: Extra inputs"),
    ],
)
def test_what_a_platform_says_is_mapped_to_what_there_is(
    tmp_path: Path, document: dict[str, Any], platform: str, change: dict[str, Any], rule: str
) -> None:
    document["imports"][platform] |= change
    with pytest.raises(UsageError, match=rule):
        policy.load(written(tmp_path, document))


def test_a_policy_need_not_speak_of_imports(tmp_path: Path, document: dict[str, Any]) -> None:
    del document["imports"]
    assert policy.load(written(tmp_path, document)).imports.onetrust.purposes == {}


@pytest.mark.parametrize(
    ("text", "rule"),
    [("a: [", "not YAML"), ("", "policy: Input should be"), ("version: 2", "version: Input should be 1")],
)
def test_what_is_no_policy_is_refused_with_its_file(tmp_path: Path, text: str, rule: str) -> None:
    with pytest.raises(UsageError, match=rule) as caught:
        policy.load(written(tmp_path, text))
    assert str(tmp_path) in str(caught.value)


def test_a_missing_policy_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the policy: No such file"):
        policy.load(tmp_path / "none.yaml")


def test_private_models_alone_serve_where_they_are_paid_for(tmp_path: Path, document: dict[str, Any]) -> None:
    document["serving"]["models"] = "private"
    assert policy.load(written(tmp_path, document)).serving.models == "private"
    del document["releases"]["factors"]
    document["releases"]["budget"]["families"]["models"]["members"].remove("similar_titles")
    with pytest.raises(UsageError, match=r"serving\.models: private needs releases\.factors"):
        policy.load(written(tmp_path, document))


def test_holidays_are_days_and_part_of_the_policys_identity(tmp_path: Path, document: dict[str, Any]) -> None:
    before = policy.load(written(tmp_path, document)).digest
    document["calendar"] = {"holidays": {date(2026, 12, 25): "Christmas"}}
    loaded = policy.load(written(tmp_path, document))
    assert loaded.calendar.holidays == {date(2026, 12, 25): "Christmas"}
    assert loaded.digest != before
    document["calendar"] = {"holidays": {"25 December": "Christmas"}}
    with pytest.raises(UsageError, match=r"calendar\.holidays"):
        policy.load(written(tmp_path, document))
