"""Popularity by noisy counts: the floor that a private model has to beat under the same promise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from ...errors import UsageError
from ...privacy.accountant import sigma_for
from ...privacy.noise import Noise, discrete_gaussian
from ..base import Delegating
from ..interactions import Interactions
from ..recommenders.popularity import Popularity
from .accounting import COUNT_STEPS
from .config import PrivatePopularityConfig
from .together import title_counts


class PrivatePopularity(Delegating):
    """Titles by how many viewers watched them, each viewer an account, with noise that all of mu pays for.

    The titles of the interactions are taken for the public catalogue.
    """

    config: PrivatePopularityConfig
    _inner: Popularity

    def __init__(self, config: PrivatePopularityConfig, noise: Noise = discrete_gaussian) -> None:
        self.config, self._noise = config, noise
        self._of(Popularity())

    def fit(self, interactions: Interactions) -> Self:
        """See Recommender.fit."""
        if not interactions.pairs:
            raise UsageError("private_popularity: there is nothing to learn from")
        sigma = sigma_for(float(np.sqrt(self.config.counted_titles)) * COUNT_STEPS, self.config.mu)
        counts = self._noise(title_counts(interactions, self.config), sigma) / COUNT_STEPS
        return self._of(Popularity(interactions.titles, counts))

    def state(self) -> dict[str, np.typing.NDArray[Any]]:
        """See Storable.state."""
        return self._inner.state()

    @classmethod
    def of_state(cls, state: Mapping[str, np.typing.NDArray[Any]], config: Any) -> Self:
        """See Storable.of_state."""
        return cls(config)._of(Popularity.of_state(state, None))

    def _of(self, inner: Popularity) -> Self:
        self._inner, self.titles = inner, inner.titles
        return self
