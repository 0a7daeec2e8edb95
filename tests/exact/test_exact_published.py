"""An exact table is restricted, known by the policy alone, and part of the night like any other table."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from exact_world import SOURCE, TABLE, policy_with

from media_privacy_pipeline import policy
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.exact.releasing import types_of
from media_privacy_pipeline.orchestration.catalogue import catalogue
from media_privacy_pipeline.published.evidence import Evidence
from media_privacy_pipeline.published.gate import _consent
from media_privacy_pipeline.published.manifest import TableEntry
from media_privacy_pipeline.settings import PROJECT
from media_privacy_pipeline.sql import Access, Contract, Project, ProtectedBy, load_project
from media_privacy_pipeline.sql.exact import exact_contracts
from media_privacy_pipeline.sql.privacy import check_privacy

SQL = PROJECT / "dbt_like_sql"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    path = policy_with(tmp_path_factory.mktemp("policy"), week_titles=TABLE)
    return load_project(SQL, policy.load(path))


def test_the_packaged_policy_has_none(tmp_path: Path) -> None:
    assert policy.load().exact_tables == {}


def test_it_is_restricted_to_the_purpose_whose_rows_it_counts(project: Project) -> None:
    meta = project.contracts["week_titles"].meta
    assert (meta.access, meta.purpose, meta.protected_by) == (Access.restricted, "analytics", ProtectedBy.suppression)
    assert project.contracts["week_titles"].types == types_of(project.policy.exact_tables["week_titles"])


def test_it_is_told_before_the_candidate_and_before_rows_are_destroyed(project: Project) -> None:
    steps = {step.name: step for step in catalogue(project.policy, project)}
    assert steps["tell_exactly"].deps == (SOURCE,)
    assert "week_titles" in steps["candidate"].deps
    assert "week_titles" in steps["retain"].deps


def test_exact_counts_are_never_open(project: Project) -> None:
    contract = project.contracts["week_titles"]
    open_one = contract.model_copy(update={"meta": contract.meta.model_copy(update={"access": Access.open})})
    graph = project.graph
    contracts = {**project.contracts, "week_titles": open_one}
    with pytest.raises(UsageError, match="exact counts are never open"):
        check_privacy(type(graph)(contracts, graph.lineage), project.policy.purposes.keys())


def _claiming(contract: Contract) -> Contract:
    claimed = contract.meta.model_copy(update={"protected_by": ProtectedBy.suppression})
    return contract.model_copy(update={"meta": claimed})


def test_no_other_table_claims_its_protection(project: Project) -> None:
    without = {name: each for name, each in project.contracts.items() if name != "week_titles"}
    without["recommendations"] = _claiming(without["recommendations"])
    with pytest.raises(UsageError, match="is for the policy's exact"):
        exact_contracts(project.policy, without)


@pytest.mark.parametrize(
    ("name", "other", "said"),
    [
        ("title_daily", {}, "another table of this name"),
        ("week_titles", {"sensitive": "shoe_size"}, "no column shoe_size"),
    ],
)
def test_a_table_that_cannot_be_is_named(tmp_path: Path, name: str, other: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load_project(SQL, policy.load(policy_with(tmp_path, **{name: {**TABLE, **other}})))


def test_the_gate_asks_of_people_alone_whether_they_consent() -> None:
    def entry(protected_by: str | None) -> TableEntry:
        shape = {"contract_version": 1, "contract_digest": "", "columns": [], "rows": 1, "files": []}
        return TableEntry.model_validate(
            {"access": "restricted", "purpose": "analytics", "protected_by": protected_by, **shape}
        )

    evidence = Evidence((), {}, {}, standing=lambda purpose: [])
    rows = {"week_titles": pa.table({"accounts": [12]}), "people": pa.table({"viewer_key": ["v1"]})}
    manifest = SimpleNamespace(tables={"week_titles": entry("suppression"), "people": entry(None)})
    (reason,) = _consent(manifest, rows, evidence)  # type: ignore[arg-type]
    assert reason.text.startswith("people: 1 of 1 rows")


def test_nobody_outside_is_handed_one(tmp_path: Path) -> None:
    path = policy_with(tmp_path, week_titles=TABLE)
    recipient = (
        "{title: A, contact: a@b.example, country: DE, purposes: [analytics], tables: [week_titles], basis: none}"
    )
    path.write_text(path.read_text().replace("recipients: {}", f"recipients: {{office: {recipient}}}"))
    with pytest.raises(UsageError, match="exact tables stay in the house"):
        policy.load(path)
