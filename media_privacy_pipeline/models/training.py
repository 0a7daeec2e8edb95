"""Learn from what may be learned from, measure against the floor on time's own split, store, and put in service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import Refused
from .base import Recommender
from .config import IalsConfig, ModelsConfig
from .evaluation.evaluate import Metric, evaluate, loses_to_floor
from .evaluation.split import Split, temporal
from .inputs import weighed
from .interactions import Interactions
from .recommenders.ials import Ials
from .recommenders.popularity import Popularity
from .registry import Registry


def registry(models: Path) -> Registry:
    """The trained recommenders of a home."""
    return Registry(models / "ials")


def split_of(rows: pa.Table, config: ModelsConfig) -> Split:
    """The temporal split of training_interactions: what was played before its split time, and what was new after."""
    early = pc.greater(rows.column("plays_before"), 0)
    before = weighed(rows.filter(early), config.confidence, "_before")
    after = weighed(rows.filter(pc.invert(early)), config.confidence)
    return temporal(before, after)


def measure(split: Split, config: ModelsConfig) -> list[Metric]:
    """ials and popularity, learned from the early side, on the same viewers' late side; empty without such viewers."""
    if not len(split.test):
        return []
    models: dict[str, Recommender] = {
        "ials": Ials(config.ials).fit(split.train),
        "popularity": Popularity().fit(split.train),
    }
    return evaluate(models, split, config.evaluation)


def train_model(
    where: Registry,
    interactions: Interactions,
    metrics: Sequence[Metric],
    origin: Mapping[str, Any],
    config: ModelsConfig,
) -> str:
    """Fit on everything, store, promote, drop what is old; the model's name.

    A model that loses to the floor by the whole interval is promoted too, since an older one would hold people who may
    have left, but it serves popularity and its manifest says so. Raises Refused, and leaves the champion in service,
    when the training diverges.
    """
    model = Ials(config.ials).fit(interactions)
    counts = Popularity().fit(interactions).counts
    manifest = {
        "kind": "ials",
        "serves": "popularity" if loses_to_floor(list(metrics), "ials") else "ials",
        "config": config.model_dump(mode="json"),
        "version": version("media-privacy-pipeline"),
        "viewers": len(interactions),
        "titles": len(interactions.titles),
        "pairs": interactions.pairs,
        "metrics": [asdict(metric) for metric in metrics],
        **origin,
    }
    name = where.store({"titles": model.titles, "factors": model.factors, "viewers": counts}, manifest)
    where.promote(name)
    where.prune(config.keep_models)
    return name


def load_model(where: Registry, name: str) -> Recommender:
    """A stored model, as what its manifest says that it serves. Raises Refused for one that does not fit together."""
    stored = where.load(name)
    titles, factors, counts = (stored.arrays.get(key) for key in ("titles", "factors", "viewers"))
    if titles is None or factors is None or counts is None or not len(titles) == len(factors) == len(counts):
        raise Refused(f"{where.root / name}: its arrays do not fit together; delete it and train again")
    if stored.manifest["serves"] == "popularity":
        return Popularity(titles, counts)
    return Ials.of_factors(titles, factors, IalsConfig.model_validate(stored.manifest["config"]["ials"]))


def metrics_table(metrics: Sequence[Metric]) -> pa.Table:
    """The rows of `model_metrics`."""
    kinds = {"model": pa.string(), "protocol": pa.string(), "metric": pa.string(), "k": pa.int32()}
    kinds |= {"value": pa.float64(), "low": pa.float64(), "high": pa.float64(), "viewers": pa.int64()}
    return pa.Table.from_pylist([asdict(metric) for metric in metrics], schema=pa.schema(list(kinds.items())))


def origin_of(days: Sequence[date], split: date | None, consent: str, inputs: str) -> dict[str, Any]:
    """What a manifest says of the data: arrival days, the split day, the consent ledger's and the inputs' digests."""
    return {
        "first_day": min(days).isoformat(),
        "last_day": max(days).isoformat(),
        "split_day": None if split is None else split.isoformat(),
        "consent_watermark": consent,
        "inputs": inputs,
    }
