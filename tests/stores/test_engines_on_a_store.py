"""Both engines read and write a lake in an object store: what one wrote, by day, is read back as it was."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa

from media_privacy_pipeline.engines import Engine
from media_privacy_pipeline.engines.protocol import Folder
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.stores import lake_of

DAYS = [date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)]
TYPES = {"day": "DATE", "n": "BIGINT"}


def test_days_are_written_and_read_back(engine: Engine, tmp_path: Path, bucket_url: str) -> None:
    settings = Settings(home=tmp_path / "home", lake_url=f"{bucket_url}/lake")
    rows = pa.table({"day": [DAYS[0], DAYS[2], DAYS[2]], "n": [1, 2, 3]})
    with lake_of(settings).write("t", "f", DAYS, by="day") as staging:
        engine.write("select day, n from rows", {"rows": rows}, staging, partition_by="day")
    lake = lake_of(settings)
    assert (lake.days("t"), lake.rows("t")) == (DAYS, 3)
    # Without the copies that the writer left: from the objects themselves.
    for copy in lake.root.rglob("*.parquet"):
        copy.unlink()
    sql = "select cast(day as varchar) as day, cast(sum(n) as bigint) as n from t group by 1 order by 1"
    found = engine.fetch(sql, {"t": Folder(lake.path("t"), lake.files("t"), TYPES, "day")})
    assert found.to_pydict() == {"day": [str(DAYS[0]), str(DAYS[2])], "n": [1, 5]}
