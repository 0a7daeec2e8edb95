"""The kinds of recommenders: how each is made from a recipe, taken apart into arrays, and put together again.

A recipe is a kind and its configuration as JSON: all that is needed to train the same model on other data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from ..errors import Refused
from ..lake import fingerprint_of
from .base import Recommender
from .config import IalsConfig, ModelsConfig
from .recommenders.ials import Ials
from .recommenders.popularity import Popularity
from .registry import Registry, StoredModel

Arrays = Mapping[str, npt.NDArray[Any]]
FLOOR = "popularity"


@dataclass(frozen=True)
class Recipe:
    """What a model is, apart from what it learned from."""

    kind: str
    config: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """The recipe's own name."""
        return fingerprint_of(self.kind, self.config)

    def make(self) -> Recommender:
        """An untrained model. Raises Refused for a kind or a configuration that this version does not know."""
        if self.kind not in KINDS:
            raise Refused(f"{self.kind} is no kind of model that this version can train")
        try:
            return KINDS[self.kind].make(self.config)
        except ValidationError:
            raise Refused(f"{self.kind}: this version cannot train by its configuration any more") from None


@dataclass(frozen=True)
class Kind:
    """How models of a kind are made, and turned into arrays and back."""

    make: Callable[[Mapping[str, Any]], Recommender]
    arrays: Callable[[Any], Arrays]
    restore: Callable[[Mapping[str, Any], Arrays], Recommender]


def _ials(config: Mapping[str, Any], arrays: Arrays) -> Recommender:
    titles, factors = arrays["titles"], arrays["factors"]
    if factors.ndim != 2 or len(titles) != len(factors):
        raise ValueError("titles and factors")
    return Ials.of_factors(titles, factors, IalsConfig.model_validate(config))


def _popularity(config: Mapping[str, Any], arrays: Arrays) -> Recommender:
    titles, counts = arrays["titles"], arrays["counts"]
    if titles.shape != counts.shape:
        raise ValueError("titles and counts")
    return Popularity(titles, counts)


KINDS: Mapping[str, Kind] = {
    "ials": Kind(
        lambda config: Ials(IalsConfig.model_validate(config)),
        lambda model: {"titles": model.titles, "factors": model.factors},
        _ials,
    ),
    FLOOR: Kind(
        lambda config: Popularity(),
        lambda model: {"titles": model.titles, "counts": model.counts},
        _popularity,
    ),
}
"""The kinds that a night can train."""

FLOOR_RECIPE = Recipe(FLOOR, {})


def contenders(config: ModelsConfig) -> list[Recipe]:
    """The recipes that a configuration puts up, the floor aside."""
    return [Recipe("ials", config.ials.model_dump(mode="json"))]


def recipe_of(manifest: Mapping[str, Any]) -> Recipe:
    """The recipe that a stored model was made by. Raises Refused for a manifest that names none."""
    kind, config = manifest.get("kind"), manifest.get("config")
    if not isinstance(kind, str) or not isinstance(config, dict):
        raise Refused("its manifest names no kind and configuration; it was stored by another version")
    return Recipe(kind, config)


def load_model(where: Registry, name: str) -> Recommender:
    """A stored model, ready to recommend. Raises Refused for one that is not whole or does not fit together."""
    return assembled(where, where.load(name))


def assembled(where: Registry, stored: StoredModel) -> Recommender:
    """The model that a folder's arrays make. Raises Refused where they do not fit together or are no numbers."""
    at = where.root / stored.name
    try:
        recipe = recipe_of(stored.manifest)
    except Refused as refused:
        raise Refused(f"{at}: {refused}") from None
    if recipe.kind not in KINDS:
        raise Refused(f"{at}: this version knows no models of the kind {recipe.kind}; train again")
    for name, array in stored.arrays.items():
        if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
            raise Refused(f"{at}: its array {name} holds what is no number; delete it and train again")
    try:
        return KINDS[recipe.kind].restore(recipe.config, stored.arrays)
    except (KeyError, ValueError, TypeError, IndexError):
        raise Refused(f"{at}: its arrays do not fit together; delete it and train again") from None
