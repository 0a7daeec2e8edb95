"""Times of day and devices are used for those who agreed to `context`, and for nobody else: to the byte."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from consent_world import World, open_session, run_steps, t

from media_privacy_pipeline.consent import steps
from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.models.config import EvaluationConfig, GateConfig, IalsConfig, ModelsConfig
from media_privacy_pipeline.models.serving.step import recommend_in_context
from media_privacy_pipeline.models.steps import recommend, train

PURPOSES = ("personalisation", "training", "context")
CONFIG = ModelsConfig(
    ials=IalsConfig(factors=4, iterations=4, threads=1, confidence="given"),
    contenders={},
    gate=GateConfig(resamples=100),
    evaluation=EvaluationConfig(resamples=50),
)
AGREES, DOES_NOT = range(0, 40, 2), range(1, 40, 2)
"""Accounts by whether they agreed to context; everybody agreed to the rest."""
PLAIN = (10, "mobile")
MOVED = (22, "tv")


def world(moved: range) -> World:
    """Forty households of two tastes who watch nine titles in nine days; `moved` do so at another hour on another
    device."""
    made = World()
    for n in range(40):
        made.accounts.append({"account_id": f"a{n}", "birth_year": 1980})
        for purpose in PURPOSES:
            state = "denied" if purpose == "context" and n in DOES_NOT else "granted"
            made.consent_events.append(
                {"consent_event_id": f"{purpose}-{n}", "account_id": f"a{n}", "purpose": purpose, "state": state,
                 "effective_at": t(0), "recorded_at": t(0)}
            )  # fmt: skip
        hour, device = MOVED if n in moved else PLAIN
        for day in range(1, 10):
            title = 2 * ((n * 5 + day * 7) % 16) + n % 4 // 2
            # A few are watched at another time, so that a list for a context has something to leave out.
            at, on = (2, "web") if day % 3 == 0 else (hour, device)
            made.viewing_events.append(
                {"event_id": f"e{n}-{day}", "account_id": f"a{n}", "title_id": f"t{title:02}",
                 "started_at": t(day + at / 24), "device_type": on}
            )  # fmt: skip
    return made


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("contexts")
    opened = open_session(folder, DuckDBEngine(folder / "work"))
    names = [f"t{n:02}" for n in range(32)]
    columns = {"title_id": pa.array(names), "title": pa.array(names)}
    types = opened.project.contracts["accepted_titles"].types
    with opened.lake.write("accepted_titles", "toy") as staging:
        table = pa.table({name: columns.get(name, pa.nulls(len(names))) for name in types})
        pq.write_table(table, staging / "part-0.parquet")
    return opened


def night(session: Session, moved: range) -> tuple[bytes, list[dict[str, object]]]:
    """The bytes of `recommendations` and the rows of `context_recommendations` of a night over a world."""
    world(moved).put(session)
    span = run_steps(session, t(11))
    for purpose in PURPOSES:
        steps.permit(session, span, purpose)
    train(session, span, CONFIG)
    recommend(session, span, CONFIG)
    recommend_in_context(session, span, CONFIG)
    (plain,) = session.lake.files("recommendations")
    (contexts,) = session.lake.files("context_recommendations")
    return Path(plain).read_bytes(), pq.ParquetFile(contexts).read().to_pylist()


def test_contexts_move_the_lists_of_who_agreed_and_no_byte_of_anybody_elses(session: Session) -> None:
    lists, contexts = night(session, range(0))
    assert pq.ParquetFile(pa.BufferReader(lists)).metadata.num_rows
    agreed = session.keyring.viewer_keys("context", [(f"a{n}", "main") for n in AGREES])
    assert {row["viewer_key"] for row in contexts} == {*agreed}
    assert night(session, DOES_NOT) == (lists, contexts)
    again, moved = night(session, AGREES)
    assert again == lists
    assert moved != contexts
    assert {row["daypart"] for row in contexts} == {"morning", "night"}
    assert {row["daypart"] for row in moved} == {"evening", "night"}
