"""One home of five people, taken in once for all tests that only look."""

from __future__ import annotations

from functools import cache

import pytest
from rights_world import AS_OF, PAIRS, REQUESTS, Export, Zip, drop, open_home, populate, serve, take_in

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.rights.access.export import export


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """The home; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("rights")
    populate(folder / "landing", PAIRS)
    drop(folder / "landing", "subject_requests", REQUESTS, name="more.jsonl")
    session = open_home(folder)
    take_in(session)
    serve(session, PAIRS)
    return session


@pytest.fixture(scope="session")
def exported(house: Session, tmp_path_factory: pytest.TempPathFactory) -> Export:
    """`exported(account, profile)`: what they are given, asked for once."""

    @cache
    def given(account: str, profile: str | None = None) -> Zip:
        request = f"request of {account}" + ("" if profile is None else f" {profile}")
        out = tmp_path_factory.mktemp("exported") / "out.zip"
        export(house, account, profile, request, out, AS_OF)
        assert out.stat().st_mode & 0o777 == 0o600
        return Zip.read(out)

    return given
