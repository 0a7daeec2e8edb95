"""Real data sets pass the door whole: every click and rating is let in, or counted."""

from __future__ import annotations

import csv
import gzip
import os
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from landing_toy import counts, let_in

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.landing.globo import import_globo
from media_privacy_pipeline.landing.movielens import import_movielens
from media_privacy_pipeline.landing.sources import SOURCES

REAL = os.environ.get("MEDIA_PRIVACY_REAL_DATA")
pytestmark = [
    pytest.mark.real_data,
    pytest.mark.slow,
    pytest.mark.skipif(REAL is None, reason="MEDIA_PRIVACY_REAL_DATA is not set"),
]


def days_of(landing: Path) -> tuple[date, date]:
    """First and last day of a landing zone."""
    days = sorted(date.fromisoformat(folder.name[4:]) for folder in landing.glob("*/day=*"))
    return days[0], days[-1]


def test_every_click_of_globo_is_let_in(session: Session, landing: Path) -> None:
    source = Path(REAL or "") / "globo"
    clicks = set()
    for path in source.glob("*.csv.gz"):
        with gzip.open(path, "rt") as stream:
            # A click is one person's, on one article, at one millisecond.
            rows = csv.DictReader(stream)
            clicks |= {(row["user_id"], row["click_article_id"], row["click_timestamp"]) for row in rows}
    landing.rmdir()
    import_globo(source, landing)
    for name in SOURCES:
        let_in(session, name, *days_of(landing))
        found = counts(session, name)
        assert found.get(("accepted", ""), 0) == found.get(("landed", ""), 0)
    assert session.lake.rows("accepted_viewing_events") == len(clicks)


def test_every_rating_of_movielens_is_let_in(session: Session, landing: Path) -> None:
    landing.rmdir()
    summary = import_movielens(Path(REAL or "") / "ml-100k", landing)
    first, last = days_of(landing)
    let_in(session, "titles", first, last)
    let_in(session, "viewing_events", first, last)
    assert counts(session, "viewing_events") == {("landed", ""): summary.events, ("accepted", ""): summary.events}


def test_of_twenty_years_of_movielens_what_may_still_be_kept_is_let_in(session: Session, landing: Path) -> None:
    """One run over far more days than retention keeps: seen from its end, the older ratings are past their time."""
    landing.rmdir()
    source = Path(REAL or "") / "ml-latest-small"
    summary = import_movielens(source, landing)
    first, last = days_of(landing)
    let_in(session, "titles", first, last)
    let_in(session, "viewing_events", first, last)
    kept_from = datetime.combine(last, time()) - timedelta(days=session.policy.kept_days("viewing_events") - 1)
    with (source / "ratings.csv").open() as stream:
        times = [
            datetime.fromtimestamp(int(row["timestamp"]), UTC).replace(tzinfo=None) for row in csv.DictReader(stream)
        ]
    young = sum(at >= kept_from for at in times)
    assert 0 < young < summary.events
    assert counts(session, "viewing_events") == {
        ("landed", ""): summary.events,
        ("accepted", ""): young,
        ("dropped", "past_retention"): summary.events - young,
    }
