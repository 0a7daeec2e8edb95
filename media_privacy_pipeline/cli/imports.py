"""`media-privacy import`: other people's files as a landing zone, or as a drop of one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import AsJson, PolicyFile, settings_of
from .output import as_facts, as_json

if TYPE_CHECKING:
    from ..landing.imports import Imported, Verifier

_SHOWN = 20
"""Refused documents that are named one by one for people; `--json` names all."""

_commands = typer.Typer(
    no_args_is_help=True, help="Turn public data sets into a landing zone, or add what a consent platform exports."
)

_Folder = Annotated[Path, typer.Argument(help="The folder that holds the data set's files.")]
_New = Annotated[Path, typer.Option(help="The landing zone to make: a new folder.")]
_Rate = Annotated[float, typer.Option(min=0, max=1, help="Share of accounts declared to consent.")]
_Seed = Annotated[int, typer.Option(help="The same seed declares the same consents.")]
_Export = Annotated[Path, typer.Argument(help="A .json or .jsonl file, or a folder of them.")]
_Zone = Annotated[Path, typer.Option(help="The landing zone to add to; made where there is none.")]
_Day = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="The arrival day (UTC) of the drop.", show_default="today"),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_commands, name="import")


@_commands.command()
def movielens(path: _Folder, out: _New, consent_rate: _Rate = 0.8, seed: _Seed = 7, json: AsJson = False) -> None:
    """Turn MovieLens (ml-100k to ml-25m) into a landing zone. Its consents are declared, not real.

    media-privacy import movielens ml-1m --out landing
    """
    from ..landing.movielens import import_movielens

    _data_set(import_movielens, path, out, consent_rate, seed, json)


@_commands.command()
def globo(path: _Folder, out: _New, consent_rate: _Rate = 0.8, seed: _Seed = 7, json: AsJson = False) -> None:
    """Turn the hourly click files of Globo.com into a landing zone. Its consents are declared, not real.

    media-privacy import globo clicks --out landing
    """
    from ..landing.globo import import_globo

    _data_set(import_globo, path, out, consent_rate, seed, json)


@_commands.command()
def onetrust(
    path: _Export,
    out: _Zone,
    day: _Day = None,
    jwt_key: Annotated[
        Path | None, typer.Option(help="The tenant's public key (PEM), for signed receipts.", show_default="none")
    ] = None,
    policy: PolicyFile = None,
    json: AsJson = False,
) -> None:
    """Add OneTrust's consent receipts to a landing zone, by the words of the policy's part imports.onetrust.

    Nothing there is overwritten, and the same receipts are added once.

      media-privacy import onetrust receipts --out landing --policy policy.yaml
    """
    from ..landing.imports import Verifier

    _consents("onetrust", path, out, day, policy, json, None if jwt_key is None else Verifier(jwt_key.absolute()))


@_commands.command()
def ketch(path: _Export, out: _Zone, day: _Day = None, policy: PolicyFile = None, json: AsJson = False) -> None:
    """Add Ketch's webhook messages, consents and requests, to a landing zone, by the policy's part imports.ketch.

    Nothing there is overwritten, and the same messages are added once.

      media-privacy import ketch messages.jsonl --out landing --policy policy.yaml
    """
    _consents("ketch", path, out, day, policy, json)


def _data_set(take: Callable[..., Any], path: Path, out: Path, consent_rate: float, seed: int, json: bool) -> None:
    from dataclasses import asdict

    found = asdict(take(path.absolute(), out.absolute(), consent_rate=consent_rate, seed=seed))
    if json:
        as_json(found)
        return
    as_facts(found)
    typer.echo(f"next: media-privacy run --landing {out} --home {out.with_name(out.name + '-home')}")


def _consents(
    platform: Any,
    path: Path,
    out: Path,
    day: datetime | None,
    policy: Path | None,
    json: bool,
    verifier: Verifier | None = None,
) -> None:
    from datetime import UTC

    from ..errors import Refused
    from ..landing.imports import import_consents
    from ..policy import load

    words = load(settings_of(policy=policy).policy).imports
    arrival = (datetime.now(UTC) if day is None else day).date()
    found = import_consents(platform, path.absolute(), out.absolute(), day=arrival, policy=words, verifier=verifier)
    if json:
        as_json(_facts(found) | {"refused": [refusal._asdict() for refusal in found.refused]})
    else:
        _complain(found)
    if found.documents and not found.imported:
        raise Refused(f"all {found.documents:,} documents were refused: nothing was written")
    if not json:
        as_facts(_facts(found))
        typer.echo(f"next: media-privacy run --landing {out}")


def _facts(found: Imported) -> dict[str, Any]:
    facts: dict[str, Any] = {"documents": found.documents, "imported": found.imported, "refused": len(found.refused)}
    for name, counts in (("consents", found.consents), ("requests", found.requests), ("", found.notes)):
        facts |= {f"{name}: {word}" if name else word: count for word, count in counts.items()}
    facts |= {f"unmapped: {purpose}": count for purpose, count in found.unmapped.items()}
    for drop in found.drops:
        facts.setdefault("written" if drop.written else "there already", []).append(str(drop.path))
    return facts


def _complain(found: Imported) -> None:
    """Each refused document's place and rule, on standard error; never what it says."""
    from ..landing.imports.refusal import ADVICE

    for refusal in found.refused[:_SHOWN]:
        place = f"{refusal.file}, {refusal.place}" if refusal.place else refusal.file
        typer.echo(f"refused: {place}: {refusal.rule}: {ADVICE[refusal.rule]}", err=True)
    if len(found.refused) > _SHOWN:
        typer.echo(f"refused: {len(found.refused) - _SHOWN:,} more; --json names them all", err=True)
