"""Latent tastes: clusters of viewers that prefer genres, so that a recommender can beat popularity and be graded."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .catalogue import GENRES, KIDS_GENRES, Catalogue

CLUSTERS = 9
KIDS_CLUSTER = 8
_PREFERRED = 3.2
"""Log-factor of a genre that a cluster prefers: about twenty-five times the demand."""
_TITLE_SPREAD = 0.8
"""Standard deviation of the log-factor of single titles within a cluster, beyond what genres say."""
_SECOND_TASTE = 0.2
"""Share of plays that follow a viewer's second cluster."""


class Tastes:
    """Which title a viewer of a cluster picks on a day."""

    def __init__(self, rng: np.random.Generator, catalogue: Catalogue) -> None:
        preference = np.zeros((CLUSTERS, len(GENRES)))
        for cluster in range(CLUSTERS):
            preference[cluster, rng.choice(len(GENRES), 2, replace=False)] = _PREFERRED
        preference[KIDS_CLUSTER] = [_PREFERRED if genre in KIDS_GENRES else 0.0 for genre in GENRES]
        liking = preference @ catalogue.genres.T / np.sqrt(catalogue.genres.sum(axis=1))
        self.preference = preference
        self._liking = np.exp(liking + rng.normal(0, _TITLE_SPREAD, liking.shape))
        # A kids profile is offered what is made for kids, where there is anything.
        if catalogue.for_kids.any():
            self._liking[KIDS_CLUSTER] *= catalogue.for_kids
        self._catalogue = catalogue

    def pick(
        self,
        rng: np.random.Generator,
        day: int,
        first: npt.NDArray[np.int8],
        second: npt.NDArray[np.int8],
    ) -> npt.NDArray[np.int32]:
        """One title for each play, given the viewer's two clusters."""
        demand = self._liking * self._catalogue.demand(day)
        # A cluster whose every title is yet to launch falls back on everything.
        empty = demand.sum(axis=1) == 0
        demand[empty] = self._catalogue.popularity
        share = np.cumsum(demand, axis=1)
        share /= share[:, -1:]
        share[:, -1] = 1.0
        cluster = np.where(rng.random(len(first)) < _SECOND_TASTE, second, first).astype(np.int64)
        # One search for all clusters: cluster c's cumulative shares lie in (c, c + 1].
        ladder = (share + np.arange(CLUSTERS)[:, None]).ravel()
        place = np.searchsorted(ladder, cluster + rng.random(len(first)), side="right")
        titles = len(self._catalogue)
        picked: npt.NDArray[np.int32] = np.minimum(place - cluster * titles, titles - 1).astype(np.int32)
        return picked
