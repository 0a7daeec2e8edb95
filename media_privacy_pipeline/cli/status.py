"""`media-privacy status`: where a home stands."""

from __future__ import annotations

from typing import Any

import typer

from .options import AsJson, Home, Landing, settings_of
from .output import as_facts, as_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status)


def status(landing: Landing = None, home: Home = None, json: AsJson = False) -> None:
    """Say what landed, what was taken in, what readers see, and whether a run is going on."""
    from ..orchestration.days import arrival_days
    from ..published.shelf import layout_of, shelf_of
    from ..runlock import holder_of
    from ..stores import lake_of

    settings = settings_of(landing=landing, home=home)
    layout, shelf = layout_of(settings), shelf_of(settings)
    landed = arrival_days(settings.landing)
    taken = lake_of(settings).days("accepted_viewing_events")
    waiting = sorted(set(landed) - set(taken))
    holder = holder_of(settings.home)
    current, latest = shelf.pointer().release_id, layout.latest()
    refused = latest is not None and latest != current and (layout.candidate(latest) / "refused.json").exists()
    facts: dict[str, Any] = {
        "home": settings.home,
        "landing": settings.landing,
        "landed_days": len(landed),
        "last_landed": landed[-1] if landed else None,
        "taken_in_days": len(taken),
        "last_taken_in": taken[-1] if taken else None,
        "waiting_days": len(waiting),
        "release": current,
        "releases": len(shelf.releases()),
        "refused_candidate": latest if refused else None,
        "running": None if holder is None else str(holder),
    }
    if json:
        as_json(facts)
        return
    shown = {name.replace("_", " "): value for name, value in facts.items()}
    as_facts({name: "none" if value is None else value for name, value in shown.items()})
    if waiting:
        typer.echo(f"`media-privacy run` takes in the {len(waiting)} days that wait, {waiting[0]} first")
