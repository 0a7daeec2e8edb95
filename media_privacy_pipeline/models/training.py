"""Learn from what may be learned from: measure tonight's recipes, let the gate decide, train, store, put in service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import Refused
from .base import Recommender
from .card import card
from .config import ModelsConfig
from .evaluation.evaluate import Metric, judged, metrics_of
from .evaluation.judging import Judged
from .evaluation.split import Split, temporal, thinned
from .gate import Contest, Decision, decide
from .grouped import by_activity
from .inputs import weighed
from .interactions import Interactions
from .learnable import Learnable, taught
from .moves import PRIVATE_ALONE, PROMOTE, ROLLBACK
from .recipes import FLOOR, FLOOR_RECIPE, Recipe, contenders, load_model, recipe_of
from .registry import Registry

__all__ = ["load_model", "registry"]


def registry(models: Path) -> Registry:
    """The trained recommenders of a home. A folder of before, when there was one kind, is taken over."""
    where, before = models / "recommenders", models / "ials"
    if before.is_dir() and not where.exists():
        before.rename(where)
    return Registry(where)


def split_of(rows: pa.Table, config: ModelsConfig) -> Split:
    """The temporal split of training_interactions: what was played before its split time, and what was new after."""
    early = pc.greater(rows.column("plays_before"), 0)
    before = weighed(rows.filter(early), config.confidence, "_before")
    after = weighed(rows.filter(pc.invert(early)), config.confidence)
    return temporal(before, after)


@dataclass(frozen=True)
class Measured:
    """Tonight's recipes on the same held-out viewers, those of `split`: the figures of the models by name; each
    recipe's groups and its model, learned from the early side, by digest; and what the gate asks."""

    split: Split
    metrics: list[Metric]
    models: Mapping[str, Recommender]
    groups: Mapping[str, list[dict[str, Any]]]
    contest: Contest


def measure(split: Split, champion: Recipe | None, barred: frozenset[str], config: ModelsConfig) -> Measured:
    """Train the champion's recipe, the configured ones and the floor on the early side, and measure them on the late.

    A recipe that cannot be trained is left out, and the contest says why. Without test viewers nothing is measured.
    """
    configured = contenders(config)
    names = {recipe.digest: name for name, recipe in {**configured, FLOOR: FLOOR_RECIPE}.items()}
    if champion is not None:
        names.setdefault(champion.digest, "champion")
    recipes = {r.digest: r for r in (FLOOR_RECIPE, *([champion] if champion else []), *configured.values())}
    split = thinned(split, config.evaluation.viewers, config.evaluation.seed)
    found: dict[str, Judged] = {}
    models: dict[str, Recommender] = {}
    values, failed, groups = {}, {}, {}
    for digest, recipe in recipes.items():
        try:
            model = recipe.make(config.ials.threads)
            if len(split.test):
                models[digest] = model = split.taught(model)
                found[names[digest]] = judged(model, split, config.evaluation, [config.gate.k])
                values[digest] = found[names[digest]].viewers["ndcg", config.gate.k]
                groups[digest] = by_activity(found[names[digest]], split, config)
        except Refused as refused:
            failed[digest] = str(refused)
    metrics = metrics_of(found, split, config.evaluation, FLOOR)
    challengers = [each for each in configured.values() if champion is None or each.digest != champion.digest]
    known = frozenset(each.digest for each in configured.values())
    return Measured(split, metrics, models, groups, Contest(champion, challengers, known, values, failed, barred))


@dataclass(frozen=True)
class Trained:
    """What a night ended with: the model in service (None: none is), and what was decided and done, for the report."""

    name: str | None
    kind: str
    decision: dict[str, Any]


def champion_of(where: Registry) -> Recipe | None:
    """The recipe of the model in service, flagged or not; None without one that can be read, and for a private one,
    which no night trains."""
    name = where.champion()
    manifest = None if name is None else where.manifest(name)
    try:
        return None if manifest is None or manifest.get("epsilon") is not None else recipe_of(manifest)
    except Refused:
        return None


def is_private(where: Registry, name: str | None) -> bool:
    """Whether a stored model is differentially private: nobody who left can be told from it."""
    manifest = None if name is None else where.manifest(name)
    return manifest is not None and manifest.get("epsilon") is not None


def _put_by_hand(where: Registry) -> bool:
    """Whether somebody put the model in service that is there."""
    last = where.moves.last()
    return last is not None and last.manner in (PROMOTE, ROLLBACK)


def leave_private(where: Registry, measured: Measured) -> Trained:
    """What a night does where the policy lets private models alone serve: train none, and destroy those that are not.

    What was measured is told. Private factors are put in service by their own step (private.shelf).
    """
    champion = where.champion()
    if champion is not None and not is_private(where, champion):
        where.retire(why=PRIVATE_ALONE)
        champion = None
    where.prune(0)
    tried = [
        {"kind": recipe.kind, "recipe": recipe.digest, "outcome": "refused", "reason": PRIVATE_ALONE}
        | {"mean": _mean(measured, recipe), "lead": None, "margin": None}
        for recipe in (
            *([measured.contest.champion] if measured.contest.champion else []),
            *measured.contest.challengers,
        )
    ]
    kind = "none" if champion is None else str(where.load(champion).manifest.get("kind"))
    told = {"serves": kind, "recipe": where.recipe(champion), "tried": tried}
    where.decide(told)
    return Trained(champion, kind, told)


