"""The steps of a night, in the order of the story that the asset graph tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..policy import Policy
from ..sql import Project
from .step import Step
from .steps_of_models import forecast_steps, models_steps
from .steps_to_permitted import SOURCES, consent_steps, landed, landing_steps, permitted_steps
from .steps_to_release import anonymised_steps, discovery_steps, exact_steps, published_steps, rights_steps

GROUPS = {
    "landing": "What was delivered, and what of it was accepted at the door",
    "consent": "What each person allows, and when",
    "permitted": "For each purpose, the rows and columns that it may see",
    "anonymised": "Counts with paid noise: nothing in them is about a person",
    "models": "What learns from permitted rows",
    "discovery": "What titles are found by: the search index of the catalogue",
    "rights": "What is kept and for how long, and who was handed what",
    "published": "What other teams read, once the gate has let it through",
}
"""Dagster's asset groups, in order, with what each is about."""


def catalogue(policy: Policy, project: Project) -> tuple[Step, ...]:
    """Every step under a policy; what a step reads, where SQL makes its tables, is read off the SQL."""
    steps = (
        *landing_steps(),
        *consent_steps(),
        *permitted_steps(policy),
        *anonymised_steps(policy, project),
        *models_steps(policy),
        *forecast_steps(),
        *discovery_steps(),
        *exact_steps(policy),
        *rights_steps(policy),
        *published_steps(policy),
    )
    return tuple(_read_off(steps, project))


def _read_off(steps: Sequence[Step], project: Project) -> Iterator[Step]:
    """Steps with what each table made by SQL reads, as far as an earlier step, or the step itself, makes it.

    What a later step makes is last night's: an edge to it would be a circle.
    """
    made = {landed(source) for source in SOURCES}
    for step in steps:
        made |= set(step.tables)
        read = {table: tuple(sorted(project.sources(table) & made)) for table in step.tables if table in project.models}
        yield replace(step, read=read)
