"""What a step written in Python makes says in its contract what from, and the catalogue's steps read just that."""

from __future__ import annotations

from media_privacy_pipeline import policy
from media_privacy_pipeline.orchestration.catalogue import catalogue
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.sql import Project, load_project

ABOUT_NOBODY = {
    "purpose_rules", "purpose_ancestors", "privacy_ledger", "audit_findings", "retention_proof", "disclosure_counts"
}  # fmt: skip
"""Made from the policy, charges or tries of the promise, or about the age of what is stored and what was handed on."""


def test_every_table_of_a_python_step_names_what_the_step_reads() -> None:
    project = load_project(Settings().sql, policy.load())
    checked = 0
    for step in catalogue(project.policy, project):
        reads = {table for made in step.tables for table in step.deps_of(made)} | set(step.tables)
        for table in step.tables:
            contract = project.contracts.get(table)
            if contract is None or table in project.models or contract.name in ABOUT_NOBODY:
                continue
            named = {origin.partition(".")[0] for origin in contract.meta.made_from}
            stored = {t for name in named for t in (project.sources(name) if project.is_view(name) else {name})}
            assert stored, table
            assert stored <= reads | _above(project, step.name, stored), table
            checked += 1
    assert checked > 6


def _above(project: Project, step: str, tables: set[str]) -> set[str]:
    """The model behind recommendations was trained by the step before: it hands on a file and no table."""
    return {"training_interactions"} & tables if step == "recommend" else set()
