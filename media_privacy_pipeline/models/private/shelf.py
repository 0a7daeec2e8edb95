"""Private factors as models of the registry: stored with what they cost and what was checked, and put in service where
the policy lets private models alone serve.

Nothing here looks at people: a model is what its paid parts make, and whether it is fit to serve was decided by the
paid comparison with noisy popularity on held-out accounts (promotion). Viewers are solved when they are served.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...lake import fingerprint_of
from ...privacy.accountant import compose, epsilon_of, mu_of
from ..card import card
from ..moves import PRIVATE_ALONE, PROMOTE, ROLLBACK, TRAIN, Author
from ..recipes import Recipe, load_model
from ..registry import Registry
from .learning import PrivateFactors
from .paying import part_names, parts_of
from .plan import Plan
from .promotion import Decision
from .recommender import PrivateAls

KIND = "private_als"
_TOLERANCE = 1e-9


def shelve(where: Registry, plan: Plan, found: PrivateFactors, decision: Decision, delta: float, *, paid: bool) -> str:
    """Store a period's factors as a model, fit to serve or not; its name. The same parts make the same model."""
    model = PrivateAls.of(found, plan.config)
    recipe, mu = Recipe.of(plan.config), plan.config.mu
    arrays = model.state()
    spent = compose(
        mu_of(p.sensitivity, p.sigma) for name in part_names(plan.config) for p in parts_of(name, plan.config)
    )
    finite = all(np.isfinite(each).all() for each in arrays.values() if np.issubdtype(each.dtype, np.floating))
    outcome = "passed" if decision.promoted else "refused"
    tried = _tried(recipe.digest, outcome, decision.reason)
    manifest = {
        "kind": KIND,
        "config": dict(recipe.config),
        "recipe": recipe.digest,
        "period": plan.period,
        "unit": "account",
        "mu": mu,
        "epsilon": epsilon_of(mu, delta),
        "delta": delta,
        "titles": len(found.titles),
        "catalogue": len(plan.titles),
        "directions": int(found.factors.shape[1]),
        "inputs": fingerprint_of(plan.model_dump_json()),
        "metrics": [],
        "groups": [],
        "gate": {"serves": KIND, "recipe": recipe.digest, "tried": [tried]},
        "audits": [
            {"check": "every array holds finite numbers alone", "passed": bool(finite)},
            {"check": "what its parts cost adds up to its mu at most", "passed": spent <= mu * (1 + _TOLERANCE)},
            {"check": "the ledger has every part of it, paid for once", "passed": paid},
            {"check": "ahead of noisy popularity on held-out accounts, by a paid sum", "passed": decision.promoted},
        ],
    }
    return where.store(arrays, manifest, card(manifest))


def against(manifest: Mapping[str, Any]) -> str | None:
    """Why private factors are not fit to serve or to be shown; None where they are."""
    failed = [audit["check"] for audit in manifest.get("audits", []) if not audit.get("passed")]
    reasons = [each["reason"] for each in manifest.get("gate", {}).get("tried", []) if each["outcome"] == "refused"]
    return None if not failed else "; ".join(reasons or [f"this does not hold: {check}" for check in failed])


def newest(where: Registry) -> str | None:
    """Name of the private factors of the latest period, fit or not; None where there are none."""
    found = [(str(m["period"]), -n, name) for n, name in enumerate(where.names()) if (m := private(where, name))]
    return max(found)[2] if found else None


def fit_to_show(where: Registry) -> tuple[str, str, PrivateAls] | None:
    """Name, period and model of the latest period's factors; None where there are none, or they are held back."""
    name = newest(where)
    manifest = None if name is None else private(where, name)
    if name is None or manifest is None or against(manifest) is not None:
        return None
    model = load_model(where, name)
    return (name, str(manifest["period"]), model) if isinstance(model, PrivateAls) else None


def private(where: Registry, name: str) -> Mapping[str, Any] | None:
    """The manifest of a stored model of private factors; None for any other."""
    manifest = where.manifest(name)
    return manifest if manifest is not None and manifest.get("kind") == KIND and "period" in manifest else None


def serve(where: Registry, name: str | None, reason: str = "") -> None:
    """Put private factors in service where they are fit. Where not, or without any, the private model in service stays.

    Factors that somebody took out of service by hand stay out until somebody puts them back. A model that is not
    private is taken out: the policy lets private ones alone serve. What was decided is kept for the report.
    """
    where.settle()
    champion = where.champion()
    held = None if champion is None else where.manifest(champion)
    tried = []
    if champion is not None and (held is None or held.get("epsilon") is None):
        where.retire(why=PRIVATE_ALONE)
        champion = None
    if name is not None and (manifest := private(where, name)) is not None:
        refused = against(manifest)
        if refused is None and name in _taken_out(where):
            refused = "it was taken out of service by hand; `media-privacy models promote` lets it back"
        outcome = "promoted" if refused is None and name != champion else "kept" if refused is None else "refused"
        tried.append(_tried(str(manifest["recipe"]), outcome, refused or manifest["gate"]["tried"][0]["reason"]))
        if outcome == "promoted":
            where.promote(name, Author("nightly run", f"private factors of {manifest['period']}", TRAIN))
    else:
        tried.append(_tried("", "refused", reason))
    champion = where.champion()
    serves = "none" if champion is None else str((where.manifest(champion) or {}).get("kind"))
    before = where.decision() or {}
    others = [each for each in before.get("tried", []) if each["kind"] != KIND]
    where.decide({"serves": serves, "recipe": where.recipe(champion), "tried": [*others, *tried]})


def _tried(recipe: str, outcome: str, reason: str) -> dict[str, Any]:
    """One line of a decision, as gate.Tried has it."""
    figures: dict[str, Any] = {"mean": None, "lead": None, "margin": None}
    return {"kind": KIND, "recipe": recipe, "outcome": outcome, "reason": reason, **figures}


def _taken_out(where: Registry) -> set[str]:
    """Models that somebody put another in the place of, and not back since."""
    out: set[str] = set()
    for move in where.moves.read():
        if move.manner in (PROMOTE, ROLLBACK):
            out.add(str(move.origin))
            out.discard(str(move.to))
    return out
