"""Assets from the catalogue: one a table, made by its step, with what Dagster shows of it."""

# No postponed annotations here: Dagster compares the annotation of `context` itself, not its text.

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

from ..engines import Session, Span, StepResult
from ..settings import Settings
from ..sql import Access, Project
from .checks import check_results, check_specs, checked
from .columns import definition_metadata
from .days import DAILY_SOURCES
from .failures import ToldSafely
from .spans import span_of
from .step import Step
from .steps_to_permitted import SOURCES, landed
from .validated import validated

log = logging.getLogger(__name__)

_OWNERS = ("team:data-platform",)
# A night starts at 03:00 UTC. By 07:00 what it publishes has to be newer than the start of that night.
_FRESH = dg.FreshnessPolicy.cron(deadline_cron="0 7 * * *", lower_bound_delta=timedelta(hours=4), timezone="UTC")


def landing_specs(settings: Settings) -> list[dg.AssetSpec]:
    """The folders of the landing zone, which others fill: where the graph begins."""
    return [
        dg.AssetSpec(
            landed(source),
            description=f"What upstream delivers into {source}/"
            + ("day=YYYY-MM-DD/, by day of arrival." if source in DAILY_SOURCES else ", as snapshots."),
            group_name="landing",
            kinds={"file"},
            owners=list(_OWNERS),
            metadata={"dagster/uri": dg.MetadataValue.url((settings.landing / source).absolute().as_uri())},
        )
        for source in SOURCES
    ]


def asset_of(
    step: Step, project: Project, settings: Settings, partitions: dg.PartitionsDefinition[str]
) -> dg.AssetsDefinition:
    """The tables of one step as assets that it makes together."""

    tables = checked(step, project)

    @dg.multi_asset(
        name=step.name,
        specs=[_spec(table, step, project, settings) for table in step.tables],
        check_specs=check_specs(tables, project),
        partitions_def=partitions if step.daily else None,
        backfill_policy=dg.BackfillPolicy.single_run() if step.daily else None,
        required_resource_keys={"session"},
        pool=step.pool,
    )
    def compute(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        session: Session = context.resources.session
        with ToldSafely(step.name, settings.home):
            span = span_of(context, settings.landing)
            result = step.run(session, span)
            outcomes = validated(session, tables, span)
        _log(step, result)
        checks = list(check_results(outcomes, span))
        for table in step.tables:
            for day, rows in _rows_by_day(session, table, span).items() if step.daily else ():
                context.add_asset_metadata({"dagster/partition_row_count": rows}, table, partition_key=day)
            yield dg.MaterializeResult(
                asset_key=table,
                metadata=_metadata(table, session, span, result),
                check_results=[check for check in checks if check.asset_key == dg.AssetKey(table)],
            )

    return compute


def _spec(table: str, step: Step, project: Project, settings: Settings) -> dg.AssetSpec:
    contract = project.contracts.get(table)
    access = contract.meta.access if contract is not None else Access.internal
    return dg.AssetSpec(
        table,
        deps=step.deps_of(table),
        description=contract.description if contract is not None else step.description,
        group_name=step.group,
        owners=list(contract.meta.owners if contract is not None else _OWNERS),
        kinds={*step.kinds, *((settings.engine,) if table in project.models else ())},
        tags={"access": access.value},
        metadata=definition_metadata(table, project, settings),
        freshness_policy=_FRESH if access is not Access.internal or step.group == "published" else None,
    )


def _metadata(table: str, session: Session, span: Span, result: StepResult) -> Mapping[str, Any]:
    return {
        **result.metadata,
        **({"dagster/row_count": result.rows[table]} if table in result.rows else {}),
        **({"preview": dg.MetadataValue.md(result.previews[table])} if table in result.previews else {}),
        "skipped": result.skipped,
        "first_day": span.first.isoformat(),
        "last_day": span.last.isoformat(),
        "as_of": span.as_of.isoformat(),
        "engine": session.settings.engine,
    }


def _rows_by_day(session: Session, table: str, span: Span) -> dict[str, int]:
    metas = {day.isoformat(): session.lake.meta(table, day) for day in span.days}
    return {day: meta.rows for day, meta in metas.items() if meta is not None}


def _log(step: Step, result: StepResult) -> None:
    rows = ", ".join(f"{table} {rows:,}" for table, rows in result.rows.items())
    log.info("%s: %s%s", step.name, rows or "done", " (unchanged)" if result.skipped else "", extra={"step": step.name})


def assets_of(
    steps: Sequence[Step], project: Project, settings: Settings, partitions: dg.PartitionsDefinition[str]
) -> list[dg.AssetsDefinition]:
    """All assets of a catalogue."""
    return [asset_of(step, project, settings, partitions) for step in steps]
