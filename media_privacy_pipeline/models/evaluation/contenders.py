"""The models that `evaluate` and `tune` know by name, every kind of recommender there is, and their configurations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ...errors import UsageError
from ..recommenders.kinds import KINDS, KindConfig

_CONFIG: TypeAdapter[KindConfig] = TypeAdapter(KindConfig)


def check_kind(name: str) -> None:
    """Raise UsageError for a kind of model that there is not."""
    if name not in KINDS:
        raise UsageError(f"--model {name}: there is no such model; there are {', '.join(KINDS)}")


def configured(name: str, values: Mapping[str, Any], where: str) -> KindConfig:
    """A model's configuration. Raises UsageError that names the field which cannot be."""
    check_kind(name)
    try:
        return _CONFIG.validate_python({**values, "kind": name})
    except ValidationError as error:
        # The first part of a place is the kind.
        problems = "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors())
        raise UsageError(f"{where}: {problems}") from None


def chosen(path: Path) -> tuple[str, KindConfig]:
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