def _mean(measured: Measured, recipe: Recipe) -> float | None:
    values = measured.contest.values.get(recipe.digest)
    return None if values is None else float(values.mean())


def train_model(
    where: Registry,
    interactions: Interactions | Learnable,
    measured: Measured,
    origin: Mapping[str, Any],
    config: ModelsConfig,
    *,
    unchanged: bool,
) -> Trained:
    """Train what the gate decides on everything that is permitted, store it, promote it, and drop what is old.

    The champion's weights are replaced every night, since they hold people who may have left; its recipe stays until
    the gate decides otherwise. Where the training diverges, the champion's own recipe is trained in its place; where
    that diverges too, the champion stays if `unchanged`, that is, if all that it learned from is permitted still, and
    otherwise gives way to the floor. A private champion that somebody put there by hand stays: it is trained by its own
    step, and paid for. One that served while the policy let private models alone serve gives way.
    """
    if is_private(where, where.champion()) and _put_by_hand(where):
        return _stays(where, "kept", "it is private, and trained by its own step", config)
    decision = decide(measured.contest, config.gate)
    told = decision.to_json(config.gate)
    champion, recipe = measured.contest.champion, decision.recipe
    failures = [why for digest, why in measured.contest.failed.items() if champion and digest == champion.digest]
    for recipe in _in_turn(decision, champion):
        if recipe.digest == FLOOR_RECIPE.digest and failures and unchanged and where.champion() is not None:
            return _stays(where, "kept", f"{'; '.join(failures)}. All that it learned from is permitted still", config)
        try:
            arrays = taught(recipe.make(config.ials.threads), interactions).state()
            _finite(recipe, arrays)
        except Refused as refused:
            failures.append(str(refused))
            continue
        break
    told |= {"serves": recipe.kind, "recipe": recipe.digest, "failures": failures}
    manifest = {
        "kind": recipe.kind,
        "config": dict(recipe.config),
        "recipe": recipe.digest,
        "confidence": config.confidence.model_dump(mode="json"),
        "evaluation": config.evaluation.model_dump(mode="json"),
        "version": version("media-privacy-pipeline"),
        "epsilon": None,
        "viewers": len(interactions),
        "titles": len(interactions.titles),
        "pairs": interactions.pairs,
        "metrics": [asdict(metric) for metric in measured.metrics],
        "groups": measured.groups.get(recipe.digest, []),
        "gate": told,
        "audits": [{"check": "every array holds finite numbers alone", "passed": True}],
        **origin,
    }
    name = where.store(arrays, manifest, card(manifest))
    where.promote(name)
    where.prune(config.keep_models)
    where.decide(told)
    return Trained(name, recipe.kind, told)


def _in_turn(decision: Decision, champion: Recipe | None) -> list[Recipe]:
    """What the gate decided; the champion's recipe; the floor, which cannot diverge."""
    recipes = [decision.recipe, *([champion] if champion is not None else []), FLOOR_RECIPE]
    return list({recipe.digest: recipe for recipe in recipes}.values())


def _stays(where: Registry, outcome: str, why: str, config: ModelsConfig) -> Trained:
    name = str(where.champion())
    kind = str(where.load(name).manifest.get("kind"))
    told = {"serves": kind, "tried": [{"kind": kind, "outcome": outcome, "reason": why}]}
    where.prune(config.keep_models)
    where.decide(told)
    return Trained(name, kind, told)


def _finite(recipe: Recipe, arrays: Mapping[str, Any]) -> None:
    for array in arrays.values():
        if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
            raise Refused(f"{recipe.kind}: the training diverged: the model holds what is no number")


def metrics_table(metrics: Sequence[Metric]) -> pa.Table:
    """The rows of `model_metrics`."""
    kinds = {"model": pa.string(), "protocol": pa.string(), "metric": pa.string(), "k": pa.int32()}
    kinds |= {"value": pa.float64(), "low": pa.float64(), "high": pa.float64(), "viewers": pa.int64()}
    return pa.Table.from_pylist([asdict(metric) for metric in metrics], schema=pa.schema(list(kinds.items())))


def origin_of(
    days: Sequence[date],
    split: date | None,
    learned: Mapping[str, Mapping[str, Any]],
    consent: Mapping[str, Any],
    inputs: str,
) -> dict[str, Any]:
    """What a manifest says of the data: arrival days with their rows and digests, the split day, how far the consent
    ledger went, and the digest of all that was read."""
    return {
        "first_day": min(days).isoformat(),
        "last_day": max(days).isoformat(),
        "split_day": None if split is None else split.isoformat(),
        "partitions": dict(learned),
        "consent_watermark": dict(consent),
        "inputs": inputs,
    }
