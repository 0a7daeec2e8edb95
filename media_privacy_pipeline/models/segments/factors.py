"""The space of private item factors: a viewer's own vector, solved from their own history, less what is everybody's.

All that is kept of the factors was released before, so that it may stand in a plan: it is public, and costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from pydantic import BaseModel, ConfigDict

from ..inputs import Title
from ..interactions import Floats, Interactions
from ..private.recommender import PrivateAls
from ..private.statistics import vectors
from ..recommenders.foldin import ItemSpace

_DIGITS = 6


class Factors(BaseModel):
    """The leading directions of private item factors: `vectors` (titles, width), and `played`, the share of all noisy
    counts that each title has. `name` is that of the stored model that they are of.

    A viewer is solved as that model solves them. Of their vector is taken what somebody of as many titles would have
    who watches what everybody watches, and what is left is seen by what it does to the scores of what is played.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    titles: tuple[str, ...]
    vectors: tuple[tuple[float, ...], ...]
    played: tuple[float, ...]
    regularisation: float
    unobserved: float

    @classmethod
    def of(cls, name: str, model: PrivateAls, width: int) -> Factors | None:
        """The `width` directions in which titles that are played differ most; None where nothing stood out of noise."""
        counts = np.maximum(model.counts, 0)
        exact = model.factors.astype(np.float64)
        if not exact.any() or not counts.sum():
            return None
        played = counts / counts.sum()
        values, axes = np.linalg.eigh((exact * played[:, None]).T @ exact)
        kept = np.flatnonzero(values > values[-1] * 1e-9)[::-1][:width]
        # Every sign is as good as the other: the one whose largest number is positive is the same everywhere.
        largest = axes[np.abs(axes).argmax(axis=0), np.arange(len(axes))]
        turned = np.round(exact @ (axes * np.sign(largest))[:, kept], _DIGITS)
        return cls(
            name=name,
            titles=tuple(model.titles.tolist()),
            vectors=tuple(map(tuple, turned.tolist())),
            played=tuple(np.round(played, 2 * _DIGITS).tolist()),
            regularisation=model.config.regularisation,
            unobserved=model.config.unobserved,
        )

    @property
    def axes(self) -> tuple[str, ...]:
        """A name for each direction that no other model's has."""
        return tuple(f"{self.name[:12]}.{n}" for n in range(len(self.vectors[0])))

    def directions(self, viewers: Interactions, catalogue: Mapping[str, Title]) -> Floats:
        """Of each viewer, shape (viewers, width) and of length one; zero for who watched no title that has a vector.

        Sensitive titles, and those that the catalogue lacks, do not count.
        """
        known = np.array([key in catalogue and not catalogue[key].sensitive for key in viewers.titles.tolist()], bool)
        own = viewers.where(known[viewers.columns]).over(np.array(self.titles, np.str_))
        found = vectors(own, self._space)
        for n in np.unique(own.lengths):
            rows = own.lengths == n
            found[rows] = found[rows] - self._mean(int(n)) if n else 0.0
        seen = found @ self._root
        return np.asarray(seen / np.maximum(np.linalg.norm(seen, axis=1, keepdims=True), np.finfo(float).tiny))

    @cached_property
    def points(self) -> Floats:
        """The direction of somebody who watched one title alone, for each title: shape (titles, width)."""
        names = list(self.titles)
        alone = Interactions.of([f"{n:09d}" for n in range(len(names))], names)
        return self.directions(alone, {name: Title(name, 0, (), sensitive=False) for name in names})

    def _mean(self, titles: int) -> Floats:
        """The vector of somebody of so many titles who watches what everybody watches."""
        space, played = self._space, np.array(self.played)
        lifted = (space.factors * played[:, None]).T @ space.factors * titles
        system = (
            space.unobserved * space.factors.T @ space.factors + space.regularisation * np.eye(space.width) + lifted
        )
        return np.asarray(np.linalg.solve(system, titles * (played @ space.factors)))

    @cached_property
    def _space(self) -> ItemSpace:
        return ItemSpace.of(np.array(self.vectors), self.regularisation, self.unobserved)

    @cached_property
    def _root(self) -> Floats:
        """The root of the mean product of the vectors of what is played."""
        space, played = self._space, np.array(self.played)
        values, axes = np.linalg.eigh((space.factors * played[:, None]).T @ space.factors)
        return np.asarray((axes * np.sqrt(np.maximum(values, 0))) @ axes.T)
