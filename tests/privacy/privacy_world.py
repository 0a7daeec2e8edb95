"""A synthetic world: who watched what on which day."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from media_privacy_pipeline.engines import Session

FIRST = date(2026, 3, 1)


def events(accounts: int, days: int, seed: int = 7) -> pa.Table:
    """Synthetic permitted events: most accounts watch little, account 0 everything, account 1 once."""
    rng = np.random.default_rng(seed)
    who = np.concatenate([rng.integers(2, accounts, accounts * days * 2), np.zeros(300 * days, int), [1]])
    size = len(who)
    day = rng.integers(0, days, size)
    hours = day * 24 + rng.integers(0, 24, size)
    start = [datetime(2026, 3, 1) + timedelta(hours=int(hour)) for hour in hours]
    late = rng.choice([0, 0, 0, 1, 2], size)
    return pa.table(
        {
            "viewer_key": [f"v{n:06d}" for n in who],
            "account_key": [f"a{n:06d}" for n in who],
            "title_id": [f"t{n:03d}" for n in (60 * rng.random(size) ** 2).astype(int)],
            "started_at": pa.array(start, pa.timestamp("us")),
            "watched_seconds": pa.array(rng.integers(0, 9000, size), pa.int32(), mask=rng.random(size) < 0.05),
            "device_type": rng.choice(["tv", "mobile", "web"], size),
            "country": rng.choice(["DE", "FR", "XX"], size),
            "referrer": rng.choice(["search", "browse", "direct"], size),
            "arrival_day": pa.array([FIRST + timedelta(days=int(n)) for n in day + late], pa.date32()),
        }
    )


def land(session: Session, rows: pa.Table, days: list[date], titles: int = 50) -> None:
    """Put permitted events and a catalogue into a session's lake as the rooms before would."""
    table = "permitted_analytics_viewing_events"
    with session.lake.write(table, "made", days) as staging:
        for day in days:
            part = rows.filter(pc.equal(rows["arrival_day"], pa.scalar(day, pa.date32())))
            folder = staging / f"arrival_day={day}"
            folder.mkdir()
            pq.write_table(part.drop_columns(["arrival_day"]), folder / "part-0.parquet")
    with session.lake.write("accepted_titles", "made") as staging:
        pq.write_table(
            pa.table({"title_id": pa.array([f"t{n:03d}" for n in range(titles)], pa.string())}),
            staging / "part-0.parquet",
        )
