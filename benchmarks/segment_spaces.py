"""Segments in the space of private factors beside those in the space of genres, on MovieLens 100K.

    MEDIA_PRIVACY_REAL_DATA=/data python -m benchmarks.segment_spaces [--accounts 6000 20000] [--draws 4] [--seed 1]

An account is a person of MovieLens drawn with replacement, with a third of their titles drawn anew. Factors are learned
from such accounts once, at the policy's mu; segments several times, each from other accounts and noise of its own, with
the noise that the policy pays for. 3,000 other accounts are put into segments each time by half of their titles.

`agreement` is the mean adjusted Rand index of where two draws put them. `nats` is how much better the segment tells the
other half of their titles than everybody's titles do: mean log of (share of a title in the segment, smoothed by fifty
viewings / its share of all). `told` is what `stability` says from one draw, without looking at people.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.segments import CONFIG, Noisy, People, agreement
from media_privacy_pipeline.models.interactions import Floats, Interactions, Ints
from media_privacy_pipeline.models.private.config import improved
from media_privacy_pipeline.models.private.recommender import PrivateAls
from media_privacy_pipeline.models.segments.learning import Population, Segmentation, Shape, learn
from media_privacy_pipeline.models.segments.space import Plan, centred, make_plan, nearest
from media_privacy_pipeline.models.segments.stability import stability
from media_privacy_pipeline.policy import load
from media_privacy_pipeline.privacy import part_sigma

_FRESH = 3_000
_SMOOTH = 50.0


def histories(people: People, accounts: int, random: np.random.Generator) -> Interactions:
    """Accounts drawn anew."""
    rows = [(f"{row:06d}", title) for row, own in enumerate(people.drawn(accounts, random)) for title in own]
    return Interactions.of([who for who, _ in rows], [what for _, what in rows])


def learned(
    plan: Plan, people: People, own: Interactions, segments: int, sigma: float, random: np.random.Generator
) -> tuple[Segmentation, Plan, Shape]:
    """A segmentation, and the plan and shape that the number of segments is chosen from."""
    vectors, shares, _ = plan.seen(own, people.catalogue)
    who = Population(np.arange(len(own)), np.ones(len(own)), vectors, shares, np.zeros((len(own), 0)))
    told: list[tuple[Plan, Shape]] = []

    def choose(plan: Plan, shape: Shape, sigma: float) -> int:
        told.append((plan, shape))
        return segments

    found = learn(plan, lambda: who, Noisy(sigma, random), choose)
    return found, *told[0]


def nats(own: Interactions, placed: Ints, other: Interactions, label: Ints, titles: Sequence[str], k: int) -> float:
    """How much better segments tell titles of others than all titles do; see the module."""
    over = np.array(titles, np.str_)
    own, other = own.over(over), other.over(over)
    counts = np.zeros((k, len(over)))
    np.add.at(counts, (placed[own.rows], own.columns), 1)
    share = (counts.sum(axis=0) + 0.5) / (counts.sum() + 0.5 * len(over))
    smooth = counts + _SMOOTH * share
    smooth /= smooth.sum(axis=1, keepdims=True)
    return float(np.log(smooth[label[other.rows], other.columns] / share[other.columns]).mean())


def put(plan: Plan, people: People, own: Interactions, found: Segmentation) -> Ints:
    """The cluster of each account."""
    vectors: Floats = plan.seen(own, people.catalogue)[0]
    return nearest(centred(vectors, found.mean), found.centres)


def main() -> None:
    """Print one table for each number of accounts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, nargs="+", default=[6_000, 20_000])
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    people, policy = People(Path(os.environ["MEDIA_PRIVACY_REAL_DATA"]) / "ml-100k"), load()
    sigma, factors = part_sigma(policy.releases.vectors["segment_profile"]), policy.releases.factors
    if factors is None:
        raise SystemExit("the policy pays for no private factors")
    titles = sorted(people.catalogue)
    load_now = f"load {os.getloadavg()[0]:.1f}"
    print(f"{platform.machine()}, {os.cpu_count()} cores, {load_now}; seed {given.seed}; sigma {sigma:.1f}")
    for accounts in given.accounts:
        random = np.random.default_rng(given.seed)
        model = PrivateAls(improved(factors.mu, 0.02)).fit(
            histories(people, accounts, random).over(np.array(titles, np.str_))
        )
        worlds = [histories(people, accounts, random) for _ in range(given.draws)]
        fresh = histories(people, _FRESH, random)
        half = random.random(fresh.pairs) < 0.5
        known, asked = fresh.where(half), fresh.where(~half)
        plans = {
            "genres": make_plan("2026-03", people.catalogue, people.popularity, CONFIG),
            "factors": make_plan("2026-03", people.catalogue, people.popularity, CONFIG, (), ("benchmark", model)),
        }
        print(f"\n{accounts:,} accounts, {model.factors.shape[1]} directions of factors\n")
        print("| space | segments | agreement | told | nats |\n|---|---:|---:|---:|---:|")
        for name, plan in plans.items():
            if plan is None or (name == "factors" and plan.factors is None):
                print(f"| {name} | no plan | | | |")
                continue
            for k in range(2, len(plan.starts) + 1):
                draws = [learned(plan, people, own, k, sigma, random) for own in worlds]
                labels = [put(plan, people, known, found) for found, *_ in draws]
                gains = [
                    nats(own, put(plan, people, own, found), asked, label, titles, k)
                    for (found, *_), own, label in zip(draws, worlds, labels, strict=True)
                ]
                told = stability(draws[0][1], draws[0][2], sigma, CONFIG)[k]
                row = f"{agreement(labels):.2f} | {told:.2f} | {np.mean(gains):.3f}"
                print(f"| {name} | {k} | {row} |", flush=True)


if __name__ == "__main__":
    main()
