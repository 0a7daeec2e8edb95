"""How many segments: as many as come out alike when people and noise are drawn anew, told from one paid release.

What was released first (learning.Shape: how people spread around public anchors) is enough to draw people from: each
near an anchor, as closely to its released direction as its people keep to it. The segmentation is then rehearsed on
them, with the noise that the real one will have, for each number of segments. Two rehearsals agree by the adjusted Rand
index (Hubert and Arabie 1985) of where they put the same fresh people.

All of it is made from what was paid for, so that it costs nothing more. docs/segments.md has it beside the truth.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ..config import SegmentsConfig
from ..interactions import Floats, Ints
from .learning import Shape, moved
from .space import Plan, nearest, unit


def stability(plan: Plan, shape: Shape, sigma: float, config: SegmentsConfig) -> dict[int, float]:
    """Least adjusted Rand index between any two rehearsals, by the number of segments; 1 for one.

    0 for a number at which not every centre was learned in every rehearsal: what stays where it began agrees well, and
    says nothing. `sigma` is the noise of a sum.
    """
    random = np.random.default_rng(config.seed)
    people = int(min(max(shape.accounts, 2), config.rehearsed))
    # Fewer people than there are, with less noise in the same measure: they vary more, never less.
    noise = sigma * people / max(shape.accounts, 1.0)
    fresh = _drawn(shape, config.rehearsed, random)
    found = {1: 1.0}
    for start in plan.starts[1:]:
        labels, learned = [], True
        for _ in range(config.rehearsals):
            centres, every = _rehearsed(np.array(start), _drawn(shape, people, random), plan.iterations, noise, random)
            labels.append(nearest(fresh, centres))
            learned = learned and every
        pairs = [adjusted_rand(one, other) for one, other in combinations(labels, 2)]
        found[len(start)] = min(pairs) if learned else 0.0
    return found


def chosen(found: dict[int, float], least: float) -> int:
    """The largest number of segments that is stable enough: 1 where no other is."""
    return max(k for k, value in found.items() if value >= least)


def adjusted_rand(one: Ints, other: Ints) -> float:
    """Agreement of two partitions of the same things: 1 for the same, about 0 for independent ones."""
    table = np.zeros((int(one.max()) + 1, int(other.max()) + 1))
    np.add.at(table, (one, other), 1)

    def pairs(counts: Floats) -> float:
        return float((counts * (counts - 1) / 2).sum())

    together, rows, columns = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    expected = rows * columns / pairs(np.array([float(len(one))]))
    most = (rows + columns) / 2
    return 1.0 if most == expected else (together - expected) / (most - expected)


def _drawn(shape: Shape, people: int, random: np.random.Generator) -> Floats:
    """Vectors of people: the direction of an anchor and chance in all directions, in the measure of its length."""
    anchors = random.choice(len(shape.shares), people, p=shape.shares)
    width, lengths = shape.directions.shape[1], shape.lengths[anchors, None]
    chance = random.normal(size=(people, width)) * np.sqrt((1 - lengths**2) / width)
    return unit(shape.directions[anchors] * lengths + chance)


def _rehearsed(
    centres: Floats, people: Floats, iterations: int, noise: float, random: np.random.Generator
) -> tuple[Floats, bool]:
    """Centres that the learning of segments ends with on these people, and whether each of them was learned."""
    learned = np.zeros(len(centres), bool)
    for _ in range(iterations):
        sums = np.zeros(centres.shape)
        np.add.at(sums, nearest(people, centres), people)
        centres, moves = moved(centres, sums + random.normal(0, noise, sums.shape), noise)
        learned |= moves
    return centres, bool(learned.all())
