"""The gate comes to the same verdict where Spark counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from publishing_house import House, put_all, put_audit, span, write_contracts

from media_privacy_pipeline.engines import Engine, Session
from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.published import open_release
from media_privacy_pipeline.published.steps import candidate, publish


@pytest.mark.spark
def test_a_night_on_spark_is_judged_and_released_alike(
    tmp_path: Path, make_session: Callable[..., Session], house: House, spark_engine: Engine
) -> None:
    write_contracts(tmp_path / "sql")
    session = make_session(sql=tmp_path / "sql", engine="spark")
    put_all(session)
    put_audit(session, passed=False)
    release_id = candidate(session, span()).metadata["release_id"]
    with pytest.raises(Refused, match="audit: 1 of 1 checks failed"):
        publish(session, span())
    put_audit(session)
    publish(session, span())
    assert open_release(session.settings.home).release_id == release_id
