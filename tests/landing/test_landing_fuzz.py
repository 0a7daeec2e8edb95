"""Whatever is dropped, the door neither breaks nor loses a row."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landing_toy import GOOD, accounting, as_csv, folder_of, let_in

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.landing import quarantine
from media_privacy_pipeline.landing.accounting import balance
from media_privacy_pipeline.sql import Project

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(max_size=4), scalars, max_size=2)


def tampered(source: str) -> st.SearchStrategy[dict[str, object]]:
    """A good row with any values in any columns."""
    columns = st.sampled_from([*GOOD[source], "other", "profile_id", "country"])
    return st.dictionaries(columns, values, max_size=3).map(lambda odd: {**GOOD[source], **odd})


@st.composite
def files(draw: st.DrawFn, source: str) -> tuple[str, bytes]:
    """A file: rows of any values in a text format, or any bytes, perhaps cut or with a byte changed."""
    suffix = draw(st.sampled_from(["csv", "csv.gz", "jsonl", "jsonl.gz", "parquet", "txt"]))
    rows = draw(st.lists(tampered(source), max_size=5))
    if suffix.startswith("csv"):
        texts = [{name: str(value) for name, value in row.items() if value is not None} for row in rows]
        data = as_csv(texts).encode(errors="replace")
    else:
        data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    data = draw(st.sampled_from([data, data + draw(st.binary(max_size=20)), draw(st.binary(max_size=60))]))
    if suffix.endswith(".gz"):
        data = gzip.compress(data)
    if data and draw(st.booleans()):
        data = data[: draw(st.integers(0, len(data)))]
    return suffix, data


@pytest.mark.parametrize("source", ["search_events", "titles", "consent_events"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_any_drop_is_accounted_for(
    make_session: Callable[..., Session],
    project: Project,
    tmp_path_factory: pytest.TempPathFactory,
    source: str,
    data: st.DataObject,
) -> None:
    base: Path = tmp_path_factory.mktemp("fuzz")
    dropped = data.draw(st.lists(files(source), min_size=1, max_size=3))
    for number, (suffix, content) in enumerate(dropped):
        (folder_of(base / "landing", source) / f"{number}.{suffix}").write_bytes(content)
    session = make_session(landing=base / "landing", home=base / "home")
    vars(session)["project"] = project
    let_in(session, source)
    found = accounting(session, source)
    assert balance(found) == {}
    kept = [refusal for day in quarantine.days(session, source) for refusal in quarantine.read(session, source, day)]
    assert len(kept) == sum(count.rows for count in found if count.stage in ("quarantined", "unreadable_file"))
