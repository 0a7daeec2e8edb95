"""`media-privacy simulate` and `media-privacy import`: landing zones to run on."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the commands."""
