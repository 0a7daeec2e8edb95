"""Spherical k-means over viewers in which every sum that is taken of people is noisy and paid for.

The unit of privacy is the account. With n profiles that have a vector, each weighs 1/n; vectors have length one, so
all that an account adds to any table below, over whatever segments, has an L2 norm of at most n · 1/n = 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ..inputs import Title
from ..interactions import Floats, Interactions, Ints
from .space import Plan, centred, nearest, unit

_LONGEST = 0.98
_BLOCK = 8_192
"""Accounts in memory as rows of contributions at a time."""


class Release(Protocol):
    """Pays for noisy column sums of one row an account, each row of an L2 norm of at most one, and keeps them."""

    sigma: float
    """Standard deviation of the noise on each sum."""

    def __call__(self, part: int, contributions: Callable[[], Iterator[Floats]]) -> Floats:
        """Sums, shape (columns,), of the matrix (accounts, columns) that `contributions` makes in blocks of rows; the
        stored ones where a part has been released before, and then `contributions` is not called."""
        ...


class Chooser(Protocol):
    """How many segments there are to be, from the shape of all that was released."""

    def __call__(self, plan: Plan, shape: Shape, sigma: float) -> int:
        """A number of segments that the plan has starts for; `sigma` is the noise of the sums to come."""
        ...


COUNTED = 0.3
"""What an account's one counts for in the first part; its vector has the rest of the length of one."""


@dataclass(frozen=True)
class Shape:
    """What was released of people around public anchors: about how many accounts there are in all, and of each anchor
    the share of them that is nearest to it, the direction that these have, and how closely they keep to it.

    `directions` is (anchors, width); `lengths` are those of the mean of their vectors, 0 (any direction) to 1.
    """

    accounts: float
    shares: Floats
    directions: Floats
    lengths: Floats

    @classmethod
    def of(cls, sums: Floats, anchors: Floats, sigma: float) -> Shape:
        """From the noisy sums (anchors, 1 + width). An anchor whose sum is not clear of the noise keeps its public
        direction, and the others' length."""
        counts, width = np.maximum(sums[:, 0] / COUNTED, 0), anchors.shape[1]
        noise = sigma / np.sqrt(1 - COUNTED**2)
        found = sums[:, 1:] / np.sqrt(1 - COUNTED**2)
        accounts = max(float(counts.sum()), 1.0)
        shares = counts / accounts if counts.any() else np.full(len(anchors), 1 / len(anchors))
        squared = np.maximum((found**2).sum(axis=1) - width * noise**2, 0)
        lengths = np.clip(np.sqrt(squared) / np.maximum(counts, 1), 0, _LONGEST)
        clear = squared > width * noise**2
        typical = float(np.average(lengths[clear], weights=shares[clear])) if shares[clear].sum() > 0 else 0.0
        return cls(accounts, shares, np.where(clear[:, None], unit(found), anchors), np.where(clear, lengths, typical))

    @property
    def mean(self) -> Floats:
        """The mean of all vectors."""
        return np.asarray(self.shares @ (self.directions * self.lengths[:, None]))

    def around(self, mean: Floats) -> Shape:
        """The same people with a mean taken off their vectors, by `centred`."""
        found = self.directions * self.lengths[:, None] - mean
        reach = np.sqrt(np.maximum(1 - 2 * self.lengths * (self.directions @ mean) + mean @ mean, 1e-9))
        lengths = np.clip(np.linalg.norm(found, axis=1) / reach, 0, _LONGEST)
        return Shape(self.accounts, self.shares, unit(found), lengths)


@dataclass(frozen=True)
class Population:
    """The viewers that segments are learned from, in the order of their accounts.

    `accounts` numbers each viewer's account from 0; `weights` add up to one over an account; `vectors` have length one;
    `shares` are genre shares; `liked` (viewers, plan's titles) has rows of length one or zero.
    """

    accounts: Ints
    weights: Floats
    vectors: Floats
    shares: Floats
    liked: Floats

    @property
    def size(self) -> int:
        """How many accounts there are."""
        return int(self.accounts.max(initial=-1)) + 1

    def table(self, labels: Ints, values: Floats, segments: int) -> Iterator[Floats]:
        """One row an account, in blocks: the weighted `values` (viewers, width) of its viewers, laid out by segment."""
        width = values.shape[1]
        for first in range(0, max(1, self.size), _BLOCK):
            last = min(first + _BLOCK, self.size)
            own = slice(*np.searchsorted(self.accounts, [first, last]))
            table = np.zeros((last - first, segments, width))
            np.add.at(table, (self.accounts[own] - first, labels[own]), values[own] * self.weights[own, None])
            yield table.reshape(last - first, segments * width)


@dataclass(frozen=True)
class Segmentation:
    """What was released: centres (segments, width); sizes in accounts; accounts' genre shares and likings of the
    plan's titles summed by segment. `sigma` is the noise on each number but the centres. `mean` is what is taken off
    vectors before they are compared with centres: what of the first part is everybody's, none in the space of genres,
    where a public mean is off already."""

    centres: Floats
    sizes: Floats
    genres: Floats
    titles: Floats
    sigma: float
    mean: Floats = field(default_factory=lambda: np.zeros(1))


