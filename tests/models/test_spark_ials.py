"""ials in blocks of viewers: the model of one machine but for the order of sums, whoever is killed on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spark_here import Here

from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.recommenders.config import IalsConfig
from media_privacy_pipeline.models.recommenders.ials import Ials
from media_privacy_pipeline.models.spark.blocks import Blocks
from media_privacy_pipeline.models.spark.ials import fit_ials


def tastes(seed: int, viewers: int = 60, titles: int = 24) -> Interactions:
    """Viewers of three tastes, with confidences and ages."""
    random = np.random.default_rng(seed)
    alike = np.arange(viewers)[:, None] % 3 == np.arange(titles)[None, :] % 3
    who, what = np.nonzero(random.random((viewers, titles)) < np.where(alike, 0.5, 0.08))
    weights, ages = random.uniform(1, 4, len(who)), random.integers(2, 60, len(who)).astype(float)
    return Interactions.of([f"v{n:03d}" for n in who], [f"t{n:03d}" for n in what], weights, ages=ages)


def in_blocks(executors: Here, folder: Path, whole: Interactions, blocks: int = 4) -> Blocks:
    """Blocks of quite different sizes, one of a single viewer."""
    edges = [0, 1, *np.linspace(1, len(whole), blocks)[1:].astype(int)]

    def made(n: int) -> tuple[Interactions, dict[str, pa.Array]]:
        return whole.block(edges[n], edges[n + 1]), {}

    least = 0.0 if whole.ages is None or not whole.pairs else float(whole.ages.min())
    return Blocks.of(executors, folder, whole.titles, blocks, made, least)  # type: ignore[arg-type]


def both(folder: Path, whole: Interactions, config: IalsConfig, executors: Here | None = None) -> tuple[Ials, Ials]:
    for name in ("blocks", "state"):
        (folder / name).mkdir()
    blocks = in_blocks(executors or Here(), folder / "blocks", whole)
    return Ials(config).fit(whole), fit_ials(blocks, config, folder / "state")


def agree(one: Ials, many: Ials, whole: Interactions) -> None:
    """Factors differ by no more than a turn of their axes, which no score can see, and 1e-6."""
    alone, spread = (model.factors.astype(np.float64) for model in (one, many))
    left, _, right = np.linalg.svd(spread.T @ alone)
    assert np.abs(spread @ left @ right - alone).max() < 1e-6
    scores, others = (model.recommend(whole, 10).scores for model in (one, many))
    assert np.nanmax(np.abs(scores - others)) < 1e-6


@pytest.mark.parametrize(
    "config",
    [
        IalsConfig(factors=6, threads=1),
        IalsConfig(factors=5, threads=1, confidence="given", unobserved=0.6, learned_half_life_days=20, steps=3),
        IalsConfig(factors=6, threads=1, frequency=0, regularisation=2),
    ],
    ids=["binary", "fading", "alike"],
)
def test_it_is_the_model_of_one_machine(tmp_path: Path, config: IalsConfig) -> None:
    whole = tastes(1)
    agree(*both(tmp_path, whole, config), whole)


@settings(max_examples=5)
@given(st.integers(0, 2**32), st.integers(2, 40))
def test_whatever_was_watched(tmp_path_factory: pytest.TempPathFactory, seed: int, titles: int) -> None:
    whole, config = tastes(seed, 30, titles), IalsConfig(factors=4, iterations=3, threads=1)
    agree(*both(tmp_path_factory.mktemp("any"), whole, config), whole)


def test_a_piece_that_is_done_twice_changes_no_bit(tmp_path: Path) -> None:
    whole, config = tastes(2), IalsConfig(factors=4, iterations=2, threads=1)
    for name in ("once", "twice"):
        (tmp_path / name).mkdir()
    once, twice = (both(tmp_path / name, whole, config, Here(n))[1] for name, n in (("once", None), ("twice", 2)))
    assert once.factors.tobytes() == twice.factors.tobytes()


def test_nothing_to_learn_from_is_said_so(tmp_path: Path) -> None:
    nobody = Interactions.of([], []).over(np.array(["a"]))
    blocks = Blocks.of(Here(), tmp_path, nobody.titles, 1, lambda n: (nobody, {}))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="nothing to learn from"):
        fit_ials(blocks, IalsConfig(), tmp_path)


def test_a_training_that_diverges_is_refused(tmp_path: Path) -> None:
    whole = tastes(3)
    far = Interactions(whole.viewers, whole.titles, whole.starts, whole.columns, whole.weights * 1e30, whole.ages)
    with pytest.raises(Refused, match="diverged"):
        both(tmp_path, far, IalsConfig(factors=4, threads=1, confidence="given", frequency=0, regularisation=1e-30))


@pytest.mark.real_data
@pytest.mark.skipif("MEDIA_PRIVACY_REAL_DATA" not in os.environ, reason="MEDIA_PRIVACY_REAL_DATA is not set")
def test_movielens_gives_the_model_of_one_machine(tmp_path: Path) -> None:
    rows = np.loadtxt(Path(os.environ["MEDIA_PRIVACY_REAL_DATA"]) / "ml-100k" / "u.data", dtype=np.int64)
    whole = Interactions.of(rows[:, 0].astype(str).tolist(), rows[:, 1].astype(str).tolist(), rows[:, 2].astype(float))
    agree(*both(tmp_path, whole, IalsConfig(iterations=8, confidence="given", threads=1)), whole)


def test_who_is_killed_goes_on_and_ends_with_the_same_bits(tmp_path: Path) -> None:
    script = Path(__file__).with_name("spark_killed.py")
    done = subprocess.run([sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["killed"] > 7
    assert seen["last"] < seen["whole"] / 2
