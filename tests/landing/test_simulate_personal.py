"""Personal values are planted where they are asked for, and the door scrubs as many as the ground truth says."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from landing_toy import accepted, counts, let_in

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.landing.simulate import Faults, simulate


def test_as_many_queries_are_scrubbed_as_were_planted(session: Session, tmp_path: Path) -> None:
    place, truth, first = tmp_path / "zone", tmp_path / "truth", date(2026, 9, 1)
    made = simulate(place, households=60, days=3, first_day=first, faults=Faults(personal=0.2), truth=truth)
    vars(session)["settings"] = session.settings.model_copy(update={"landing": place})
    let_in(session, "search_events", first, date(2026, 9, 3))
    with (truth / "accounting.csv").open() as stream:
        told = [row for row in csv.DictReader(stream) if row["source"] == "search_events" and row["stage"] == "flagged"]
    planted = sum(int(row["rows"]) for row in told if row["reason"] == "scrubbed_email_in_query")
    assert counts(session, "search_events")["flagged", "scrubbed_email_in_query"] == planted > 0
    assert made.planted["personal_value"] == planted
    assert not [row for row in accepted(session, "search_events") if "@" in row["query"]]


def test_a_zone_without_them_is_the_same_as_ever(tmp_path: Path) -> None:
    for name, faults in (("plain", None), ("none", Faults(personal=0.0)), ("some", Faults(personal=0.5))):
        simulate(tmp_path / name, households=20, days=2, faults=faults)
    files = {name: {p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*.*")}
             for name in ("plain", "none", "some")}  # fmt: skip
    assert files["plain"] == files["none"]
    changed = {path.parts[0] for path in files["plain"] if files["plain"][path] != files["some"][path]}
    assert changed == {"search_events"}
