"""Factors of titles without any, from their metadata and the factors of the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..interactions import Floats, Strings
from .config import ColdStartConfig
from .features import Features, says
from .metadata import Metadata
from .ridge import ridge

_LEAST_KNOWN = 3


@dataclass(frozen=True)
class Derived:
    """Titles of the catalogue that the model does not know and whose metadata says something: ascending, their factors
    (titles, f) in float32; and the penalty and the part of held-out titles' spread that it explained."""

    titles: Strings
    factors: Floats
    penalty: float | None = None
    explained: float | None = None


def derived(
    titles: Strings, factors: Floats, catalogue: Mapping[str, Metadata], config: ColdStartConfig | None = None
) -> Derived:
    """Derive from the factors of `titles` (titles, f). Titles whose factor is zero teach nothing and stay as they are.

    Nothing is derived where metadata explain no more than least_explained of held-out titles' factors, and for titles
    none of whose words and labels any known title has: their vector would be everybody's mean.
    """
    config = config or ColdStartConfig()
    known = [n for n, title in enumerate(titles.tolist()) if title in catalogue and factors[n].any()]
    new = sorted(catalogue.keys() - set(titles.tolist()))
    nothing = Derived(np.array([], np.str_), np.empty((0, factors.shape[1]), np.float32))
    if len(known) < _LEAST_KNOWN or not new:
        return nothing
    told = [catalogue[title] for title in titles[known].tolist()]
    features = Features.of(told, config)
    if not features.weights:
        return nothing
    found = ridge(features.over(told), factors[known], config.penalties)
    if found.explained <= config.least_explained:
        return Derived(nothing.titles, nothing.factors, found.penalty, found.explained)
    asked = features.over([catalogue[title] for title in new])
    kept = np.flatnonzero(says(asked))
    vectors = found.predict(asked[kept]).astype(np.float32)
    return Derived(np.array(new, np.str_)[kept], vectors, found.penalty, found.explained)
