"""All that Dagster loads, on one page."""

from __future__ import annotations

import warnings
from typing import Any

import dagster as dg

from .engines import Session
from .orchestration.assets import assets_of, landing_specs
from .orchestration.catalogue import catalogue
from .orchestration.failures import mask_errors
from .orchestration.jobs import nightly_job, nightly_schedule
from .orchestration.sensors import failure_sensor, lateness_sensor
from .orchestration.session import session_resource
from .orchestration.spans import daily_partitions
from .settings import Settings


def build_defs(**overrides: Any) -> dg.Definitions:
    """Everything of one installation; `overrides` are settings that win over MEDIA_PRIVACY_*.

    Raises UsageError for a policy, a contract or a model that is wrong: then nothing loads, and nothing can run.
    """
    mask_errors()
    settings = Settings(**overrides)
    session = Session(settings)
    partitions = daily_partitions(settings)
    with warnings.catch_warnings():
        # Single-run backfills are in beta; the minor version is pinned and the tests run ranges through them.
        warnings.simplefilter("ignore", dg.BetaWarning)
        job = nightly_job()
        return dg.Definitions(
            assets=[
                *landing_specs(settings),
                *assets_of(catalogue(session.policy, session.project), session.project, settings, partitions),
            ],
            jobs=[job],
            schedules=[nightly_schedule(job)],
            sensors=[failure_sensor(), lateness_sensor(settings)],
            resources={"session": session_resource(settings)},
            executor=dg.in_process_executor,
        )


defs = build_defs()
