"""`private_als` behind the interface of all recommenders: noisy item factors, viewers' vectors solved without noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from ...errors import UsageError
from ..base import Delegating
from ..config import IalsConfig
from ..interactions import Floats, Interactions, Ints, Strings
from ..recommenders.ials import Ials
from .config import PrivateAlsConfig
from .learning import Paid, PrivateFactors, learn


class PrivateAls(Delegating):
    """User-level (account-level) private item factors; see models/private. Histories count as watched or not."""

    config: PrivateAlsConfig
    _inner: Ials

    def __init__(self, config: PrivateAlsConfig, paid: Paid | None = None, profiles: Ints | None = None) -> None:
        self.config, self._paid, self._profiles = config, paid, profiles
        self.counts: Floats = np.zeros(0)
        self._set(np.array([], np.str_), np.empty((0, config.factors)))

    @classmethod
    def of(cls, found: PrivateFactors, config: PrivateAlsConfig) -> Self:
        """A model that was trained before."""
        model = cls(config)
        model.counts = found.counts
        model._set(found.titles, found.factors)
        return model

    def fit(self, interactions: Interactions) -> Self:
        """See Recommender.fit: the titles of the interactions are taken for the public catalogue."""
        if not interactions.pairs:
            raise UsageError("private_als: there is nothing to learn from")
        found = learn(interactions, self.config, self._paid, self._profiles)
        self.counts = found.counts
        self._set(found.titles, found.factors)
        return self

    def state(self) -> dict[str, np.typing.NDArray[Any]]:
        """See Storable.state."""
        return {"titles": self.titles, "factors": self.factors, "counts": self.counts}

    @classmethod
    def of_state(cls, state: Mapping[str, np.typing.NDArray[Any]], config: Any) -> Self:
        """See Storable.of_state."""
        titles, factors, counts = state["titles"], state["factors"], state["counts"]
        if factors.ndim != 2 or not len(titles) == len(factors) == len(counts):
            raise ValueError("the factors and counts do not fit the titles")
        return cls.of(PrivateFactors(titles, factors, counts), config)

    @property
    def factors(self) -> Floats:
        """Noisy item factors (titles, d), float32: may be shown to everybody."""
        return self._inner.factors

    @property
    def folding(self) -> Ials:
        """The model of the same factors and loss that viewers' vectors are solved by."""
        return self._inner

    def _set(self, titles: Strings, factors: Floats) -> None:
        self.titles = titles
        if not factors.shape[1]:
            # Nothing stood out of the noise: every score is zero.
            factors = np.zeros((len(titles), 1))
        loss = {"regularisation": self.config.regularisation, "unobserved": self.config.unobserved, "frequency": 0.0}
        inner = IalsConfig.model_validate({"confidence": "binary", **loss})
        self._inner = Ials.of_factors(titles, factors.astype(np.float32), inner)
