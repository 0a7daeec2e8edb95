"""Permitted viewing of a few hundred accounts, as analytics sees it, and a table over it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from media_privacy_pipeline import policy
from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.exact_policy import ExactTable
from media_privacy_pipeline.settings import PROJECT
from media_privacy_pipeline.sql import Project, load_project

Opened = Callable[..., Session]

SOURCE = "permitted_analytics_viewing_events"
FIRST = date(2026, 3, 2)
"""A Monday."""
TABLE = {
    "title": "Who watches what where",
    "source": SOURCE,
    "quasi_identifiers": ["country", "device_type"],
    "sensitive": "title_id",
    "k": 10,
    "l": 2,
    "t": 0.9,
    "period": "week",
}


def exact(**other: Any) -> ExactTable:
    return ExactTable.model_validate({**TABLE, **other})


def policy_with(folder: Path, **tables: dict[str, Any]) -> Path:
    """A policy file like the packaged one, with exact tables."""
    document = yaml.safe_load(policy.PACKAGED.read_text())
    document["exact_tables"] = tables
    path = folder / f"policy-{len(list(folder.glob('policy-*')))}.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


_PROJECTS: dict[str, Project] = {}


def opened(make_session: Opened, path: Path) -> Session:
    """A session under a policy file; the project of a policy is read once for all tests."""
    made = make_session(policy=path)
    text = path.read_text()
    if text not in _PROJECTS:
        _PROJECTS[text] = load_project(PROJECT / "dbt_like_sql", policy.load(path))
    made.__dict__["project"] = _PROJECTS[text]
    return made


def watching(accounts: int = 600, days: int = 7, seed: int = 5) -> pa.Table:
    """Rows of a week: a crowded country and a small one, some titles that hardly anybody watches."""
    rng = np.random.default_rng(seed)
    size = accounts * days
    who = rng.integers(0, accounts, size)
    return pa.table(
        {
            "account_key": [f"a{n:05d}" for n in who],
            "viewer_key": [f"v{n:05d}" for n in who],
            "title_id": [f"t{int(n)}" for n in 12 * rng.random(size) ** 3],
            "country": np.where(who % 97 == 0, "FR", "DE"),
            "device_type": rng.choice(["tv", "web", "mobile"], size, p=[0.7, 0.25, 0.05]),
            "arrival_day": pa.array([FIRST + timedelta(days=int(n)) for n in rng.integers(0, days, size)], pa.date32()),
        }
    )


def land(session: Session, rows: pa.Table, days: int = 7, table: str = SOURCE) -> None:
    """Put permitted rows in a session's lake, every other column of the contract null."""
    types = session.project.contracts[table].types
    for name, kind in types.items():
        if name not in rows.column_names:
            types_of = {"varchar": pa.string(), "timestamp": pa.timestamp("us"), "integer": pa.int32()}
            rows = rows.append_column(name, pa.nulls(rows.num_rows, types_of[kind]))
    rows = rows.select(list(types))
    every = [FIRST + timedelta(days=n) for n in range(days)]
    with session.lake.write(table, f"made {hash(str(rows.to_pydict()))}", every) as staging:
        for day in every:
            part = rows.filter(pc.equal(rows["arrival_day"], pa.scalar(day, pa.date32())))
            folder = staging / f"arrival_day={day}"
            folder.mkdir()
            pq.write_table(part.drop_columns(["arrival_day"]), folder / "part-0.parquet")


def without(rows: pa.Table, account: str) -> pa.Table:
    """The rows after one account withdrew."""
    return rows.filter(pc.not_equal(rows["account_key"], account))
