"""Every kind of recommender by name: made from a configuration, brought back from what was stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field, TypeAdapter

from ..base import Storable
from ..private.config import PrivateAlsConfig, PrivatePopularityConfig
from ..private.popularity import PrivatePopularity
from ..private.recommender import PrivateAls
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
    "private_als": PrivateAls,
    "private_popularity": PrivatePopularity,
}
PRIVATE = ("private_als", "private_popularity")
"""The kinds that keep a promise to each account. AnyConfig, from which a night trains, has none of them: what they
learn from people is paid for by steps of their own."""

KindConfig = Annotated[AnyConfig | PrivateAlsConfig | PrivatePopularityConfig, Field(discriminator="kind")]
"""A configuration of any kind."""
_KIND: TypeAdapter[KindConfig] = TypeAdapter(KindConfig)


def make(config: KindConfig) -> Storable:
    """An untrained recommender; one of a private kind draws noise that no ledger knows of, for measurements."""
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
    checked = _KIND.validate_python(dict(config))
    return KINDS[checked.kind].of_state(state, checked)
