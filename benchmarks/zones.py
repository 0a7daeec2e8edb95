"""Simulated landing zones of a given size, made once and kept."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from media_privacy_pipeline.landing.simulate import Faults, simulate

FIRST_DAY = date(2026, 9, 1)
TITLES = 5000
_EVENTS_A_HOUSEHOLD = 100
# A few of each row-wise fault, so that no rule of the door is idle; whole files are left whole.
_FAULTS = Faults(malformed=1e-5, duplicates=1e-3, conflicts=1e-5, files=False)


def zone_of(work: Path, events: int, days: int) -> Path:
    """A zone of about so many viewing events in Parquet over so many days; ten times the events is ten times the
    households.
    """
    place = work / f"zone-{events}-{days}"
    if not place.exists():
        simulate(
            place,
            households=max(1, events // _EVENTS_A_HOUSEHOLD),
            days=days,
            first_day=FIRST_DAY,
            titles=TITLES,
            events_per_day=events / days,
            formats=[".parquet"],
            faults=_FAULTS,
        )
    return place
