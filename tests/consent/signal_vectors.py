"""The golden vectors, as made by `golden/generate.mjs`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_GOLDEN = Path(__file__).parent / "golden"


def vectors(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((_GOLDEN / f"{name}.json").read_text("utf-8"))
    return found
