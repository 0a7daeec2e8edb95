"""`python -m benchmarks.private_membership`: can an attacker tell from item factors alone who was learned from?

LiRA (Carlini et al. 2022) with 16 shadow models: each of `targets` viewers is in each model's training by a fair coin.
The attacker knows a target's whole history, folds it into the item factors, and looks at how well they give it back
(the mean score of the viewer's own titles, against that of all titles). For each model in turn the other 15 tell,
target by target, what that looks like for members and for others (two normal laws of one spread); the likelihood ratio
is the guess. The area under the curve is over all targets and models, with a 95 % bootstrap interval over targets.

Beside the private factors the same attack runs on `ials` of the same viewers, and on private factors from which the
noise was left out, to show that it can succeed.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from benchmarks.population import Floats, population
from media_privacy_pipeline.models.config import IalsConfig
from media_privacy_pipeline.models.interactions import Bools, Interactions
from media_privacy_pipeline.models.private.config import improved
from media_privacy_pipeline.models.private.learning import PrivateFactors, learn, unpaid
from media_privacy_pipeline.models.private.statistics import space_of, vectors
from media_privacy_pipeline.models.recommenders.ials import Ials
from media_privacy_pipeline.privacy.accountant import mu_within

DELTA = 8e-6
Train = Callable[[Interactions], PrivateFactors]


def seen_in(found: PrivateFactors, targets: Interactions) -> Floats:
    """How well factors give each target's history back, shape (targets,)."""
    own = targets.over(found.titles)
    if not found.factors.shape[1]:
        return np.zeros(len(own))
    config = improved(1.0)
    scores = vectors(own, space_of(found.factors.astype(np.float64), config)) @ found.factors.T
    mine = np.bincount(own.rows, scores[own.rows, own.columns], minlength=len(own)) / np.maximum(own.lengths, 1)
    return np.asarray((mine - scores.mean(axis=1)) / (scores.std(axis=1) + 1e-12))


def attacked(train: Train, everyone: Interactions, members: Bools, targets: int) -> Floats:
    """What the attacker sees of each target in each model: shape (models, targets)."""
    seen = []
    for inside in members:
        learned = np.concatenate([np.flatnonzero(inside), np.arange(targets, len(everyone))])
        seen.append(seen_in(train(everyone.take(learned)), everyone.block(0, targets)))
    return np.stack(seen)


def guesses(seen: Floats, members: Bools) -> Floats:
    """Log likelihood ratio of membership for each model and target, from the other models alone."""
    found = np.zeros(seen.shape)
    for model in range(len(seen)):
        others = np.arange(len(seen)) != model
        value, inside = seen[others], members[others]
        count_in, count_out = inside.sum(axis=0), (~inside).sum(axis=0)
        mean_in = np.where(inside, value, 0).sum(axis=0) / np.maximum(count_in, 1)
        mean_out = np.where(inside, 0, value).sum(axis=0) / np.maximum(count_out, 1)
        spread = np.where(inside, value - mean_in, value - mean_out).std(axis=0) + 1e-12
        ratio = ((seen[model] - mean_out) ** 2 - (seen[model] - mean_in) ** 2) / (2 * spread**2)
        found[model] = np.where((count_in > 1) & (count_out > 1), ratio, 0)
    return found


def area(guessed: Floats, members: Bools) -> float:
    """Area under the ROC curve: how often a member is guessed above another, ties for half."""
    from scipy.stats import rankdata

    ranks, inside = rankdata(guessed.ravel()), members.ravel()
    n = int(inside.sum())
    return float((ranks[inside].sum() - n * (n + 1) / 2) / (n * (len(ranks) - n)))


def interval(guessed: Floats, members: Bools, seed: int, resamples: int = 500) -> tuple[float, float]:
    """95 % bootstrap interval of the area, over targets."""
    random, targets = np.random.default_rng(seed), guessed.shape[1]
    drawn = [random.integers(0, targets, targets) for _ in range(resamples)]
    low, high = np.quantile([area(guessed[:, some], members[:, some]) for some in drawn], [0.025, 0.975])
    return float(low), float(high)


def ials(everyone: Interactions) -> PrivateFactors:
    """Item factors without privacy."""
    model = Ials(IalsConfig(factors=64, iterations=6, threads=1)).fit(everyone)
    return PrivateFactors(model.titles, model.factors, np.zeros(len(model.titles)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.private_membership", description=__doc__)
    parser.add_argument("--viewers", type=int, default=20_000)
    parser.add_argument("--titles", type=int, default=1_000)
    parser.add_argument("--targets", type=int, default=400)
    parser.add_argument("--shadows", type=int, default=16)
    parser.add_argument("--epsilon", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--models", nargs="+", default=["private_als", "without noise", "ials"])
    chosen = parser.parse_args(arguments)
    everyone = population(chosen.viewers, chosen.titles, chosen.seed).histories
    members = np.random.default_rng(chosen.seed).random((chosen.shadows, chosen.targets)) < 0.5
    config = improved(mu_within(chosen.epsilon, DELTA))
    trains: Mapping[str, Train] = {
        "private_als": lambda some: learn(some, config),
        "without noise": lambda some: learn(some, improved(1e3), unpaid(lambda values, sigma: values)),
        "ials": ials,
    }
    print(f"{platform.machine()}, {chosen.viewers:,} viewers, {chosen.titles:,} titles, {chosen.targets} targets, ")
    print(f"{chosen.shadows} shadow models, epsilon {chosen.epsilon:g} at delta {DELTA:g}, seed {chosen.seed}\n")
    print("| item factors of | AUC | 95 % |")
    print("|---|---:|---:|")
    for name in chosen.models:
        guessed = guesses(attacked(trains[name], everyone, members, chosen.targets), members)
        low, high = interval(guessed, members, chosen.seed)
        print(f"| {name} | {area(guessed, members):.3f} | {low:.3f} to {high:.3f} |", flush=True)


if __name__ == "__main__":
    main()
