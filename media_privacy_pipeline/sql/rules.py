"""House rules on the text of a model."""

from __future__ import annotations

from .model import Model


def check_rules(model: Model) -> None:
    """Placeholder until the table of rules stands."""
