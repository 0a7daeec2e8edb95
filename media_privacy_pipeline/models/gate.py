"""The promotion gate: which recipe is trained for service tonight, by paired comparison on the same held-out viewers.

What is compared are recipes, each trained tonight on the early side of the temporal split, and never last night's
weights: those were learned from people who may have left since. So a champion that holds its place is trained anew, by
its own recipe, on what is permitted tonight. With d_i the difference of two models' NDCG@k for viewer i, the rule is:

 * A challenger must be ahead of the floor, popularity: the lower end of the interval of its mean lead is above 0.
 * It must not be worse than the champion: the lower end of the interval of mean(challenger_i - (1 - margin) champion_i)
   is 0 or more. Where the champion's recipe is still configured, the challenger must be ahead of it in the mean too, so
   that two equals do not take turns.
 * Of several challengers the one with the highest mean is asked. Each interval then has confidence
   1 - (1 - confidence) / challengers (Bonferroni), since the best of several looks better than it is.
 * The champion's recipe gives way to the floor when its whole interval is behind the floor.
 * What could not be measured is not promoted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from .config import GateConfig
from .evaluation.bootstrap import resampled_means
from .interactions import Floats
from .recipes import FLOOR_RECIPE, Recipe


@dataclass(frozen=True)
class Tried:
    """One recipe before the gate: whether it goes into service, why, and its intervals where it was measured.

    `lead` is over the floor, `margin` over (1 - margin) times the champion: mean, low, high.
    """

    kind: str
    recipe: str
    outcome: str
    reason: str
    mean: float | None = None
    lead: tuple[float, float, float] | None = None
    margin: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Decision:
    """The recipe to train for service, and what became of each that was tried."""

    recipe: Recipe
    tried: tuple[Tried, ...] = field(default=())

    def to_json(self, rule: GateConfig) -> dict[str, Any]:
        """For the manifest and the report."""
        return {
            "serves": self.recipe.kind,
            "recipe": self.recipe.digest,
            "rule": rule.model_dump(mode="json"),
            "tried": [
                {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(each).items()}
                for each in self.tried
            ],
        }


@dataclass(frozen=True)
class Contest:
    """Tonight's recipes. `values` holds each measured recipe's NDCG viewer by viewer, by digest; `failed` why others
    could not be trained; `barred` recipes that somebody took out of service by hand."""

    champion: Recipe | None
    challengers: Sequence[Recipe]
    configured: frozenset[str]
    values: Mapping[str, Floats]
    failed: Mapping[str, str]
    barred: frozenset[str] = frozenset()


def decide(contest: Contest, rule: GateConfig) -> Decision:
    """Apply the rule above."""
    held, kept = _held(contest, rule)
    asked, tried = _fit_to_be_asked(contest)
    if asked:
        best = max(asked, key=lambda recipe: (float(contest.values[recipe.digest].mean()), recipe.digest))
        tried += [
            Tried(r.kind, r.digest, "refused", "another challenger is ahead of it", _mean(contest, r))
            for r in asked
            if r is not best
        ]
        verdict = _asked(contest, best, held, rule, len(asked))
        tried.append(verdict)
        if verdict.outcome == "promoted":
            stays = () if kept is None else (_replaced(kept, best),)
            return Decision(best, (*stays, *tried))
    return Decision(held, (*(() if kept is None else (kept,)), *tried))


def interval(values: Floats, confidence: float, rule: GateConfig) -> tuple[float, float, float]:
    """Mean, and both ends of its percentile bootstrap interval over viewers."""
    drawn = resampled_means(values[:, None], rule.resamples, rule.seed)[:, 0]
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(values.mean()), float(low), float(high)


def _held(contest: Contest, rule: GateConfig) -> tuple[Recipe, Tried | None]:
    """The recipe that stays where no challenger takes its place: the champion's, or the floor."""
    champion = contest.champion
    if champion is None or champion.digest == FLOOR_RECIPE.digest:
        return FLOOR_RECIPE, None
    if champion.digest in contest.failed:
        why = f"it could not be trained: {contest.failed[champion.digest]}"
        return FLOOR_RECIPE, Tried(champion.kind, champion.digest, "taken out", why)
    if champion.digest not in contest.values:
        return champion, Tried(champion.kind, champion.digest, "kept", "nothing could be measured")
    lead = interval(_over(contest, champion, FLOOR_RECIPE, 0), rule.confidence, rule)
    if lead[2] < 0:
        return FLOOR_RECIPE, Tried(
            champion.kind, champion.digest, "taken out", "it is behind popularity", _mean(contest, champion), lead
        )
    return champion, Tried(
        champion.kind, champion.digest, "kept", "trained anew by its own recipe", _mean(contest, champion), lead
    )


def _fit_to_be_asked(contest: Contest) -> tuple[list[Recipe], list[Tried]]:
    asked: list[Recipe] = []
    out: list[Tried] = []
    for recipe in contest.challengers:
        if recipe.digest in contest.barred:
            why = "it was taken out of service by hand; `media-privacy models promote` lets it back"
        elif recipe.digest in contest.failed:
            why = contest.failed[recipe.digest]
        elif recipe.digest not in contest.values:
            why = "nothing could be measured: no viewer has titles on both sides of the temporal split"
        else:
            asked.append(recipe)
            continue
        out.append(Tried(recipe.kind, recipe.digest, "refused", why))
    return asked, out


def _asked(contest: Contest, best: Recipe, held: Recipe, rule: GateConfig, several: int) -> Tried:
    confidence = 1 - (1 - rule.confidence) / several
    lead = interval(_over(contest, best, FLOOR_RECIPE, 0), confidence, rule)
    margin = None
    ahead = True
    if held.digest != FLOOR_RECIPE.digest and held.digest in contest.values:
        margin = interval(_over(contest, best, held, rule.margin), confidence, rule)
        ahead = held.digest not in contest.configured or _mean(contest, best) > _mean(contest, held)
    if lead[1] <= 0:
        why = "it is not shown to be ahead of popularity: its interval reaches 0 or below"
    elif margin is not None and margin[1] < 0:
        why = f"it may be worse than the champion by more than {rule.margin:.0%}"
    elif not ahead:
        why = "it is not ahead of the champion, whose recipe is configured still"
    else:
        good = "ahead of popularity" if margin is None else "ahead of popularity and no worse than the champion"
        return Tried(best.kind, best.digest, "promoted", good, _mean(contest, best), lead, margin)
    return Tried(best.kind, best.digest, "refused", why, _mean(contest, best), lead, margin)


def _replaced(kept: Tried, by: Recipe) -> Tried:
    if kept.outcome != "kept":
        return kept
    return Tried(kept.kind, kept.recipe, "replaced", f"by {by.kind}", kept.mean, kept.lead)


def _mean(contest: Contest, recipe: Recipe) -> float:
    return float(contest.values[recipe.digest].mean())


def _over(contest: Contest, one: Recipe, other: Recipe, margin: float) -> Floats:
    return contest.values[one.digest] - (1 - margin) * contest.values[other.digest]
