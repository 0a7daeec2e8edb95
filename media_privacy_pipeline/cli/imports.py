"""`media-privacy import`: a public data set on the user's own disk as a landing zone."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .options import AsJson
from .output import as_facts, as_json


class Source(StrEnum):
    """What can be imported."""

    movielens = "movielens"
    globo = "globo"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_)


def import_(
    source: Annotated[Source, typer.Argument(help="movielens: ml-100k to ml-25m; globo: hourly click files.")],
    path: Annotated[Path, typer.Argument(help="The folder that holds the data set's files.")],
    out: Annotated[Path, typer.Option(help="The landing zone to make: a new folder.")],
    consent_rate: Annotated[float, typer.Option(min=0, max=1, help="Share of accounts declared to consent.")] = 0.8,
    seed: Annotated[int, typer.Option(help="The same seed declares the same consents.")] = 7,
    json: AsJson = False,
) -> None:
    """Turn MovieLens or the Globo.com clicks into a landing zone. Their consents are declared, not real.

    media-privacy import movielens ml-1m --out landing
    """
    from dataclasses import asdict

    from ..landing.globo import import_globo
    from ..landing.movielens import import_movielens

    take = {Source.movielens: import_movielens, Source.globo: import_globo}[source]
    found = asdict(take(path.absolute(), out.absolute(), consent_rate=consent_rate, seed=seed))
    if json:
        as_json(found)
        return
    as_facts(found)
    typer.echo(f"next: media-privacy run --landing {out} --home {out.with_name(out.name + '-home')}")