def population(
    viewers: Interactions, account_keys: pa.ChunkedArray, catalogue: Mapping[str, Title], plan: Plan
) -> Population:
    """Viewers with at least one title that the plan's space knows and that is not sensitive; `account_keys` has the
    account of each."""
    vectors, shares, placed = plan.seen(viewers, catalogue)
    kept = np.flatnonzero(placed)
    keys = account_keys.take(pa.array(kept))
    accounts = pc.index_in(keys, pc.unique(keys)).to_numpy() if len(kept) else np.zeros(0, np.int64)
    together = np.argsort(accounts, kind="stable")
    kept, accounts = kept[together], accounts[together]
    profiles = np.bincount(accounts, minlength=1)
    chosen = viewers.over(np.array(sorted(plan.titles), np.str_)).take(kept)
    liked = np.zeros((len(kept), len(plan.titles)))
    liked[chosen.rows, chosen.columns] = 1
    return Population(accounts, 1 / profiles[accounts], vectors[kept], shares[kept], unit(liked))


def learn(plan: Plan, people: Callable[[], Population], release: Release, choose: Chooser) -> Segmentation:
    """Choose how many segments there are, move the plan's public starts to noisy means of the viewers nearest to them,
    then count what is in them. In the space of factors the mean of the first part is taken off all vectors after it.

    `people` is asked for when a part is not stored yet. Takes plan.parts parts. A centre whose noisy sum is no longer
    than noise alone would be stays where it is.
    """
    width = plan.width
    centres: Floats = np.array(plan.anchors)
    mean: Floats = np.zeros(width)

    def sums(part: int, of: Callable[[Population], Floats], width: int) -> Floats:
        k, around, off = len(centres), centres, mean

        def contributions() -> Iterator[Floats]:
            who = people()
            who = replace(who, vectors=centred(who.vectors, off))
            return who.table(nearest(who.vectors, around), of(who), k)

        return release(part, contributions).reshape(k, width)

    shape = Shape.of(sums(0, _counted, 1 + width), centres, release.sigma)
    if plan.factors is not None:
        mean = shape.mean
        shape = shape.around(mean)
    centres = np.array(plan.starts[choose(plan, shape, release.sigma) - 1])
    for part in range(1, 1 + plan.iterations):
        centres, _ = moved(centres, sums(part, lambda who: who.vectors, width), release.sigma)
    last = 1 + plan.iterations
    sizes = sums(last, lambda who: np.ones((len(who.vectors), 1)), 1)[:, 0]
    genres = sums(last + 1, lambda who: who.shares, len(plan.genres))
    titles = sums(last + 2, lambda who: who.liked, len(plan.titles)) if plan.titles else np.zeros((len(centres), 0))
    return Segmentation(centres, sizes, genres, titles, release.sigma, mean)


def _counted(who: Population) -> Floats:
    """What a viewer adds to the first part: a count and the vector, of length one together."""
    counts = np.full((len(who.vectors), 1), COUNTED)
    return np.concatenate([counts, who.vectors * np.sqrt(1 - COUNTED**2)], axis=1)


def moved(centres: Floats, found: Floats, sigma: float) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Centres at the directions of noisy sums, and which of them moved: those whose sum is longer than noise alone."""
    moves = np.linalg.norm(found, axis=1) > 2 * sigma * np.sqrt(found.shape[1])
    return np.where(moves[:, None], unit(found), centres), moves


def merged(found: Segmentation, minimum: float) -> list[list[int]]:
    """Segments as groups of clusters, the largest first: one below the minimum noisy size joins its nearest.

    Empty where even all of them together are below it: nothing is told of so few.
    """
    groups = [[n] for n in range(len(found.sizes))]

    def size(group: list[int]) -> float:
        return float(found.sizes[group].sum())

    while len(groups) > 1 and size(smallest := min(groups, key=size)) < minimum:
        groups.remove(smallest)
        own = unit(found.centres[smallest].sum(axis=0, keepdims=True))
        likeness = [float((unit(found.centres[group].sum(axis=0, keepdims=True)) @ own.T)[0, 0]) for group in groups]
        groups[int(np.argmax(likeness))] += smallest
    return sorted(
        (sorted(group) for group in groups if size(group) >= minimum), key=lambda group: (-size(group), group)
    )


def assigned(
    viewers: Interactions, catalogue: Mapping[str, Title], plan: Plan, found: Segmentation, numbers: Sequence[int]
) -> npt.NDArray[Any]:
    """Segment of each viewer, by the number of its cluster; 0 for a viewer without a vector or of a cluster of none."""
    vectors, _, placed = plan.seen(viewers, catalogue)
    label = nearest(centred(vectors, found.mean), found.centres)
    return np.where(placed, np.array([*numbers], np.int32)[label], 0).astype(np.int32)
