"""`media-privacy subject ...`: what people may ask for of their own data."""

from __future__ import annotations

import typer

from . import erasure


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Carry out what people ask for of their own data.")
    erasure.add_to(group)
    app.add_typer(group, name="subject")
