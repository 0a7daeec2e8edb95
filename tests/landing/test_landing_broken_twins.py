"""A row that breaks a rule is found whatever identity it has: that of a row that was let in, another one, or none."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from landing_toy import DAY, a, accepted, counts, drop, let_in

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.landing import quarantine

TWIN = a("viewing_events", watched_seconds=-5)
OTHER = a("viewing_events", event_id="e2", watched_seconds=90000)
NAMELESS = {name: value for name, value in a("viewing_events").items() if name != "event_id"}


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
@pytest.mark.parametrize("broken", [[TWIN], [OTHER], [NAMELESS], [TWIN, OTHER, NAMELESS]])
def test_broken_rows_are_found_beside_a_good_one(
    session: Session, landing: Path, suffix: str, broken: list[dict[str, object]]
) -> None:
    drop(landing, "viewing_events", [a("viewing_events"), *broken], name=f"part-0.{suffix}")
    let_in(session, "viewing_events")
    assert [row["event_id"] for row in accepted(session, "viewing_events")] == ["e1"]
    refusals = quarantine.read(session, "viewing_events", DAY)
    assert [refusal.line for refusal in refusals] == [number + 2 for number in range(len(broken))]
    assert sum(rows for (stage, _), rows in counts(session, "viewing_events").items() if stage == "quarantined") == len(
        broken
    )


def test_a_twin_on_the_next_day_is_found(session: Session, landing: Path) -> None:
    drop(landing, "viewing_events", [a("viewing_events")])
    drop(landing, "viewing_events", [TWIN], DAY + timedelta(days=1))
    let_in(session, "viewing_events", DAY, DAY + timedelta(days=1))
    [refusal] = quarantine.read(session, "viewing_events", DAY + timedelta(days=1))
    assert refusal.reason == "watched_seconds_out_of_range"
