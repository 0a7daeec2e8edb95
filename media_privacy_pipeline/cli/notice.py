"""`media-privacy notice`: what is collected and the record of processing, from policy, contracts and lineage."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import AsJson, PolicyFile, settings_of
from .output import as_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("notice")(notice)


def notice(
    out: Annotated[Path, typer.Option(help="The folder to write into.")],
    policy: PolicyFile = None,
    json: AsJson = False,
) -> None:
    """Write what is collected and what for, and the record of processing activities (GDPR 13, 14 and 30).

    DATA_COLLECTION.md and PROCESSING_RECORD.md are for people, the .json beside each for programs. All four are written
    from the policy, the contracts and the lineage of the queries; a run writes them beside each release report too.

      media-privacy notice --out papers
    """
    from ..engines import Session
    from ..reports.papers import write_papers

    paths = write_papers(Session(settings_of(policy=policy)).project, out.absolute())
    if json:
        as_json([str(path) for path in paths])
        return
    for path in paths:
        typer.echo(path)
