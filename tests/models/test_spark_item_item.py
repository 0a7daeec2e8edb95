"""Models of titles by titles, and popularity, learned from blocks of viewers as from all of them at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from spark_here import Here

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.models.base import Storable
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.recommenders.config import (
    EaseConfig,
    ItemKnnConfig,
    PopularityConfig,
    Rp3BetaConfig,
)
from media_privacy_pipeline.models.recommenders.ease import Ease
from media_privacy_pipeline.models.recommenders.neighbours import ItemKnn, Rp3Beta
from media_privacy_pipeline.models.recommenders.popularity import Popularity
from media_privacy_pipeline.models.spark.blocks import Blocks
from media_privacy_pipeline.models.spark.itemitem import fit_ease, fit_item_knn, fit_popularity, fit_rp3beta

FADING = {"confidence": "given", "learned_half_life_days": 9.0}
KINDS: list[tuple[Callable[..., Storable], Callable[..., Storable], object]] = [
    (Popularity, fit_popularity, PopularityConfig(half_life_days=9.0)),
    (Ease, fit_ease, EaseConfig(head=20, **FADING)),
    (Ease, fit_ease, EaseConfig(neighbours=4)),
    (ItemKnn, fit_item_knn, ItemKnnConfig(neighbours=5, **FADING)),
    (Rp3Beta, fit_rp3beta, Rp3BetaConfig(neighbours=5, alpha=1.3, **FADING)),
]


def watched(seed: int) -> Interactions:
    random = np.random.default_rng(seed)
    who, what = np.nonzero(random.random((70, 30)) < random.random(30) * 0.6)
    ages = random.integers(3, 40, len(who)).astype(float)
    weights = random.uniform(1, 5, len(who))
    return Interactions.of([f"v{n:02d}" for n in who], [f"t{n:02d}" for n in what], weights, ages=ages)


def in_blocks(folder: Path, whole: Interactions) -> Blocks:
    def made(n: int) -> tuple[Interactions, dict[str, pa.Array]]:
        edges = [0, 1, 30, len(whole)]
        return whole.block(edges[n], edges[n + 1]), {}

    least = 0.0 if whole.ages is None else float(whole.ages.min())
    return Blocks.of(Here(), folder, whole.titles, 3, made, least)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind[2].kind}")
def test_blocks_give_what_one_machine_learns(tmp_path: Path, kind) -> None:  # type: ignore[no-untyped-def]
    make, fit, config = kind
    whole = watched(3)
    one = make(config=config).fit(whole).state()
    found = fit(in_blocks(tmp_path, whole), config).state()
    assert found.keys() == one.keys()
    for name, array in one.items():
        if array.dtype.kind == "U":
            assert found[name].tolist() == array.tolist()
        else:
            assert found[name].shape == array.shape
            assert np.allclose(found[name], array, atol=1e-6, rtol=1e-6), name


def test_nothing_to_learn_from_is_said_so(tmp_path: Path) -> None:
    nobody = Interactions.of([], []).over(np.array(["a"]))
    blocks = Blocks.of(Here(), tmp_path, nobody.titles, 1, lambda n: (nobody, {}))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="nothing to learn from"):
        fit_rp3beta(blocks, Rp3BetaConfig())
