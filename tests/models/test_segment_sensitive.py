"""Planting sensitive titles changes no segment: who watched them, how often and which, whatever they are about.

Noise is drawn alike in both worlds here, so that every byte can be compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from models_world import DAYS, FIRST, SPAN, World, bytes_of, rows_of
from private_world import let, quietly

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.models.inputs import catalogue
from media_privacy_pipeline.models.private import step as private_step
from media_privacy_pipeline.models.segments import paying, plans
from media_privacy_pipeline.models.steps import segment
from media_privacy_pipeline.sql import Project

SECRET = {"t037", "t038", "t039"}
TABLES = ("segment_profile", "viewer_segments", "viewer_segments_advertising")


class Sensitive(World):
    """The toy service with three sensitive titles, of three genres, which its people watch only where it is planted."""

    planted: tuple[tuple[int, str, date], ...] = ()

    def events(self) -> list[tuple[int, str, date]]:
        return [event for event in super().events() if event[1] not in SECRET] + list(self.planted)


Segments = Callable[..., dict[str, Any]]


@pytest.fixture
def segments_of(
    make_session: Callable[..., Session], project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Segments:
    opened = paying.open_desk

    def quiet(session: Session) -> Any:
        random = np.random.default_rng(8)
        return replace(
            opened(session),
            noise=lambda values, sigma: values + random.normal(0, sigma, len(values)).round().astype(int),
        )

    monkeypatch.setattr(paying, "open_desk", quiet)
    monkeypatch.setattr(private_step, "open_desk", quiet)
    quietly(monkeypatch)
    homes = iter(range(9))

    def made(world: World, space: str = "genres") -> dict[str, Any]:
        session = make_session(home=tmp_path / f"home{next(homes)}")
        vars(session)["project"] = project
        let(session)
        world.store(session)
        if space != "genres":
            private_step.liken(session, SPAN)
        assert segment(session, SPAN).metadata["space"] == space
        if space != "genres":
            shut_out_or_back_to_genres(session, world)
        assert len(rows_of(session, "segment_profile")) > 1
        return {table: bytes_of(session, table) for table in TABLES} | {
            path.name: path.read_bytes() for path in (session.settings.models / "segments").iterdir()
        }

    return made


def shut_out_or_back_to_genres(session: Session, world: World) -> None:
    """No sensitive title had a part in the factors; one that becomes sensitive later sends segments back to genres."""
    (plan,) = (session.settings.models / "private").glob("*.json")
    assert "t036" in plan.read_text()
    assert not any(secret in plan.read_text() for secret in SECRET)
    titles = catalogue(session)
    assert plans.private_factors(session, SPAN, titles) is not None
    titles["t036"] = replace(titles["t036"], sensitive=True)
    assert plans.private_factors(session, SPAN, titles) is None
    let(session, mu=None)
    assert plans.private_factors(session, SPAN, catalogue(session)) is None, "the policy pays for none any more"


@pytest.mark.parametrize("space", ["genres", "private factors"])
def test_planting_sensitive_titles_changes_no_byte_of_any_segment(segments_of: Segments, space: str) -> None:
    random = np.random.default_rng(3)
    bare, planted = (Sensitive(viewers=1600, plays=6, sensitive=SECRET) for _ in range(2))
    # Half of the people binge on them, among them some who watch nothing else.
    planted.planted = tuple(
        (int(viewer), str(title), FIRST + timedelta(days=int(random.integers(DAYS))))
        for viewer in random.choice(1600, 800, replace=False)
        for title in random.choice(sorted(SECRET), 5)
    ) + tuple((1600 + n, "t038", FIRST) for n in range(50))
    assert segments_of(bare, space) == segments_of(planted, space)
