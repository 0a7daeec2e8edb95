"""`media-privacy ui`: Dagster on the same home."""

from __future__ import annotations

import os
import sys
from datetime import date, timedelta
from typing import Annotated

import typer

from .options import Home, Landing, PolicyFile, environment_of, settings_of

# A landing zone that nobody delivers to any more is a sample: its end is no lateness to be shown in red.
_SILENT = timedelta(days=14)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ui")(ui)


def ui(
    landing: Landing = None,
    home: Home = None,
    policy: PolicyFile = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 3000,
    read_only: Annotated[bool, typer.Option(help="Look, but start and change nothing; no schedule runs.")] = False,
) -> None:
    """Open Dagster on a home: the asset graph, its checks, its runs. Ctrl-C ends it.

    It listens on 127.0.0.1 alone, because Dagster has no log-in: put a proxy that has one in front to share it.

      media-privacy ui --landing landing --home home
    """
    from ..orchestration.days import arrival_days
    from ..orchestration.instance import prepare

    settings = settings_of(landing=landing, home=home, policy=policy)
    landed = arrival_days(settings.landing)
    if settings.last_day is None and landed and date.today() - landed[-1] > _SILENT:
        typer.echo(f"nothing has landed since {landed[-1]}: Dagster shows the days until then", err=True)
        settings = settings.model_copy(update={"last_day": landed[-1]})
    # A file in the caller's folder that is named like a module of Dagster's must not be taken for it.
    os.environ.update(environment_of(settings), DAGSTER_HOME=str(prepare(settings)), PYTHONSAFEPATH="1")
    tool = ("dagster_webserver", "--read-only") if read_only else ("dagster", "dev")
    arguments = ["-m", *tool, "-m", "media_privacy_pipeline.definitions", "-h", "127.0.0.1", "-p", str(port)]
    typer.echo(f"Dagster on {settings.home}: http://127.0.0.1:{port}  (Ctrl-C ends it)", err=True)
    # In the place of this process, so that signals and the exit code are Dagster's.
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - our own interpreter and words
