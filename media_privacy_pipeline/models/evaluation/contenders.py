"""The models that `evaluate` and `tune` know by name. A new one is a line here; its search space, in spaces.py."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from ...errors import UsageError
from ..base import Recommender
from ..recommenders.config import (
    BlendConfig,
    EaseConfig,
    IalsConfig,
    ItemKnnConfig,
    PopularityConfig,
    Rp3BetaConfig,
    SuccessorsConfig,
)
from ..recommenders.kinds import make


@dataclass(frozen=True)
class Contender:
    """What a model is made with, and how."""

    config: type[BaseModel]
    make: Callable[[Any], Recommender]


CONTENDERS: Mapping[str, Contender] = {
    "ials": Contender(IalsConfig, make),
    "popularity": Contender(PopularityConfig, make),
    "ease": Contender(EaseConfig, make),
    "item_knn": Contender(ItemKnnConfig, make),
    "rp3beta": Contender(Rp3BetaConfig, make),
    "successors": Contender(SuccessorsConfig, make),
    "blend": Contender(BlendConfig, make),
}


def contender(name: str) -> Contender:
    """The contender of a name. Raises UsageError for one that there is not."""
    if name not in CONTENDERS:
        raise UsageError(f"--model {name}: there is no such model; there are {', '.join(CONTENDERS)}")
    return CONTENDERS[name]


def configured(name: str, values: Mapping[str, Any], where: str) -> BaseModel:
    """A model's configuration. Raises UsageError that names the field which cannot be."""
    try:
        return contender(name).config.model_validate(dict(values))
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise UsageError(f"{where}: {problems}") from None


def chosen(path: Path) -> tuple[str, BaseModel]:
    """The model and configuration of a file: the last line of what `tune` recorded, or one JSON object {model, config}.

    Raises UsageError for a file that holds neither, or a record that was not finished.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{path}: the configuration cannot be read") from None
    document = _json(text) or _json(text.rsplit("\n", 1)[-1]) or {}
    found = document.get("chosen", document)
    if (
        not isinstance(found, dict)
        or not isinstance(found.get("model"), str)
        or not isinstance(found.get("config"), dict)
    ):
        raise UsageError(
            f"{path}: it ends with no chosen configuration: finish `media-privacy tune` with this record, or write "
            'one object {"model": ..., "config": {...}}'
        )
    return found["model"], configured(found["model"], found["config"], str(path))


def _json(text: str) -> dict[str, Any] | None:
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
