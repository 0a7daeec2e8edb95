"""`media-privacy edge-bundle`: what a viewer's device needs to recommend from its own history."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import AsJson, Home, PolicyFile, settings_of
from .output import as_facts, as_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("edge-bundle")(edge_bundle)


def edge_bundle(
    out: Annotated[Path, typer.Option(help="A folder that is not there yet.")],
    home: Home = None,
    model: Annotated[
        str | None, typer.Option(help="A stored model's name.", show_default="the factors that were paid for last")
    ] = None,
    policy: PolicyFile = None,
    json: AsJson = False,
) -> None:
    """Write private item factors with two small readers of them, in numpy and in JavaScript.

    Exits with 1 for a model that is not private, whose factors never leave the home, and where the private factors did
    not beat popularity.

      media-privacy edge-bundle --out bundle
    """
    from .. import policy as policies
    from ..models.edge.bundle import private_factors, stored_model, written
    from ..models.edge.paid import paid_factors

    settings = settings_of(home=home, policy=policy)
    if model is None:
        factors = paid_factors(settings, policies.load(settings.policy).releases.budget)
    else:
        factors = private_factors(stored_model(settings.models, model))
    manifest = written(out.absolute(), factors)
    told = {
        "out": str(out),
        **{name: manifest[name] for name in ("model", "titles", "width", "epsilon", "delta")},
        "bytes": sum(file["bytes"] for file in manifest["files"].values()),
    }
    as_json(told) if json else as_facts(told)
