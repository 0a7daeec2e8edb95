"""`media-privacy doctor`: whether this machine and this home are fit for a run, and how to mend what is not."""

from __future__ import annotations

from dataclasses import asdict

import typer

from .options import AsJson, EngineName, Home, Landing, settings_of
from .output import as_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(landing: Landing = None, home: Home = None, engine: EngineName = None, json: AsJson = False) -> None:
    """Check Python, Java, Spark, keys, permissions, disk and telemetry; say how to mend what is wrong.

    With the spark engine a query is tried on its executors: whether they answer, have the same Spark, Python and
    package, and see the home.

    Exits with 1 when something must be mended before a run. A warning is no obstacle.
    """
    from ..doctor import examine

    findings = examine(settings_of(landing=landing, home=home, engine=engine))
    failed = [finding for finding in findings if finding.state == "wrong"]
    if json:
        as_json({"fit": not failed, "findings": [asdict(finding) for finding in findings]})
    else:
        colours = {"good": "green", "warning": "yellow", "wrong": "red"}
        for finding in findings:
            state = typer.style(f"{finding.state:<7}", fg=colours[finding.state])
            typer.echo(f"{state}  {finding.name:<12}  {finding.said}")
            if finding.mend:
                typer.echo(f"{'':<23}{finding.mend}")
    if failed:
        raise typer.Exit(1)
