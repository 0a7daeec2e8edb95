"""`media-privacy doctor` says whether lake and releases can be where the settings want them."""

from __future__ import annotations

import sys
from pathlib import Path

import boto3
import pytest

from media_privacy_pipeline.doctor import Finding, examine
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.published import open_release
from media_privacy_pipeline.settings import Settings


def looked_at(settings: Settings) -> dict[str, Finding]:
    return {each.name: each for each in examine(settings) if each.name in ("lake", "published")}


def test_a_bucket_is_looked_at_and_a_folder_is_taken_as_it_is(tmp_path: Path, bucket_url: str) -> None:
    settings = Settings(home=tmp_path / "home", lake_url=f"{bucket_url}/lake", published_url=str(tmp_path / "out"))
    assert {name: each.state for name, each in looked_at(settings).items()} == {"lake": "good", "published": "good"}
    assert looked_at(Settings(home=tmp_path / "home")) == {}


def test_what_cannot_be_used_is_told_with_how_to_mend_it(tmp_path: Path, bucket_url: str) -> None:
    boto3.client("s3").put_bucket_versioning(
        Bucket=bucket_url.removeprefix("s3://"), VersioningConfiguration={"Status": "Enabled"}
    )
    settings = Settings(home=tmp_path / "home", lake_url=f"{bucket_url}/lake", published_url="gs://bucket/out")
    found = looked_at(settings)
    assert {each.state for each in found.values()} == {"wrong"}
    assert "keeps older versions" in found["lake"].mend
    assert "s3://bucket/prefix" in found["published"].mend


def test_a_missing_extra_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3.exceptions", None)
    with pytest.raises(UsageError, match=r"pip install 'media-privacy-pipeline\[s3\]'"):
        open_release("s3://bucket/out")
