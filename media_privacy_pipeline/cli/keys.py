"""`media-privacy key`: what a serving team looks a viewer's own rows up by."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import AsJson, Home, PolicyFile, settings_of
from .output import as_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("key")(key)


def key(
    account: Annotated[str, typer.Argument(help="The account_id.")],
    profile: Annotated[str, typer.Argument(help="The profile_id.")] = "main",
    purpose: Annotated[str, typer.Option(help="The purpose that the rows are for.")] = "personalisation",
    home: Home = None,
    policy: PolicyFile = None,
    json: AsJson = False,
) -> None:
    """Turn an account and profile into the viewer_key of one purpose's restricted tables.

    The key of another purpose does not join to it. Needs the key file, and makes none.

      media-privacy key --purpose personalisation ACCOUNT PROFILE
    """
    from ..errors import UsageError
    from ..keys import Keyring
    from ..policy import load

    settings = settings_of(home=home, policy=policy)
    purposes = load(settings.policy).purposes
    if purpose not in purposes:
        raise UsageError(f"--purpose {purpose}: the policy knows {', '.join(sorted(purposes))}")
    keyring = Keyring.open(settings.key_file, create=False)
    found = keyring.viewer_keys(purpose, [(account, profile)])[0]
    if json:
        as_json({"purpose": purpose, "viewer_key": found})
    else:
        typer.echo(found)
