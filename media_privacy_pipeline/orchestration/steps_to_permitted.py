"""The first half of a night: from what landed to what each purpose may see. After it, no step reads raw rows."""

from __future__ import annotations

from collections.abc import Iterator

from ..keeping import EVENT_TIMES
from ..policy import Policy
from .days import DAILY_SOURCES, SNAPSHOT_SOURCES
from .step import Step

SOURCES = (*SNAPSHOT_SOURCES, *DAILY_SOURCES)
SURVEYED = ("consent_coverage", "consent_conflicts", "reconsent_queue", "decisions_daily")


def landed(source: str) -> str:
    """Name of the asset that stands for one folder of the landing zone."""
    return f"landed_{source}"


def landing_steps() -> Iterator[Step]:
    """Letting in what landed, and counting it."""
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


def consent_steps() -> Iterator[Step]:
    """The ledger, who there is, erasures, decisions and their survey."""
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


def permitted_steps(policy: Policy) -> Iterator[Step]:
    """What each purpose may see."""
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
