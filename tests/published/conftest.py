"""A session over the small publishing house, with what other rooms would say under the test's control."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from publishing_house import House, put_all, write_contracts

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.published import steps


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    house = House()
    monkeypatch.setattr(steps, "gather", house.gather)
    return house


@pytest.fixture
def session(tmp_path: Path, make_session: Callable[..., Session], house: House) -> Session:
    write_contracts(tmp_path / "sql")
    session = make_session(sql=tmp_path / "sql", home=tmp_path / "home", keys=tmp_path / "home.keys")
    put_all(session)
    return session
