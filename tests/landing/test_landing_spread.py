"""Spark's way of reading, in parts and apart, gives what one reader gives: tried here in one process."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landing_awkward import awkward, become, erase
from landing_toy import DAY, a, drop, folder_of, let_in

from media_privacy_pipeline.engines import Input, Session, Work
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.landing import forms, surveying, textfile
from media_privacy_pipeline.landing.simulate import simulate
from media_privacy_pipeline.sql import Project


class AsSpark(DuckDBEngine):
    """DuckDB under Spark's name: work travels, and `xxhash64` is a word. Keeps all that Spark would be told."""

    name = "spark"  # type: ignore[assignment]

    def __init__(self, work: Path) -> None:
        super().__init__(work, memory_limit="1GB")
        self.told: list[bytes] = []

    def spread(self, tasks: int, work: Work, schema: pa.Schema, target: Path) -> None:
        """The work of every task as another process would have it."""
        self.told.append(pickle.dumps(work))
        super().spread(tasks, pickle.loads(self.told[-1]), schema, target)

    @contextmanager
    def _connect(self, inputs: Mapping[str, Input]) -> Iterator[Any]:
        self.told.append(repr(inputs).encode())
        with super()._connect(inputs) as connection:
            connection.execute("create temp macro xxhash64(x) as cast(hash(x) >> 1 as bigint)")
            yield connection


@pytest.fixture
def apart(make_session: Callable[..., Session], project: Project, landing: Path, tmp_path: Path) -> Session:
    """A session over the landing zone that reads as Spark does."""
    session = make_session(landing=landing, home=tmp_path / "apart", keys=tmp_path / "keys")
    vars(session).update(project=project, engine=AsSpark(tmp_path / "apart" / "work"))
    return session


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are cut wherever they can be."""
    monkeypatch.setattr(surveying, "_MOST_BYTES", 500)
    monkeypatch.setattr(surveying, "_FEWEST_BYTES", 500)
    monkeypatch.setattr(textfile, "_BLOCK", 300)


@pytest.mark.usefixtures("small")
def test_whatever_lands_is_read_the_same(
    make_session: Callable[..., Session], project: Project, apart: Session, landing: Path, tmp_path: Path
) -> None:
    whole = make_session(landing=landing, home=tmp_path / "whole", keys=tmp_path / "keys")
    vars(whole)["project"] = project
    awkward(landing)
    for session in (whole, apart):
        erase(session, ("gone",), at=datetime(2026, 3, 3))
    wanted = become(whole)
    reasons = {row["reason"] for row in wanted["accounted_viewing_events"][1]}
    assert reasons >= {"corrupt_parquet", "bad_name", "malformed_row", "past_retention", "erased", "debug_blob"}
    assert become(apart) == wanted
    key = apart.keyring.derive("suppression")
    told = b"".join(apart.engine.told)  # type: ignore[attr-defined]
    assert b"landed_files" in told
    assert key not in told
    assert key.hex().encode() not in told


@settings(max_examples=1, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(seed=st.integers(0, 2**31))
def test_whatever_people_do_is_read_the_same(
    make_session: Callable[..., Session], project: Project, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    base = tmp_path_factory.mktemp("zone")
    simulate(base / "zone", seed=seed, households=40, days=2, first_day=date(2026, 9, 1), titles=25)
    found = []
    for name in ("whole", "apart"):
        session = make_session(landing=base / "zone", home=base / name, keys=base / "keys")
        vars(session)["project"] = project
        if name == "apart":
            vars(session)["engine"] = AsSpark(base / name / "work")
        found.append(become(session, first=date(2026, 9, 1), last=date(2026, 9, 2)))
    assert found[0] == found[1]


@pytest.mark.usefixtures("small")
def test_large_files_are_cut(apart: Session, landing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [a("viewing_events", event_id=str(n)) for n in range(40)]
    drop(landing, "viewing_events", rows, name="a.jsonl")
    drop(landing, "viewing_events", [a("viewing_events", event_id=f"c{n}") for n in range(40)], name="b.csv")
    table = pa.Table.from_pylist([a("viewing_events", event_id=f"p{n}") for n in range(40)])
    pq.write_table(table, folder_of(landing, "viewing_events") / "c.parquet", row_group_size=10)
    found: list[Any] = []
    real = surveying.survey
    monkeypatch.setattr(
        "media_privacy_pipeline.landing.spreading.survey", lambda *given: found.extend(real(*given)) or found
    )
    assert let_in(apart, "viewing_events").rows == {"accepted_viewing_events": 120}
    parts = {each.drop.path.name: len(each.parts) for each in found}
    assert parts["c.parquet"] == 4
    assert parts["a.jsonl"] > 10
    assert parts["b.csv"] > 4


def test_a_file_that_goes_while_it_is_read_lets_nothing_in(
    apart: Session, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = drop(landing, "viewing_events", [a("viewing_events", event_id="g")], name="gone.jsonl")
    drop(landing, "viewing_events", [a("viewing_events")], name="good.jsonl")
    real = surveying.survey

    def then_go(*given: Any) -> object:
        found = real(*given)
        gone.unlink()
        return found

    monkeypatch.setattr("media_privacy_pipeline.landing.spreading.survey", then_go)
    with pytest.raises(Refused, match=rf"day={DAY}/gone.jsonl: it was whole.*run again"):
        let_in(apart, "viewing_events")
    assert not apart.lake.has("accepted_viewing_events")
    monkeypatch.undo()
    assert let_in(apart, "viewing_events").rows == {"accepted_viewing_events": 1}


@pytest.mark.parametrize("reason", ["not_a_file", "no_permission"])
def test_a_worker_without_the_landing_zone_is_no_reason_to_do_without_its_files(
    apart: Session, landing: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    drop(landing, "viewing_events", [a("viewing_events")], name="there.jsonl")
    monkeypatch.setattr(surveying, "form_of", lambda *_: forms.Unreadable(reason))
    with pytest.raises(Refused, match=r"there.jsonl: a worker of Spark cannot open it"):
        let_in(apart, "viewing_events")
    assert not apart.lake.has("accounted_viewing_events")


def test_work_is_done_for_each_task(tmp_path: Path) -> None:
    schema = pa.schema({"task": pa.int64()})

    def work(task: int) -> Iterable[pa.RecordBatch]:
        yield pa.record_batch([pa.array([task])], schema=schema)

    DuckDBEngine(tmp_path / "work").spread(3, work, schema, tmp_path)
    assert pq.read_table(tmp_path / "part-0.parquet")["task"].to_pylist() == [0, 1, 2]
