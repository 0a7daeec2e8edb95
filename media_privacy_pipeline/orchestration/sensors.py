"""What tells people that a night went wrong: ids and counts, so that an alert is safe to send anywhere."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta

import dagster as dg

from ..settings import Settings
from .days import late_days

log = logging.getLogger(__name__)

# A delivery of the day may come until so late on the next one.
_GRACE = timedelta(hours=6)


def failure_sensor() -> dg.SensorDefinition:
    """Writes one line for each failed run: its id, its job, its days, and which steps failed."""

    @dg.run_failure_sensor(
        name="nightly_failed",
        description="A run failed: one line with its id and the names of the steps. Nothing of the data.",
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def nightly_failed(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        alert = {
            "run": run.run_id,
            "job": run.job_name,
            "steps": sorted({event.step_key for event in context.get_step_failure_events() if event.step_key}),
        }
        log.error("run failed: %s", json.dumps(alert))
        context.log.error(f"run failed: {json.dumps(alert)}")

    return nightly_failed


def lateness_sensor(settings: Settings) -> dg.SensorDefinition:
    """Says which arrival days are missing, once for each set of them."""

    @dg.sensor(
        name="landing_late",
        minimum_interval_seconds=900,
        description="A day that should have arrived by 06:00 UTC of the next one and has not.",
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def landing_late(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        until = (datetime.now(UTC) - _GRACE).date() - timedelta(days=1)
        until = min(until, settings.last_day or until)
        late = [day.isoformat() for day in late_days(settings.landing, until)]
        if not late:
            return dg.SkipReason("every day that should have arrived has arrived")
        told = f"{len(late)} days have not arrived: {late[0]} to {late[-1]}"
        if context.cursor != told:
            context.log.error(told)
            context.update_cursor(told)
        return dg.SkipReason(told)

    return landing_late
