"""Two homes in which everybody goes by the same names, and a night in one of them without noise.

What is random in a home is who goes by which key, and the noise. With the keys of one home in both, and noise that is
nothing, all that is left of a night is arithmetic, and two engines must come to the same. Such a home is thrown away:
what is in it is exact.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from media_privacy_pipeline.consent.subject_keys import Kind, opened_keys
from media_privacy_pipeline.engines import Input, Session, Span
from media_privacy_pipeline.landing import steps as landing
from media_privacy_pipeline.landing.sources import SOURCES
from media_privacy_pipeline.orchestration.catalogue import catalogue
from media_privacy_pipeline.orchestration.checks import checked
from media_privacy_pipeline.orchestration.step import Step
from media_privacy_pipeline.privacy import noise
from media_privacy_pipeline.privacy.noise import Integers
from media_privacy_pipeline.quality.runner import CheckOutcome
from media_privacy_pipeline.quality.steps import validate
from media_privacy_pipeline.settings import Settings

Audit = Callable[[Session, Span], object]
_IDS: Mapping[Kind, tuple[str, ...]] = {
    "account": ("account_id",),
    "profile": ("account_id", "profile_id"),
    "device": ("device_id",),
}


def home_of(work: Path, name: str, zone: Path, **settings: Any) -> Session:
    """A session on a new home under a folder, with its key file beside it."""
    home = work / name
    shutil.rmtree(home, ignore_errors=True)
    return Session(Settings(landing=zone, home=home, keys=work / "keys", **settings))


def vault_for_all(seed: Session, span: Span) -> Path:
    """Keys of all accounts, profiles and devices that a landing zone names: a file to be copied into other homes."""
    for source in SOURCES:
        landing.accept(seed, span, source)
    tables = [t for t in seed.lake.tables() if t.startswith(("accepted_", "conflicting_", "malformed_"))]
    with opened_keys(seed) as keys:
        for kind, columns in _IDS.items():
            for table in tables:
                if set(columns) <= seed.project.contracts[table].types.keys():
                    keys.get(kind, _distinct(seed, table, columns), make=True)
    return seed.settings.vault / "keys.sqlite"


def _distinct(session: Session, table: str, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    there = " and ".join(f"{column} is not null" for column in columns)
    inputs: dict[str, Input] = {table: session.folder(table)}
    found = session.engine.fetch(f"select distinct {', '.join(columns)} from {table} where {there}", inputs)
    return list(zip(*(found[column].to_pylist() for column in columns), strict=True))


def night(
    session: Session,
    span: Span,
    vault: Path,
    *,
    done: Callable[[str], None] = lambda name: None,
    audit: Audit | None = None,
) -> dict[str, CheckOutcome]:
    """Run every step of a night, from landing to the release, without noise and without Dagster.

    The outcomes of all checks that a night makes, by `<table>: <check>`. `done` is told of each step that ended. The
    audit measures noise and keeps it; what it finds is drawn, and another may be given in its place.
    """
    session.settings.vault.mkdir(parents=True)
    shutil.copyfile(vault, session.settings.vault / "keys.sqlite")
    steps = catalogue(session.policy, session.project)
    for step in in_order(steps):
        if step.name == "audit":
            (audit or step.run)(session, span)
        else:
            with without_noise():
                step.run(session, span)
        done(step.name)
    found = {}
    for table in sorted(table for step in steps for table in checked(step, session.project)):
        found.update({f"{table}: {each.name}": each for each in validate(session, table)})
        done(f"check {table}")
    return found


def in_order(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Steps so that each comes after those whose tables it is made from."""
    maker = {table: step.name for step in steps for table in step.tables}
    by_name = {step.name: step for step in steps}
    graph = {
        step.name: {maker[dep] for table in step.tables for dep in step.deps_of(table) if dep in maker} - {step.name}
        for step in steps
    }
    yield from (by_name[name] for name in TopologicalSorter(graph).static_order())


@contextmanager
def without_noise() -> Iterator[None]:
    """A block in which both samplers draw nothing but zeros. What is released in it is exact."""

    def silent(values: Integers, sigma: int) -> Integers:
        return values.astype("int64")

    before = noise.own_noise, noise.opendp_noise
    noise.own_noise = noise.opendp_noise = silent
    try:
        yield
    finally:
        noise.own_noise, noise.opendp_noise = before
