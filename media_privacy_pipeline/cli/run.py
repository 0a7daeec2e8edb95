"""`media-privacy run`: the night, without the UI."""

from __future__ import annotations

import os
import time
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from .options import AsJson, EngineName, Home, Landing, PolicyFile, environment_of, settings_of
from .output import as_json
from .progress import shown

if TYPE_CHECKING:
    from ..orchestration.headless import RunReport
    from ..settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(
    landing: Landing = None,
    home: Home = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First arrival day; the earliest landed.")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last arrival day; the latest landed.")
    ] = None,
    engine: EngineName = None,
    policy: PolicyFile = None,
    as_of: Annotated[
        str | None, typer.Option(help="Decide as of this time (ISO-8601, UTC); the end of the last day.")
    ] = None,
    wait: Annotated[
        float | None, typer.Option(help="Seconds to wait for another run on this home.", show_default="600")
    ] = None,
    json: AsJson = False,
) -> None:
    """Run the pipeline over the arrival days of a landing zone, and say what came of it.

    Materialises the assets that Dagster shows, all days in one run. What is already there and made from the same
    input stays as it is, so that running again is quick and never spends privacy budget twice.

      media-privacy run --landing landing --home home

      media-privacy run --from 2026-01-01 --to 2026-01-07 --json | jq .tables
    """
    from ..engines.spark_config import spark_config
    from ..engines.spark_session import ready
    from ..orchestration.days import span_between
    from ..policy import load

    settings = settings_of(landing=landing, home=home, engine=engine, policy=policy, lock_wait=wait)
    # What is cheap to find wrong is found before Dagster is loaded.
    load(settings.policy)
    if settings.engine == "spark":
        ready(settings.spark_master, spark_config(settings))
    span = span_between(settings.landing, first and first.date(), last and last.date(), as_of)
    started = time.monotonic()

    # The definitions are built when they are imported, from the environment, here as in Dagster's own processes.
    os.environ.update(environment_of(settings))
    from ..definitions import defs
    from ..orchestration.headless import run_range

    with shown(len(defs.resolve_job_def("nightly").nodes), quiet=json):
        report = run_range(defs, settings, span, waiting=lambda text: typer.echo(text, err=True))
    _tell(report, settings, time.monotonic() - started, json=json)


def _tell(report: RunReport, settings: Settings, seconds: float, *, json: bool) -> None:
    from ..engines import Session
    from ..published import opened
    from ..reports.summary import summary
    from .summary import told

    session = Session(settings)
    try:
        found = summary(session, opened(settings))
    finally:
        session.close()
    if json:
        as_json(
            {
                "run": report.run_id,
                "seconds": round(seconds, 1),
                "rows": dict(report.rows),
                "made": list(report.made),
                "unchanged": list(report.unchanged),
                "warnings": list(report.warnings),
                **found.to_json(),
            }
        )
        return
    for line in told(found, settings.home, settings.landing):
        typer.echo(line)
    made, there = len(report.made), len(report.unchanged)
    typer.echo(f"\n{seconds:.0f} s; of {made + there} assets {made} were made, {there} were there already")
