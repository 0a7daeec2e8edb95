"""What the engine counts of a large table is what Great Expectations finds in a frame of it."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from media_privacy_pipeline.engines import Engine, Session
from media_privacy_pipeline.quality import counted, steps
from media_privacy_pipeline.quality.counted import counted_rows
from media_privacy_pipeline.quality.runner import Runner
from media_privacy_pipeline.quality.spec import ExpectationSpec

SPECS = [
    ExpectationSpec("there", "not_null", {"column": "device"}),
    ExpectationSpec("one_of", "in_set", {"column": "device", "value_set": ["tv", "o'neill", "a.c"]}),
    ExpectationSpec("form", "regex", {"column": "device", "regex": r"^[a-z]+$|\d\."}),
    ExpectationSpec("range", "between", {"column": "seconds", "min_value": 0, "max_value": 86400}),
    ExpectationSpec("least", "between", {"column": "seconds", "min_value": 1, "max_value": None}),
    ExpectationSpec("once", "unique", {"column": "event_id"}),
    ExpectationSpec("together", "unique_together", {"column_list": ["event_id", "device"]}),
    ExpectationSpec("not_below", "at_least", {"column_A": "seconds", "column_B": "least"}),
]
ROWS = pa.table(
    {
        "event_id": ["a", "a", None, None, "b", "c", "c", "c"],
        "device": ["tv", None, None, None, "o'neill", "a.c", "7.", "X"],
        "seconds": pa.array([0, 1, -1, None, 86400, 86401, 5, 7], pa.int32()),
        "least": pa.array([0, 2, None, 3, 1, 1, 6, 7], pa.int32()),
    }
)


def test_the_engine_counts_what_a_frame_would_tell(session: Session, engine: Engine) -> None:
    contract = session.project.contracts["plays"]
    counts = counted_rows(engine, contract, SPECS, ROWS)
    framed = {each.name: each for each in Runner().run("plays", SPECS, ROWS.to_pandas(), {})}
    assert {name: unexpected for name, (unexpected, _) in counts.items()} == {
        name: each.unexpected for name, each in framed.items()
    }
    assert {total for _, total in counts.values()} == {ROWS.num_rows}
    assert sum(unexpected > 0 for unexpected, _ in counts.values()) == len(SPECS)


def test_a_large_published_table_is_counted_and_never_framed(
    session: Session, put: Callable[[str, pa.Table], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    put("titles", pa.table({"title_id": ["t1"]}))
    rows = {"event_id": ["a", "a", "b"], "device": ["tv", "tv", "x"], "seconds": pa.array([1, 2, -3], pa.int32())}
    put("plays", pa.table({**rows, "title_id": ["t1", "t1", "t2"]}))
    contract = session.project.contracts["plays"]
    shown = contract.model_copy(update={"meta": contract.meta.model_copy(update={"access": "restricted"})})
    framed = steps.validate(session, "plays", contract=shown)
    monkeypatch.setattr(steps, "FRAMED_ROWS", 2)
    monkeypatch.setattr(steps, "frame_query", lambda *_: pytest.fail("a frame was made"))
    assert steps.validate(session, "plays", contract=shown) == framed
    assert not all(each.passed for each in framed)
    assert counted.FRAMED_ROWS > 100_000
