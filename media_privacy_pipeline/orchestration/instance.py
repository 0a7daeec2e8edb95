"""Dagster's instance of a home: its folder, its configuration, and runs that died without saying so."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
import yaml

from ..settings import Settings

HEADLESS = "media_privacy/headless"
"""Run tag of the runs that `media-privacy run` makes."""

_CONFIG = {
    "telemetry": {"enabled": False},
    "nux": {"enabled": False},
    # A run takes the whole home, so a second one waits in the queue. Whole runs and not single steps take a place in
    # a pool: a killed process would keep a step's place for ever.
    "concurrency": {"runs": {"max_concurrent_runs": 1}, "pools": {"granularity": "run", "default_limit": 1}},
    "run_monitoring": {"enabled": True},
    "schedules": {"use_threads": True, "num_workers": 1},
    "sensors": {"use_threads": True, "num_workers": 1},
    "retention": {"schedule": {"purge_after_days": 90}, "sensor": {"purge_after_days": {"skipped": 7, "failure": 30}}},
}


def prepare(settings: Settings) -> Path:
    """Write HOME/dagster/dagster.yaml where it is missing; the folder that it is in."""
    folder = settings.dagster_home.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "dagster.yaml"
    if not config.exists():
        temporary = config.with_name(f".dagster-{os.getpid()}.yaml")
        temporary.write_text(yaml.safe_dump(_CONFIG, sort_keys=False))
        temporary.replace(config)
    return folder


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The home's persistent instance, the one that the UI shows; close it after use."""
    return dg.DagsterInstance.from_config(str(prepare(settings)))


def bury_the_dead(instance: dg.DagsterInstance) -> list[str]:
    """Mark headless runs that ended without a word as failed; the ids of those runs.

    Call it with the run lock held and before a run is made: whoever else says that it runs here then cannot be alive.
    """
    dead = instance.get_runs(
        filters=dg.RunsFilter(
            tags={HEADLESS: "true"}, statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING]
        )
    )
    for run in dead:
        instance.report_run_failed(run, "The process of this run ended without a word; the next run went on.")
    return [run.run_id for run in dead]
