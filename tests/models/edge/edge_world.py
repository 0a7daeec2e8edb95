"""A private model over made-up viewers, stored as the registry keeps models, and histories to recommend for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from media_privacy_pipeline.models.edge.bundle import PrivateFactors, private_factors, stored_model
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.private.config import PrivateAlsConfig
from media_privacy_pipeline.models.private.recommender import PrivateAls
from media_privacy_pipeline.models.registry import Registry
from media_privacy_pipeline.privacy.accountant import epsilon_of

TITLES, VIEWERS, DELTA = 80, 300, 1e-6
CONFIG = PrivateAlsConfig(mu=3.0, factors=6, sweeps=1, head_share=0.7, clip=0.5, regularisation=2.0)


def histories() -> Interactions:
    random = np.random.default_rng(11)
    pairs = [(f"v{n:03d}", f"t{t:02d}") for n in range(VIEWERS) for t in set(random.zipf(1.2, 14) % TITLES)]
    watched = Interactions.of([v for v, _ in pairs], [t for _, t in pairs])
    return watched.over(np.array([f"t{t:02d}" for t in range(TITLES)]))


def manifest_of(**other: Any) -> dict[str, Any]:
    told = {"kind": "private_als", "config": CONFIG.model_dump(mode="json"), "delta": DELTA}
    return {**told, "epsilon": epsilon_of(CONFIG.mu, DELTA), **other}


def store(models: Path, model: PrivateAls, **other: Any) -> str:
    """Put a model among those of a home; its name."""
    where = Registry(models / "recommenders")
    arrays = {"titles": model.titles, "factors": model.factors, "viewers": np.zeros(len(model.titles))}
    return where.store(arrays, manifest_of(**other))


def taken(models: Path, model: PrivateAls) -> PrivateFactors:
    """What of a model may leave, once it is stored."""
    return private_factors(stored_model(models, store(models, model)))
