"""Recipes: a kind of recommender and its configuration as JSON, all that is needed to train the same on other data; and
stored models put together again by theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from ..errors import Refused
from ..lake import fingerprint_of
from .base import Recommender, Storable
from .config import ModelsConfig
from .recommenders.config import AnyConfig, PopularityConfig
from .recommenders.kinds import KINDS, PRIVATE, KindConfig, make, restored
from .registry import Registry, StoredModel

FLOOR = "popularity"
_CONFIG: TypeAdapter[AnyConfig] = TypeAdapter(AnyConfig)


@dataclass(frozen=True)
class Recipe:
    """What a model is, apart from what it learned from."""

    kind: str
    config: Mapping[str, Any]

    @classmethod
    def of(cls, config: KindConfig) -> Recipe:
        """The recipe of a configuration."""
        return cls(config.kind, config.model_dump(mode="json"))

    @property
    def digest(self) -> str:
        """The recipe's own name."""
        return fingerprint_of(self.kind, self.config)

    def make(self, threads: int = 2) -> Storable:
        """An untrained model, to be trained on so many threads, which change nothing of it.

        Raises Refused for a kind or a configuration that this version does not know.
        """
        if self.kind in PRIVATE:
            raise Refused(f"{self.kind} is trained by a step of its own, which pays for it")
        if self.kind not in KINDS:
            raise Refused(f"{self.kind} is no kind of model that this version can train")
        try:
            config = _CONFIG.validate_python({**self.config, "kind": self.kind})
        except ValidationError:
            raise Refused(f"{self.kind}: this version cannot train by its configuration any more") from None
        return make(config.model_copy(update={"threads": threads}) if config.kind == "ials" else config)


FLOOR_RECIPE = Recipe.of(PopularityConfig())


def contenders(config: ModelsConfig) -> dict[str, Recipe]:
    """The recipes that a configuration puts up, by name, the floor aside."""
    found = {"ials": Recipe.of(config.ials), **{name: Recipe.of(each) for name, each in config.contenders.items()}}
    return {name: recipe for name, recipe in found.items() if recipe.digest != FLOOR_RECIPE.digest}


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
        return restored({**recipe.config, "kind": recipe.kind}, stored.arrays)
    except (KeyError, ValueError, TypeError, IndexError):
        raise Refused(f"{at}: its arrays do not fit together; delete it and train again") from None
