"""The second half of a night: from permitted rows to noisy counts and the release, and what is proved of it."""

from __future__ import annotations

from collections.abc import Iterator

from ..policy import Policy
from ..release_policy import PERIOD
from ..sql import Project
from .step import Step
from .steps_of_models import for_advertising, for_context
from .steps_to_permitted import SURVEYED, permitted_steps


def anonymised_steps(policy: Policy, project: Project) -> Iterator[Step]:
    """Noisy counts: a step for each table that the policy declares, those with one allowance in the order of it."""
    for table, statement in policy.releases.tables.items():
        shared = None if statement.allowance is None else statement.allowance.shared
        before = () if shared is None else shared.tables[: shared.tables.index(table)]
        domains = {column.of for column in statement.cells.values() if column.of not in (None, PERIOD)}
        yield Step(
            f"release_{table}",
            "anonymised",
            "privacy.steps:release_table",
            (table,),
            deps=(*sorted(project.sources(f"{table}_contributions").union(filter(None, domains))), *before[-1:]),
            arguments=(table,),
            daily=True,
            pool="engine",
        )


def discovery_steps() -> Iterator[Step]:
    """The search index of the catalogue."""
    yield Step(
        "index_titles",
        "discovery",
        "discovery.step:index_titles",
        ("search_titles", "search_words", "search_index"),
        deps=("accepted_titles",),
        kinds=("python", "parquet"),
    )


def rights_steps(policy: Policy) -> Iterator[Step]:
    """Retention and its proof; who was handed what."""
    permitted = [table for step in permitted_steps(policy) for table in step.tables]
    yield Step(
        "retain",
        "rights",
        "rights.retention.steps:retain",
        ("retention_proof",),
        # What is destroyed can no longer be counted, released or learned from: all that is done before.
        deps=(
            "decision_accounting",
            *permitted,
            *policy.releases.tables,
            *policy.exact_tables,
            "model_metrics",
            "segment_profile",
            "similar_titles",
            "creator_exposure",
        ),
        kinds=("python", "parquet"),
        pool="engine",
    )
    yield Step(
        "count_disclosures",
        "rights",
        "rights.disclosure.steps:count",
        ("disclosure_counts",),
        kinds=("python", "parquet"),
    )


def exact_steps(policy: Policy) -> Iterator[Step]:
    """Exact tables, where the policy insists on any."""
    if policy.exact_tables:
        yield Step(
            "tell_exactly",
            "published",
            "exact.steps:tell_exactly",
            tuple(policy.exact_tables),
            deps=tuple({table.source: None for table in policy.exact_tables.values()}),
            kinds=("python", "parquet"),
            pool="engine",
        )


def published_steps(policy: Policy) -> Iterator[Step]:
    """From candidate to release and report, and the proof of erasures."""
    yield Step(
        "export_privacy_ledger",
        "published",
        "privacy.steps:export_ledger",
        ("privacy_ledger",),
        deps=(*policy.releases.tables, "segment_profile", "similar_titles", "creator_exposure"),
        kinds=("parquet", "sqlite"),
    )
    yield Step(
        "account_rows",
        "published",
        "published.steps:account_rows",
        ("row_accounting",),
    )
    yield Step(
        "candidate",
        "published",
        "published.steps:candidate",
        ("candidate",),
        deps=(
            *policy.releases.tables,
            "segment_profile",
            "similar_titles",
            "search_titles",
            "search_words",
            "search_index",
            "popular_by_region",
            "creator_exposure",
            "fairness_report",
            "title_forecast",
            "forecast_backtest",
            "emerging_titles",
            "slot_plan",
            "privacy_ledger",
            "row_accounting",
            "recommendations",
            "weekly_discovery",
            *for_context(policy)[1:],
            "viewer_segments",
            *for_advertising(policy)[1:],
            "retention_proof",
            *policy.exact_tables,
        ),
        description="Everything that the next release would hold, set aside for the audit.",
    )
    yield Step(
        "audit",
        "published",
        "audit.steps:audit",
        ("audit_findings",),
        deps=("candidate",),
        kinds=("python", "parquet"),
    )
    yield Step(
        "publish",
        "published",
        "published.steps:publish",
        ("release",),
        deps=("candidate", "audit_findings"),
        description=(
            "The release that readers follow. The gate verifies everything by itself; when it refuses, the last "
            "release stays."
        ),
    )
    yield Step(
        "release_report",
        "published",
        "reports.steps:write_release_report",
        ("release_report",),
        deps=("release", "retention_proof", "disclosure_counts", *SURVEYED),
        kinds=("html",),
        description="What was released, what it cost in privacy, what was withheld and why: one page, for people.",
    )
    yield Step(
        "prove_erasures",
        "published",
        "rights.erasure.steps:prove",
        ("erasure_receipts",),
        deps=("erasures", "release", "release_report"),
        kinds=("json",),
        description=(
            "Signed receipts of the erasures, once every file of the home was looked into and nobody was found. Counts "
            "alone."
        ),
    )
