"""`media-privacy catalogue`: registers the current release in the Iceberg catalogue."""

from __future__ import annotations

import typer

from .options import AsJson, Home, settings_of
from .output import as_facts, as_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("catalogue")(catalogue)


def catalogue(home: Home = None, json: AsJson = False) -> None:
    """Tag the current release in the Iceberg catalogue of MEDIA_PRIVACY_ICEBERG_URL, and drop what is past.

    Every night does it by itself; this is for a catalogue that is new, or that did not answer then.

      MEDIA_PRIVACY_ICEBERG_URL=sqlite:///catalogue.sqlite media-privacy catalogue
    """
    from ..errors import UsageError
    from ..policy import load
    from ..published import iceberg
    from ..published.shelf import shelf_of

    settings = settings_of(home=home)
    if settings.iceberg_url is None:
        raise UsageError("set MEDIA_PRIVACY_ICEBERG_URL to the catalogue's URL: sqlite:///file or https://host")
    shelf = shelf_of(settings)
    opened = iceberg.open_catalogue(settings.iceberg_url, shelf)
    tagged, dropped = iceberg.register(opened, shelf, load(settings.policy))
    facts = {"release": shelf.pointer().release_id, "tables_tagged": tagged, "tags_dropped": dropped}
    if json:
        as_json(facts)
    else:
        as_facts({name.replace("_", " "): "none" if value is None else value for name, value in facts.items()})
