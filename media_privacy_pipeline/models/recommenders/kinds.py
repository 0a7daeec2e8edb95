"""Every kind of recommender by name: made from a configuration, brought back from what was stored, set to compete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from ..base import Storable
from ..config import ModelsConfig
from .blend import Blend
from .config import AnyConfig
from .ease import Ease
from .ials import Ials
from .neighbours import ItemKnn, Rp3Beta
from .popularity import Popularity
from .successors import Successors

KINDS: Mapping[str, type[Storable]] = {
    "ials": Ials,
    "popularity": Popularity,
    "ease": Ease,
    "item_knn": ItemKnn,
    "rp3beta": Rp3Beta,
    "successors": Successors,
    "blend": Blend,
}


def make(config: AnyConfig) -> Storable:
    """An untrained recommender."""
    if config.kind == "blend":
        return Blend(config, make)
    if config.kind == "popularity":
        return Popularity(config=config)
    kind: Any = KINDS[config.kind]
    made: Storable = kind(config)
    return made


def restored(config: Mapping[str, Any], state: Mapping[str, np.typing.NDArray[Any]]) -> Storable:
    """A trained recommender from its configuration as JSON (with `kind`) and its arrays.

    Raises pydantic's ValidationError, KeyError or ValueError for what does not fit together.
    """
    checked: AnyConfig = TypeAdapter(AnyConfig).validate_python(dict(config))
    return KINDS[checked.kind].of_state(state, checked)


def contenders(config: ModelsConfig) -> dict[str, Storable]:
    """The untrained recommenders that compete to be served, by name: `ials`, and the others of the configuration."""
    return {"ials": Ials(config.ials), **{name: make(other) for name, other in config.contenders.items()}}
