"""private_als on blocks of viewers: every sum that noise is drawn on is the same whole number as on one machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from spark_here import Here
from test_model_contract import checkerboard

from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.private.config import PrivateAlsConfig, improved, swept
from media_privacy_pipeline.models.private.learning import learn, learn_from, unpaid
from media_privacy_pipeline.models.private.people import InMemory
from media_privacy_pipeline.models.spark.blocks import Blocks
from media_privacy_pipeline.models.spark.people import PROFILES, TESTED, OnBlocks

BLOCKS = 3


def crowd(seed: int, viewers: int = 90, titles: int = 25) -> tuple[Interactions, np.ndarray, np.ndarray]:
    """Histories, profiles of each viewer's account, and who is held out; some viewers have watched nothing."""
    random = np.random.default_rng(seed)
    watched = random.random((viewers, titles)) < random.random(titles) * 0.5
    who, what = np.nonzero(watched)
    histories = Interactions.of(
        [f"v{n:03d}" for n in who],
        [f"t{n:03d}" for n in what],
        everyone=pa.array([f"v{n:03d}" for n in range(viewers)]),
    )
    return histories, random.integers(1, 4, viewers), random.integers(0, 2, viewers)


def in_blocks(
    executors: object, folder: Path, histories: Interactions, profiles: np.ndarray, tested: np.ndarray
) -> OnBlocks:
    edges = np.linspace(0, len(histories), BLOCKS + 1).astype(int)

    def made(n: int) -> tuple[Interactions, dict[str, pa.Array]]:
        own = slice(edges[n], edges[n + 1])
        beside = {PROFILES: pa.array(profiles[own]), TESTED: pa.array(tested[own])}
        return histories.block(edges[n], edges[n + 1]), beside

    return OnBlocks.of(Blocks.of(executors, folder, histories.titles, BLOCKS, made))  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [1, 2])
def test_sums_without_noise_are_equal(tmp_path: Path, seed: int) -> None:
    histories, profiles, tested = crowd(seed)
    kept = np.flatnonzero(tested == 0)
    one, many = InMemory(histories.take(kept), profiles[kept]), in_blocks(Here(), tmp_path, histories, profiles, tested)
    config = swept(1.0).model_copy(update={"factors": 5})
    assert many.counts(config).tolist() == one.counts(config).tolist()
    some = histories.titles[::2]
    one, many = one.over(some), many.over(some)
    weights = np.random.default_rng(seed).uniform(0.1, 1, len(some))
    assert many.together(weights).tolist() == one.together(weights).tolist()
    factors = np.random.default_rng(seed).normal(size=(len(some), 5))
    whole, found = one.statistics(factors, config, weights), many.statistics(factors, config, weights)
    for name in ("gram", "systems", "rights"):
        assert getattr(whole, name).any()
        assert getattr(found, name).tolist() == getattr(whole, name).tolist(), name


@pytest.mark.parametrize("config", [improved(1.0), swept(1.0)])
def test_the_same_draws_give_the_same_factors(tmp_path: Path, config: PrivateAlsConfig) -> None:
    histories = checkerboard()
    small = config.model_copy(update={"factors": 3, "head_share": 1.0})
    nobody, alone = np.zeros(len(histories), np.int64), np.ones(len(histories), np.int64)
    many = in_blocks(Here(), tmp_path, histories, alone, nobody)
    noise = lambda exact, sigma: exact + np.arange(exact.size).reshape(exact.shape) % 7  # noqa: E731
    one, found = learn(histories, small, unpaid(noise)), learn_from(many, small, unpaid(noise))
    assert found.titles.tolist() == one.titles.tolist()
    assert found.factors.tolist() == one.factors.tolist()
    assert found.counts.tolist() == one.counts.tolist()
