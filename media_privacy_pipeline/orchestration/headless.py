"""A run without the UI: the same job, on the same instance, over a range of days in one go."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from ..engines import Session, Span
from ..errors import PipelineError, Refused, UsageError
from ..settings import Settings
from .eventlog import reused_connections
from .failures import is_full
from .instance import HEADLESS, bury_the_dead, open_instance
from .jobs import NIGHTLY
from .session import opened
from .spans import tags_of

log = logging.getLogger(__name__)

_INTERRUPTS = {KeyboardInterrupt.__name__, dg.DagsterExecutionInterruptedError.__name__}


@dataclass(frozen=True)
class RunReport:
    """What one headless run did: rows by table, assets that were made and that were there, and checks that warn."""

    run_id: str
    span: Span
    rows: Mapping[str, int]
    made: tuple[str, ...]
    unchanged: tuple[str, ...]
    warnings: tuple[str, ...]


def run_range(
    definitions: dg.Definitions, settings: Settings, span: Span, *, waiting: Callable[[str], None] | None = None
) -> RunReport:
    """Run the nightly job over a span of arrival days.

    Raises the step's own Refused or UsageError where one failed, and Refused where a blocking check did.
    """
    with (
        _disk_full_told(settings),
        opened(settings, "media-privacy run", waiting=waiting) as session,
        open_instance(settings) as instance,
        reused_connections(instance),
    ):
        for run_id in bury_the_dead(instance):
            log.warning("run %s ended without a word; this one goes on where it stopped", run_id[:8])
        return _execute(definitions, session, instance, span)


@contextmanager
def _disk_full_told(settings: Settings) -> Iterator[None]:
    """Dagster's own files grow too: say what is the matter where it is they that find no space."""
    try:
        yield
    except (OSError, SQLAlchemyError) as error:
        if not is_full(error, settings.home):
            raise
        raise Refused(f"{settings.home}: the disk is full: free some space and run again") from None


def _execute(definitions: dg.Definitions, session: Session, instance: dg.DagsterInstance, span: Span) -> RunReport:
    result = definitions.resolve_job_def(NIGHTLY).execute_in_process(
        instance=instance,
        tags={**tags_of(span), HEADLESS: "true"},
        resources={"session": session},
        # The UI has the event log; a terminal gets our own words.
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        raise_on_error=False,
    )
    if not result.success:
        if _interrupted(result):
            raise KeyboardInterrupt
        raise _why(result)
    rows: dict[str, int] = {}
    skipped: dict[str, bool] = {}
    for event in result.get_asset_materialization_events():
        materialization = event.step_materialization_data.materialization
        table = materialization.asset_key.to_user_string()
        count = materialization.metadata.get("dagster/row_count")
        if isinstance(count, dg.IntMetadataValue) and count.value is not None:
            rows[table] = count.value
        skipped[table] = materialization.metadata.get("skipped") == dg.MetadataValue.bool(True)
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    return RunReport(
        result.run_id,
        span,
        rows,
        tuple(table for table, same in skipped.items() if not same),
        tuple(table for table, same in skipped.items() if same),
        tuple(f"{check.asset_key.to_user_string()}: {check.check_name}" for check in failed),
    )


def _interrupted(result: dg.ExecuteInProcessResult) -> bool:
    """Whether Ctrl-C ended the run: Dagster takes it for the failure of the step that it met."""
    failures = [e for e in result.all_events if e.event_type == dg.DagsterEventType.STEP_FAILURE]
    errors = [e.step_failure_data.error for e in failures]
    return any(error is not None and error.cls_name in _INTERRUPTS for error in errors)


def _why(result: dg.ExecuteInProcessResult) -> PipelineError:
    """The error that a person is told: the first step's that failed, with the exit code that it stands for."""
    broken = [c for c in result.get_asset_check_evaluations() if not c.passed and c.blocking]
    for event in result.all_events:
        if event.event_type == dg.DagsterEventType.STEP_FAILURE:
            data = event.step_failure_data.user_failure_data
            if data is not None and data.description is not None:
                code = data.metadata.get("exit_code")
                kind = UsageError if isinstance(code, dg.IntMetadataValue) and code.value == 2 else Refused
                return kind(f"{event.step_key}: {data.description}")
            if broken:
                named = ", ".join(f"{c.asset_key.to_user_string()}: {c.check_name}" for c in broken)
                return Refused(f"{event.step_key}: blocking checks failed ({named}); nothing after it was made")
    return Refused(f"the run {result.run_id} failed; `media-privacy ui` shows where")
