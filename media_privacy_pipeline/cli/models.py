"""`media-privacy models ...`: what was trained, how good it is, and putting one in service by hand."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .opening import opened
from .options import AsJson, Home, PolicyFile, settings_of
from .output import as_facts, as_json, as_table

if TYPE_CHECKING:
    from ..models.moving import Standing
    from ..models.registry import Registry

_TOLD = 12
_NONE = "no model was trained here yet; `media-privacy run` does it"
_Reason = Annotated[str, typer.Option(help="Why, in words, and without a viewer's personal value: the log keeps it.")]
_By = Annotated[str | None, typer.Option(help="Who moves it.", show_default="the login name")]
_LISTED = ("model", "state", "kind", "epsilon", "from", "to", "viewers", "ndcg@10", "low", "high", "lead")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="See the trained models, and put one in service by hand.")
    for command in (list_models, show, promote, rollback):
        group.command("list" if command is list_models else command.__name__)(command)
    app.add_typer(group, name="models")


def list_models(home: Home = None, policy: PolicyFile = None, json: AsJson = False) -> None:
    """List the stored models, the newest first: which is in service, and which may not be put in service, and why.

    media-privacy models list --home home
    """
    settings = settings_of(home=home, policy=policy)
    if not _any(settings.models):
        if json:
            as_json([])
        typer.echo(f"{settings.home}: {_NONE}", err=True)
        return
    with opened(settings, "models list") as session:
        from ..models.moving import standing
        from ..models.training import registry

        where = registry(settings.models)
        found = [standing(session, where, name) for name in where.names()]
    if json:
        as_json([{**_row(each), "model": each.name, "against": each.against} for each in found])
        return
    as_table(_LISTED, [[_row(each)[name] for name in _LISTED] for each in found])
    for each in found:
        if each.against is not None:
            typer.echo(f"{each.name[:_TOLD]}: {each.against}", err=True)


def show(
    model: Annotated[
        str | None, typer.Argument(help="A model, by the beginning of its name.", show_default="the one in service")
    ] = None,
    card: Annotated[bool, typer.Option("--card", help="Print its model card.")] = False,
    home: Home = None,
    policy: PolicyFile = None,
    json: AsJson = False,
) -> None:
    """Show a model: what it was learned from, how good it is, what the gate decided, and its moves.

    media-privacy models show --card --home home
    """
    from ..errors import Refused

    settings = settings_of(home=home, policy=policy)
    _need(settings.models)
    with opened(settings, "models show") as session:
        from ..models.moving import standing
        from ..models.training import registry

        where = registry(settings.models)
        name = _name(where, model)
        found, moves = standing(session, where, name), where.moves.read()
        text = where.card(name)
    if card:
        if text is None or not found.manifest:
            raise Refused(
                f"model {name[:_TOLD]} has no card that can be trusted: {found.against or 'none was written'}"
            )
        typer.echo(text, nl=False)
        return
    own = [move for move in moves if name in (move.to, move.origin)]
    if json:
        as_json({"model": name, "state": found.state, "against": found.against, "manifest": found.manifest,
                 "moves": [vars(move) for move in own]})  # fmt: skip
        return
    as_facts(_facts(found))
    figures = [f for f in found.manifest.get("metrics", []) if str(f["model"]).startswith(str(found.manifest["kind"]))]
    if figures:
        typer.echo()
        shown = ("model", "metric", "k", "value", "low", "high", "viewers")
        as_table(shown, [[figure[each] for each in shown] for figure in figures])
    tried = found.manifest.get("gate", {}).get("tried", [])
    if tried:
        typer.echo()
        as_table(
            ("kind", "recipe", "outcome", "reason"),
            [[t["kind"], t["recipe"][:8], t["outcome"], t["reason"]] for t in tried],
        )
    if own:
        typer.echo()
        as_table(("at", "by", "move", "from", "to", "why"), [_moved(move) for move in own])


def promote(
    model: Annotated[str, typer.Argument(help="A model, by the beginning of its name; `models list` names them.")],
    reason: _Reason,
    by: _By = None,
    home: Home = None,
    policy: PolicyFile = None,
) -> None:
    """Put a stored model in service. Exits with 1 where it is flagged, damaged, behind popularity, or was learned from
    what is not permitted any more.

      media-privacy models promote 3f2a91c0b7de --reason "the new one lists one title for everybody" --home home
    """
    settings = settings_of(home=home, policy=policy)
    _need(settings.models)
    with opened(settings, "models promote") as session:
        from ..models.moving import promote as moved
        from ..models.training import registry

        where = registry(settings.models)
        name = where.find(model)
        done = moved(session, where, name, by or getpass.getuser(), reason)
    typer.echo(f"{name[:_TOLD]} {'is in service: `media-privacy run` serves it' if done else 'was in service already'}")


def rollback(reason: _Reason, by: _By = None, home: Home = None, policy: PolicyFile = None) -> None:
    """Put the model back in service that was there before. A recipe that is left stays out until it is promoted by
    hand. Exits with 1 where there is no such model, or it may not be put in service.

      media-privacy models rollback --reason "lists repeat themselves since last night" --home home
    """
    settings = settings_of(home=home, policy=policy)
    _need(settings.models)
    with opened(settings, "models rollback") as session:
        from ..models.moving import rollback as moved
        from ..models.training import registry

        name = moved(session, registry(settings.models), by or getpass.getuser(), reason)
    typer.echo(f"{name[:_TOLD]} is in service again: `media-privacy run` serves it")


def _any(models: Path) -> bool:
    return any((models / folder).is_dir() for folder in ("recommenders", "ials"))


def _need(models: Path) -> None:
    from ..errors import UsageError

    if not _any(models):
        raise UsageError(f"{models.parent}: {_NONE}")


def _name(where: Registry, model: str | None) -> str:
    from ..errors import UsageError

    if model is not None:
        return where.find(model)
    champion = where.champion()
    if champion is None:
        raise UsageError("no model is in service; `media-privacy models list` names those that are stored")
    return champion


def _row(found: Standing) -> dict[str, Any]:
    manifest = found.manifest
    kind = str(manifest.get("kind", ""))
    own, lead = _ndcg(manifest, kind), _ndcg(manifest, f"{kind}-minus-popularity")
    return {
        "model": found.name[:_TOLD],
        "state": found.state,
        "kind": kind,
        "epsilon": manifest.get("epsilon"),
        "from": manifest.get("first_day") or manifest.get("period"),
        "to": manifest.get("last_day"),
        "viewers": manifest.get("viewers"),
        "ndcg@10": own.get("value"),
        "low": own.get("low"),
        "high": own.get("high"),
        "lead": lead.get("value"),
    }


def _ndcg(manifest: Mapping[str, Any], model: str) -> Mapping[str, Any]:
    figures = manifest.get("metrics", [])
    return next((f for f in figures if (f["model"], f["metric"], f["k"]) == (model, "ndcg", 10)), {})


def _facts(found: Standing) -> dict[str, Any]:
    manifest = found.manifest
    facts = {"model": found.name, "state": found.state, "may serve": found.against or "yes"}
    if not manifest:
        return facts
    if "period" in manifest:
        return facts | {
            "kind": manifest["kind"],
            "configuration": ", ".join(f"{k} {v}" for k, v in sorted(manifest["config"].items())),
            "epsilon": f"{manifest['epsilon']:.4g} for each {manifest['unit']}, once",
            "delta": manifest["delta"],
            "period": manifest["period"],
            "titles": f"{manifest['titles']} of {manifest['catalogue']}",
            "directions": manifest["directions"],
            "audits": "; ".join(f"{a['check']}: {'yes' if a['passed'] else 'no'}" for a in manifest["audits"]),
        }
    return facts | {
        "kind": manifest.get("kind"),
        "configuration": ", ".join(f"{k} {v}" for k, v in sorted(manifest.get("config", {}).items())) or "none",
        "epsilon": "none: not private" if manifest.get("epsilon") is None else manifest["epsilon"],
        "arrival days": f"{manifest.get('first_day')} to {manifest.get('last_day')}",
        "viewers": manifest.get("viewers"),
        "titles": manifest.get("titles"),
        "pairs": manifest.get("pairs"),
        "consent ledger": manifest.get("consent_watermark", {}).get("seq"),
        "version": manifest.get("version"),
    }


def _moved(move: Any) -> list[Any]:
    return [move.at, move.by, move.manner, (move.origin or "none")[:_TOLD], (move.to or "none")[:_TOLD], move.why]
