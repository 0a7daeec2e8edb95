"""Who opted out gets one list: whatever they are and do, what the service shows them is the same to the byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rights_world import AS_OF, DAY, DAYS, drop, person, say, take_in, view

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.models.coldstart.step import popularise
from media_privacy_pipeline.models.config import ModelsConfig
from media_privacy_pipeline.models.inputs import read
from media_privacy_pipeline.models.steps import recommend, train
from media_privacy_pipeline.policy import load
from media_privacy_pipeline.privacy import noise
from media_privacy_pipeline.privacy.steps import release_table
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.sql import Project, load_project

SPAN = Span.of(DAY, DAYS[-1])
OTHERS = [(f"a{n}", "main") for n in range(1, 6)]
OUT = "out"
QUIET: dict[str, Any] = {"country": "SE", "profile": "main", "titles": ["t1"], "birth_year": 1980, "is_kid": False}
LOUD: dict[str, Any] = {"country": "DE", "profile": "p7", "titles": ["t3"] * 9, "birth_year": 2016, "is_kid": True}


def home(folder: Path, keys: Path, project: Project, who: dict[str, Any]) -> Session:
    """A night of five people who agree to everything, and of one who refused everything."""
    zone = folder / "landing"
    titles = [
        {"title_id": t, "title": f"Title {t}", "genres": ["drama"], "maturity": "all"} for t in ("t1", "t2", "t3")
    ]
    drop(zone, "titles", titles)
    out = (OUT, who["profile"])
    drop(zone, "accounts", [
        *(person(pair) for pair in OTHERS), {**person(out), **{k: who[k] for k in ("country", "birth_year", "is_kid")}}
    ])  # fmt: skip
    for day in DAYS:
        rows = [
            view(f"{a} {day}", (a, p), day, title_id="t2", country="SE", watched_seconds=900) for a, p in OTHERS[:4]
        ]
        rows += [
            view(f"out {n} {day}", out, day, title_id=title, country=who["country"], watched_seconds=900)
            for n, title in enumerate(who["titles"])
        ]
        drop(zone, "viewing_events", rows, day)
    search = {"event_id": "s", "account_id": OUT, "profile_id": who["profile"], "searched_at": f"{DAY}T10:00:00Z"}
    drop(zone, "search_events", [{**search, "query": f"what {who['country']} likes"}])
    purposes = ("analytics", "personalisation", "training")
    drop(zone, "consent_events", [
        *(say(f"{a} {purpose}", a, purpose) for a, _ in OTHERS for purpose in purposes),
        *(say(f"out {purpose}", OUT, purpose, "denied") for purpose in purposes),
    ])  # fmt: skip
    session = Session(Settings(home=folder / "home", landing=zone, keys=keys, memory_limit="1GB"))
    vars(session)["project"] = project
    take_in(session, DAY, DAYS[-1])
    release_table(session, SPAN, "title_daily")
    config = ModelsConfig(contenders={})
    for step in (popularise, train, recommend):
        step(session, SPAN, config)
    return session


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Session, Session]:
    """The same night twice, everything about who opted out another, and no noise to hide a difference."""
    folder = tmp_path_factory.mktemp("out")

    def silent(values: noise.Integers, sigma: int) -> noise.Integers:
        assert sigma > 0
        return values.astype(np.int64)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(noise, "own_noise", silent)
        patch.setattr(noise, "opendp_noise", silent)
        project = load_project(Settings().sql, load())
        one, two = (home(folder / n, folder / "keys", project, who) for n, who in (("a", QUIET), ("b", LOUD)))
        return one, two


@pytest.mark.parametrize("table", ["popular_by_region", "recommendations", "title_daily"])
def test_nothing_about_them_changes_a_byte(homes: tuple[Session, Session], table: str) -> None:
    one, two = ([Path(file).read_bytes() for file in session.lake.files(table)] for session in homes)
    assert SPAN.as_of == AS_OF
    assert one
    assert one == two


def test_they_have_no_row_and_the_common_list_is_not_empty(homes: tuple[Session, Session]) -> None:
    for session, who in zip(homes, (QUIET, LOUD), strict=True):
        (key,) = session.keyring.viewer_keys("personalisation", [(OUT, who["profile"])])
        told = read(session, "recommendations", ["viewer_key"]).column("viewer_key").to_pylist()
        assert told
        assert key not in told
        rows = read(session, "popular_by_region", ["country", "title_id"]).to_pylist()
        assert {row["title_id"] for row in rows} == {"t2"}
        assert {row["country"] for row in rows} >= {"DE", "ZZ"}


def test_what_landed_was_another(homes: tuple[Session, Session]) -> None:
    one, two = (session.lake.rows("accepted_viewing_events") for session in homes)
    assert two - one == 8 * len(DAYS)
