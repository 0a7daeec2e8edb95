"""Each expectation of a table as an asset check of its own: what it asks, whether it blocks, and its counts.

The checks of a daily table are not partitioned: Dagster 1.13 gives the evaluation of a partitioned check no partition
when one run takes in a range of days, and would show every day as never checked. One evaluation speaks for all the
days of its run, and says which.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import dagster as dg

from ..engines import Span
from ..quality import ExpectationSpec, expectations_of
from ..quality.runner import CheckOutcome
from ..sql import Access, Project
from .step import Step

_CHECKED_GROUPS = {"landing", "permitted", "anonymised", "rights"}
_ASKED = ("min_value", "max_value", "value_set", "regex")
_KINDS = {
    "not_null": "always there",
    "unique": "no value twice",
    "unique_together": "no combination twice",
    "in_set": "one of a closed list,",
    "between": "within its range,",
    "regex": "of its form,",
    "at_least": "the first is not below the second",
    "query": "as counted by a query of its own",
    "schema": "as the contract says",
}


def checked(step: Step, project: Project) -> list[str]:
    """Tables of a step whose expectations are asset checks: what landed, what a purpose sees, what leaves the house.

    What lies between them is made by SQL whose columns and types are proved when it is loaded, and read by nobody.
    """
    return [
        table
        for table in step.tables
        if (contract := project.contracts.get(table)) is not None
        and (step.group in _CHECKED_GROUPS or contract.meta.access is not Access.internal)
    ]


def check_specs(tables: Iterable[str], project: Project) -> list[dg.AssetCheckSpec]:
    """Each expectation of the tables as an asset check."""
    return [
        dg.AssetCheckSpec(
            spec.name,
            asset=table,
            description=spec.meaning or _words(spec),
            blocking=spec.severity == "error",
        )
        for table in tables
        for spec in expectations_of(project, table)
    ]


def _words(spec: ExpectationSpec) -> str:
    """What a generated expectation asks, for the check's page."""
    asked = {name: value for name, value in spec.kwargs.items() if name in _ASKED and value is not None}
    named = ", ".join(spec.columns)
    return f"{named}: {_KINDS[spec.kind]}" + "".join(f" {name.split('_')[0]} {value}" for name, value in asked.items())


def check_results(outcomes: Sequence[CheckOutcome], span: Span) -> Iterator[dg.AssetCheckResult]:
    """What the validator counted, for Dagster: numbers and days, no value."""
    for outcome in outcomes:
        yield dg.AssetCheckResult(
            asset_key=dg.AssetKey(outcome.table),
            check_name=outcome.name,
            passed=outcome.passed,
            severity=dg.AssetCheckSeverity.WARN if outcome.severity == "warn" else dg.AssetCheckSeverity.ERROR,
            metadata={
                "unexpected": outcome.unexpected,
                "total": outcome.total,
                "first_day": span.first.isoformat(),
                "last_day": span.last.isoformat(),
            },
        )
