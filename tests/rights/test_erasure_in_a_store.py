"""An erasure where lake and releases are in an object store: nobody is left in any object, and the receipt says so."""

from __future__ import annotations

from pathlib import Path

import boto3
from erasure_nights import account, asks, drop, found_by_hand, key, night, project, zone

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.published import open_release
from media_privacy_pipeline.rights.erasure import receipt
from media_privacy_pipeline.settings import Settings

# From the door to a published list of titles, and what erases: the rest of a night says nothing more of stores.
_STEPS = (
    *(f"accept_{source}" for source in ("accounts", "titles", "viewing_events", "search_events")),
    *("accept_consent_events", "accept_subject_requests", "account_landing", "update_ledger", "identify", "erase"),
    *("timeline", "permit_personalisation", "permit_training", "train", "recommend"),
    *("candidate", "publish", "prove_erasures"),
)


def test_nobody_erased_is_left_in_any_object(tmp_path: Path, bucket_url: str) -> None:
    zone(tmp_path / "landing", 3)
    settings = Settings(
        home=tmp_path / "home",
        landing=tmp_path / "landing",
        keys=tmp_path / "keys",
        lake_url=f"{bucket_url}/lake",
        published_url=f"{bucket_url}/out",
    )
    session = Session(settings)
    settings.work.mkdir(parents=True)
    session.__dict__["project"] = project()
    session.__dict__["engine"] = DuckDBEngine(settings.work, memory_limit="1GB", threads=1)
    session.lake.sweep()
    night(session, 2, only=_STEPS)
    first = open_release(f"{bucket_url}/out", keys=settings.key_file)
    ann = key(session, "ann")
    assert ann in first.arrow("recommendations")["viewer_key"].to_pylist()
    before = _everything(bucket_url, tmp_path / "before")
    assert found_by_hand(before, account("ann"))
    drop(tmp_path / "landing", "subject_requests", [asks("ann", "erasure", 3)], 3)
    night(session, 3, only=_STEPS)
    now = open_release(f"{bucket_url}/out", keys=settings.key_file)
    assert now.release_id != first.release_id
    assert ann not in now.arrow("recommendations")["viewer_key"].to_pylist()
    (written,) = settings.receipts.glob("*.json")
    coverage = receipt.read(written)["scan"]["zones"]
    after = _everything(bucket_url, tmp_path / "after")
    assert found_by_hand(after, account("ann"), ann) == set()
    assert found_by_hand(settings.home, account("ann"), ann) == set()
    assert coverage["lake"]["files"] == len(list((after / "lake").rglob("*.parquet")))
    assert coverage["published"]["files"] >= len(list((after / "out").rglob("*.parquet")))
    # Whoever is left has all that they had.
    assert found_by_hand(after, account("bea"))


def _everything(bucket_url: str, place: Path) -> Path:
    """Every object of the bucket as a file, by an own listing; restricted ones stay encrypted."""
    client, name = boto3.client("s3"), bucket_url.removeprefix("s3://")
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
        for each in page["Contents"]:
            target = place / each["Key"]
            target.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(name, each["Key"], str(target))
    return place
