"""Weights of a blend, found on validation viewers alone: titles of theirs that the parts were not trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import UsageError
from ..base import NOBODY
from ..interactions import Bools, Floats, Interactions, Strings, positions
from ..topk import top_k
from .config import BlendConfig

_GRID = (0.0, 0.03, 0.06, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.4, 2.0, 3.0)
_ROUNDS = 3
_APART = 4
"""Where nothing is learned of validation viewers, at most one of so many viewers is one."""
_CANDIDATES = 100
"""Titles of each part's own list that compete for a viewer's list."""


@dataclass(frozen=True)
class Validation:
    """What the parts are trained on, and the validation viewers' two sides, row by row."""

    train: Interactions
    histories: Interactions
    held_out: Interactions


def validation(interactions: Interactions, config: BlendConfig) -> Validation | None:
    """Hold out a share of the titles, at least one, of viewers who keep at least one; None without such viewers.

    Or, by `held_out`, the latest pairs of all: whoever has a side in both is a validation viewer.
    """
    random = np.random.default_rng(config.seed)
    if config.held_out == "time":
        return _by_time(interactions, config, random)
    fit, apart = np.flatnonzero(interactions.lengths >= 2), config.held_out == "viewers"
    most = min(config.validation_viewers, len(interactions) // _APART if apart else len(fit))
    if not min(most, len(fit)):
        return None
    chosen = np.sort(random.choice(fit, min(len(fit), most), replace=False))
    ages = interactions.ages if config.held_out == "titles" else None
    held = np.zeros(interactions.pairs, bool)
    for row in chosen.tolist():
        first, length = int(interactions.starts[row]), int(interactions.lengths[row])
        order = random.permutation(length)
        if ages is not None:
            order = order[np.argsort(ages[first : first + length][order], kind="stable")]
        held[first + order[: max(1, int(length * config.validation_share))]] = True
    shown = interactions.where(~held)
    train = shown.take(np.setdiff1d(np.arange(len(shown)), chosen)) if apart else shown
    return Validation(train, shown.take(chosen), interactions.where(held).take(chosen)) if train.pairs else None


def _by_time(interactions: Interactions, config: BlendConfig, random: np.random.Generator) -> Validation | None:
    if interactions.ages is None:
        raise UsageError("blend: `held_out: time` needs interactions that know their ages")
    held = interactions.ages <= np.quantile(interactions.ages, config.validation_share)
    train, late = interactions.where(~held), interactions.where(held)
    both = np.flatnonzero((train.lengths > 0) & (late.lengths > 0))
    if not len(both):
        return None
    chosen = np.sort(random.choice(both, min(len(both), config.validation_viewers), replace=False))
    return Validation(train, train.take(chosen), late.take(chosen))


def found_weights(scores: Floats, split: Validation, titles: Strings, k: int) -> Floats:
    """Weights of the parts, the largest 1, by coordinate ascent on mean NDCG@k.

    `scores` (parts, viewers, titles) are standardised, what is seen at minus infinity. It ascends from the best part
    alone and from all alike, and takes what came higher, the former where both did: single steps do not lead from one
    to the other.
    """
    gains = _Gains.of(scores, split, titles, k)
    alone = max(np.eye(len(scores)), key=lambda weights: gains.mean(gains.total(weights)))
    ascents = [_ascended(gains, start) for start in (alone, np.ones(len(scores)))]
    best, _ = max(ascents, key=lambda ascent: ascent[1])
    return np.asarray(best / best.max())


def _ascended(gains: _Gains, start: Floats) -> tuple[Floats, float]:
    """Weights that no single change raises, or those of the last round, and their mean NDCG."""
    best, reached = start.copy(), gains.mean(gains.total(start))
    for _ in range(_ROUNDS):
        before = reached
        for part in range(len(start)):
            others = best.copy()
            others[part] = 0
            rest = gains.total(others)
            for value in _GRID:
                if value == best[part] or (value == 0 and not others.any()):
                    continue
                if (mean := gains.mean(rest + np.float32(value) * gains.scores[part])) > reached:
                    best[part], reached = value, mean
        if reached <= before:
            break
    return best, reached


@dataclass(frozen=True)
class _Gains:
    """Candidates of each viewer: `scores` (parts, viewers, places), `listed` where a place has a candidate, `wanted` 1
    for held-out ones, the discounts of the first k places and each viewer's ideal sum."""

    scores: Floats
    listed: Bools
    wanted: Floats
    discounts: Floats
    ideal: Floats

    @classmethod
    def of(cls, scores: Floats, split: Validation, titles: Strings, k: int) -> _Gains:
        _, viewers, size = scores.shape
        candidates = np.zeros((viewers, size), bool)
        for part in scores:
            best = top_k(part, _CANDIDATES)
            row, rank = np.nonzero(best != NOBODY)
            candidates[row, best[row, rank]] = True
        places = positions(titles, split.held_out.titles)[split.held_out.columns]
        wanted = np.zeros((viewers, size), np.float32)
        wanted[split.held_out.rows[places >= 0], places[places >= 0]] = 1
        # The candidates first, in the order of titles; the others of shorter lists are never ranked.
        order = np.argsort(~candidates, axis=1, kind="stable")[:, : int(candidates.sum(axis=1).max(initial=1))]
        listed = np.take_along_axis(candidates, order, axis=1)
        chosen = np.where(listed, np.take_along_axis(scores, order[None], axis=2), np.float32(0))
        discounts = 1 / np.log2(np.arange(2, k + 2))
        ideal = np.concatenate([[0.0], np.cumsum(discounts)])[np.minimum(split.held_out.lengths, k)]
        return cls(chosen, listed, np.take_along_axis(wanted, order, axis=1), discounts, ideal)

    def total(self, weights: Floats) -> Floats:
        """Weighted sum of the parts' scores: shape (viewers, places)."""
        return np.asarray(np.tensordot(weights.astype(np.float32), self.scores, 1))

    def mean(self, total: Floats) -> float:
        """Mean NDCG@k of the viewers when they are ranked by a total."""
        best = top_k(np.where(self.listed, total, np.float32(-np.inf)), len(self.discounts))
        hit = np.take_along_axis(self.wanted, np.maximum(best, 0), axis=1) * (best != NOBODY)
        return float((hit @ self.discounts[: hit.shape[1]] / self.ideal).mean())
