"""Lists by executors: every row as on one machine, for recommendations, a week's discoveries and contexts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from models_world import DAYS, FIRST, QUICK, SPAN, World, open_counts, write

from media_privacy_pipeline.engines import Engine, Session
from media_privacy_pipeline.models.config import ContextConfig, ScaleConfig, ServingConfig
from media_privacy_pipeline.models.serving.step import discover, recommend_in_context
from media_privacy_pipeline.models.steps import recommend, train
from media_privacy_pipeline.sql import Project

pytestmark = pytest.mark.spark
WORLD = World(viewers=80, titles=24, maturity={"t001": "18", "t002": "16"}, birth_year={3: 2015, 5: None}, kids={4})
ON_EXECUTORS = QUICK.model_copy(
    update={
        "scale": ScaleConfig(driver_pairs=0, block_pairs=400),
        "serving": ServingConfig(k=6, block_viewers=16),
        "context": ContextConfig(k=4, least_plays=1),
    }
)
ALONE = ON_EXECUTORS.model_copy(update={"scale": ScaleConfig()})
TABLES = ("recommendations", "weekly_discovery", "context_recommendations")


def rows(session: Session, table: str) -> pa.Table:
    """All rows, in one order."""
    found = pa.concat_tables(pq.ParquetFile(file).read() for file in session.lake.files(table))
    return found.sort_by([(name, "ascending") for name in found.column_names])


def store_contexts(session: Session) -> None:
    """What the purpose `context` is permitted: the same events, two of three on the phone in the morning."""
    table = "permitted_context_viewing_events"
    days = [FIRST + timedelta(days=n) for n in range(DAYS)]
    with session.lake.write(table, "toy", days) as staging:
        for day in days:
            (file,) = session.lake.files("permitted_personalisation_viewing_events", [day])
            events = pq.ParquetFile(file).read().to_pylist()
            for n, event in enumerate(events):
                event["started_at"] += timedelta(hours=9 if n % 3 else 20)
                event["device_type"] = "mobile" if n % 3 else "screen"
            folder = staging / f"arrival_day={day}"
            folder.mkdir()
            pq.write_table(pa.Table.from_pylist(events), folder / "part-0.parquet")
    for name in ("accounts", "hidden_titles"):
        (file,) = session.lake.files(f"permitted_personalisation_{name}")
        session.put(f"permitted_context_{name}", "toy", pq.ParquetFile(file).read())


@pytest.fixture
def homes(
    make_session: Callable[..., Session], project: Project, spark_engine: Engine, tmp_path: Path
) -> tuple[Session, Session]:
    """The same trained home twice: for one machine, and for Spark."""
    one = make_session(home=tmp_path / "one")
    vars(one)["project"] = project
    WORLD.store(one)
    open_counts(one, {f"t{n:03d}": float(50 - n) for n in range(24)})
    keys = [WORLD.key("personalisation", n) for n in (1, 2, 900)]
    hidden = {"viewer_key": keys, "account_key": keys, "title_id": ["t005", "t006", "t007"]}
    write(one, "permitted_personalisation_hidden_titles", **hidden)
    # Somebody whom nothing is known of, and somebody without an account row.
    WORLD.store_accounts(one, [*range(1, WORLD.viewers), 700])
    store_contexts(one)
    train(one, SPAN, QUICK)
    shutil.copytree(tmp_path / "one", tmp_path / "many")
    many = make_session(home=tmp_path / "many")
    vars(many).update(project=project, engine=spark_engine)
    return one, many


def test_every_row_is_that_of_one_machine(homes: tuple[Session, Session]) -> None:
    for session, config in zip(homes, (ALONE, ON_EXECUTORS), strict=True):
        told = recommend(session, SPAN, config)
        assert told.metadata["viewers"] == WORLD.viewers + 1
        assert told.metadata["viewers without a history"] == 1
        discover(session, SPAN, config)
        recommend_in_context(session, SPAN, config)
    for table in TABLES:
        one, many = (rows(session, table) for session in homes)
        assert one.num_rows > 300
        assert many.equals(one), table
    assert len(homes[1].lake.files("recommendations")) > 1
    assert recommend(homes[1], SPAN, ON_EXECUTORS).skipped
