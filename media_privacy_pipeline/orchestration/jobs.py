"""The nightly job and when it runs."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg

NIGHTLY = "nightly"


def nightly_job() -> dg.UnresolvedAssetJobDefinition:
    """All assets, for one day or one range of days, in one process.

    Loading this project takes a new process longer than most steps need, and what is heavy is the engine's, which has
    threads of its own: so steps run one after the other in the run's process, and share one session and one lock.
    """
    return dg.define_asset_job(
        NIGHTLY,
        selection=dg.AssetSelection.all(),
        description="From what landed to what is published, for the arrival days of the run.",
        executor_def=dg.in_process_executor,
    )


def nightly_schedule(job: dg.UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Yesterday's arrivals, every night at 03:00 UTC; off until someone turns it on."""

    @dg.schedule(
        name="nightly_at_three",
        job=job,
        cron_schedule="0 3 * * *",
        execution_timezone="UTC",
        description="Takes in what arrived yesterday (UTC).",
    )
    def nightly_at_three(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        yesterday = (context.scheduled_execution_time - timedelta(days=1)).date().isoformat()
        return dg.RunRequest(run_key=yesterday, partition_key=yesterday)

    return nightly_at_three
