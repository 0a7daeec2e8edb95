"""Moving the pointer by hand: what may be put in service, what a rollback goes back to, and what it keeps out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..engines import Session
from ..errors import Refused, UsageError
from .moves import PRIVATE_ALONE, PROMOTE, ROLLBACK, Author
from .partitions import changed_days
from .private.shelf import against as fit
from .recipes import assembled
from .registry import Registry

_TOLD = 12


@dataclass(frozen=True)
class Standing:
    """One stored model: its manifest where it can be read, and why it may not be put in service (None: it may)."""

    name: str
    state: str
    manifest: dict[str, Any]
    against: str | None


def standing(session: Session, where: Registry, name: str) -> Standing:
    """How a stored model stands: in service, spare, flagged, damaged, or holding what is permitted no more."""
    against, manifest = None, {}
    state = "in service" if name == where.champion() else "spare"
    try:
        stored = where.load(name)
        manifest = dict(stored.manifest)
        assembled(where, stored)
    except Refused as refused:
        return Standing(name, "damaged", manifest, str(refused))
    if name in where.flagged():
        return Standing(name, "flagged", manifest, "someone who was erased is in it: it goes with the next training")
    if session.policy.serving.models == "private" and manifest.get("epsilon") is None:
        against = f"{PRIVATE_ALONE}, and it is not private"
    elif (why := fit(manifest)) is not None:
        against = f"it was refused: {why}"
    elif manifest.get("epsilon") is None and (days := changed_days(session, manifest)):
        against = (
            f"what it learned from on {len(days)} of its days ({days[0]}{' and on' if len(days) > 1 else ''}) is not "
            "permitted any more as it was: people withdrew, hid a title or were erased since, or the days are past the "
            "purpose's window. `media-privacy run` trains anew without them"
        )
    elif behind_floor(manifest):
        against = "it was behind popularity on the viewers that it was measured on"
    if against is not None and state == "spare":
        state = "outdated" if manifest.get("epsilon") is None and not behind_floor(manifest) else "behind popularity"
    return Standing(name, state, manifest, against)


def behind_floor(manifest: dict[str, Any]) -> bool:
    """Whether a model's own figures put it behind the floor with the whole interval of its NDCG@10."""
    lead = f"{manifest.get('kind')}-minus-popularity"
    figures = manifest.get("metrics") or []
    wanted = [f for f in figures if (f.get("model"), f.get("metric"), f.get("k")) == (lead, "ndcg", 10)]
    return any(figure["high"] is not None and figure["high"] < 0 for figure in wanted)


def promote(session: Session, where: Registry, name: str, by: str, why: str, manner: str = PROMOTE) -> bool:
    """Put a stored model in service by hand; False where it is already.

    Raises UsageError without a reason, Refused where the model is flagged, damaged, behind the floor, or holds what is
    not permitted any more.
    """
    if not why.strip():
        raise UsageError("a move needs a reason in words, for those who read the log")
    where.settle()
    if name == where.champion():
        return False
    found = standing(session, where, name)
    if found.against is not None:
        raise Refused(f"model {name[:_TOLD]} is not put in service: {found.against}")
    where.promote(name, Author(by, why.strip(), manner))
    return True


def rollback(session: Session, where: Registry, by: str, why: str) -> str:
    """Put the model back in service that was there before the one that is; its name.

    The recipe that is left stays out until somebody promotes a model of it by hand. Raises Refused where no model was
    in service before, where it is stored no more, and whatever `promote` refuses.
    """
    where.settle()
    champion = where.champion()
    if champion is None:
        raise Refused("no model is in service: there is nothing to roll back from")
    before = next((m.origin for m in reversed(where.moves.read()) if m.to == champion and m.origin != champion), None)
    if before is None:
        raise Refused(f"no model was in service before {champion[:_TOLD]}: there is nothing to roll back to")
    if before not in where.names():
        raise Refused(
            f"model {before[:_TOLD]}, which was in service before, is not stored any more: models of people's data are "
            "kept no longer than needed"
        )
    promote(session, where, before, by, why, ROLLBACK)
    return before


def barred_recipes(where: Registry) -> frozenset[str]:
    """Digests of the recipes that were rolled back from, and not put in service by hand since.

    Going back to an earlier training of the same recipe bars nothing.
    """
    barred: set[str] = set()
    for move in where.moves.read():
        if move.manner == ROLLBACK and move.left and move.left != move.taken:
            barred.add(move.left)
        if move.manner in (PROMOTE, ROLLBACK):
            barred.discard(move.taken)
    return frozenset(barred)
