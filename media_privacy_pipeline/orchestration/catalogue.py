"""The steps of a night, in the order of the story that the asset graph tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..keeping import EVENT_TIMES
from ..policy import Policy
from ..sql import Project
from .days import DAILY_SOURCES, SNAPSHOT_SOURCES
from .step import Step

SOURCES = (*SNAPSHOT_SOURCES, *DAILY_SOURCES)
ANONYMISED = ("title_daily", "audience_daily", "discovery_daily")
SURVEYED = ("consent_coverage", "consent_conflicts", "reconsent_queue", "decisions_daily")

GROUPS = {
    "landing": "What was delivered, and what of it was accepted at the door",
    "consent": "What each person allows, and when",
    "permitted": "For each purpose, the rows and columns that it may see",
    "anonymised": "Counts with paid noise: nothing in them is about a person",
    "models": "What learns from permitted rows",
    "rights": "What is kept and for how long, and who was handed what",
    "published": "What other teams read, once the gate has let it through",
}
"""Dagster's asset groups, in order, with what each is about."""


def landed(source: str) -> str:
    """Name of the asset that stands for one folder of the landing zone."""
    return f"landed_{source}"


def catalogue(policy: Policy, project: Project) -> tuple[Step, ...]:
    """Every step under a policy; what a step reads, where SQL makes its tables, is read off the SQL."""
    steps = (
        *_landing(),
        *_consent(),
        *_permitted(policy),
        *_anonymised(),
        *_models(),
        *_rights(policy),
        *_published(),
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


def _landing() -> Iterator[Step]:
    for source in SOURCES:
        yield Step(
            f"accept_{source}",
            "landing",
            "landing.steps:accept",
            # What became of the rows is counted beside them, source by source; landing_accounting is all of it.
            (
                f"accepted_{source}",
                *(("conflicting_consents", "malformed_signals") if source == "consent_events" else ()),
            ),
            # The door keeps what a legal hold may keep, however old it is.
            deps=(landed(source), *(("accepted_subject_requests",) if source in EVENT_TIMES else ())),
            arguments=(source,),
            daily=source in DAILY_SOURCES,
        )
    yield Step(
        "account_landing",
        "landing",
        "landing.steps:account",
        ("landing_accounting",),
        deps=tuple(f"accepted_{source}" for source in SOURCES),
        daily=True,
    )
    yield Step(
        "classify_columns",
        "landing",
        "landing.steps:classify",
        ("column_findings",),
        deps=tuple(f"accepted_{source}" for source in SOURCES),
    )


def _consent() -> Iterator[Step]:
    yield Step(
        "update_ledger",
        "consent",
        "consent.steps:update_ledger",
        ("consent_ledger",),
        deps=(
            "accepted_consent_events",
            "conflicting_consents",
            "malformed_signals",
            "accepted_subject_requests",
            "accepted_viewing_events",
        ),
        kinds=("parquet", "sqlite"),
    )
    yield Step(
        "identify",
        "consent",
        "consent.steps:identify",
        ("subjects", "consent_devices", "suppressed_subjects"),
        deps=(
            "consent_ledger",
            "accepted_accounts",
            "accepted_consent_events",
            "accepted_viewing_events",
            "accepted_search_events",
        ),
    )
    yield Step(
        "erase",
        "consent",
        "rights.erasure.steps:carry_out",
        ("erasures",),
        deps=("subjects", "suppressed_subjects"),
        kinds=("parquet", "sqlite"),
        description=(
            "Verified requests of erasure, carried out: the people are taken out of everything that is stored, before "
            "anything is derived from it. Counts alone."
        ),
    )
    yield Step(
        "timeline",
        "consent",
        "consent.steps:timeline",
        (
            "purpose_rules",
            "purpose_ancestors",
            "consent_words",
            "consent_spans",
            "consent_timeline",
            "consent_verdicts",
            "private_sessions",
            "hidden_titles",
        ),
        deps=("erasures",),
    )
    yield Step(
        "account_decisions",
        "consent",
        "consent.steps:account_decisions",
        ("decision_accounting",),
        daily=True,
        pool="engine",
    )
    yield Step(
        "survey_consent",
        "consent",
        "consent.steps:survey",
        SURVEYED,
        deps=("consent_ledger", "consent_timeline", "consent_verdicts", "consent_words", "decision_accounting"),
    )


def _permitted(policy: Policy) -> Iterator[Step]:
    # Of those who are left: an erasure rewrites the accounts.
    yield Step("measure_regions", "permitted", "consent.steps:measure_regions", ("region_sizes",), deps=("erasures",))
    for purpose, rule in policy.purposes.items():
        if rule.columns:
            yield Step(
                f"permit_{purpose}",
                "permitted",
                "consent.steps:permit",
                tuple(f"permitted_{purpose}_{source}" for source in rule.columns),
                arguments=(purpose,),
                daily=all(source in DAILY_SOURCES for source in rule.columns),
                pool="engine",
            )


def _anonymised() -> Iterator[Step]:
    for table in ANONYMISED:
        yield Step(
            f"release_{table}",
            "anonymised",
            "privacy.steps:release_table",
            (table,),
            deps=("permitted_analytics_viewing_events", "accepted_titles"),
            arguments=(table,),
            daily=True,
            pool="engine",
        )


def _models() -> Iterator[Step]:
    yield Step(
        "train",
        "models",
        "models.steps:train",
        ("training_interactions", "model_metrics"),
        deps=("permitted_training_viewing_events", "consent_ledger"),
        kinds=("python", "numpy"),
        pool="models",
    )
    yield Step(
        "recommend",
        "models",
        "models.steps:recommend",
        ("personalisation_interactions", "recommendations"),
        deps=(
            "model_metrics",
            "permitted_personalisation_viewing_events",
            "permitted_personalisation_accounts",
            "accepted_titles",
            "title_daily",
        ),
        kinds=("python", "numpy"),
        pool="models",
    )
    yield Step(
        "segment",
        "models",
        "models.steps:segment",
        ("viewer_segments", "segment_profile"),
        deps=("training_interactions", "personalisation_interactions", "accepted_titles", "title_daily"),
        kinds=("python", "numpy"),
        pool="models",
    )


def _rights(policy: Policy) -> Iterator[Step]:
    permitted = [table for step in _permitted(policy) for table in step.tables]
    yield Step(
        "retain",
        "rights",
        "rights.retention.steps:retain",
        ("retention_proof",),
        # What is destroyed can no longer be counted, released or learned from: all that is done before.
        deps=("decision_accounting", *permitted, *ANONYMISED, "model_metrics", "segment_profile"),
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


def _published() -> Iterator[Step]:
    yield Step(
        "export_privacy_ledger",
        "published",
        "privacy.steps:export_ledger",
        ("privacy_ledger",),
        deps=(*ANONYMISED, "segment_profile"),
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
            *ANONYMISED,
            "segment_profile",
            "privacy_ledger",
            "row_accounting",
            "recommendations",
            "viewer_segments",
            "retention_proof",
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
