"""The same small publishing house that the tests of releases use, with one release made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from publishing_house import House, put_all, span, write_contracts

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.published import steps


@pytest.fixture
def session(tmp_path: Path, make_session: Callable[..., Session], monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setattr(steps, "gather", House().gather)
    write_contracts(tmp_path / "sql")
    session = make_session(sql=tmp_path / "sql", home=tmp_path / "home", keys=tmp_path / "home.keys")
    put_all(session)
    steps.candidate(session, span())
    steps.publish(session, span())
    return session
