"""Groups of viewers: those of a file, or thirds by how much and how mainstream a viewer watches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...errors import Refused
from ..interactions import Floats, positions
from .plain import rows_of
from .split import Split

_LEVELS = {"activity": ("1 least active", "2 middle", "3 most active"), "taste": ("1 niche", "2 mixed", "3 mainstream")}


def thirds(split: Split) -> dict[str, list[str | None]]:
    """Thirds of the tested viewers by the length of their history, and by the mean popularity of the titles in it."""
    histories = split.histories
    place = positions(split.train.titles, histories.titles)[histories.columns]
    counts, viewers = split.audience
    share = counts / max(viewers, 1)
    popular = np.where(place >= 0, share[np.maximum(place, 0)], 0.0)
    mean = np.bincount(histories.rows, popular, minlength=len(histories)) / np.maximum(histories.lengths, 1)
    by = {"activity": histories.lengths.astype(np.float64), "taste": mean}
    return {name: _named(values, _LEVELS[name]) for name, values in by.items()}


def of_file(path: Path, split: Split) -> dict[str, list[str | None]]:
    """Groups of a file of two columns, user and group; viewers that it lacks are in none.

    Raises Refused for a user that comes twice and for a file without any of the tested viewers.
    """
    group: dict[str, str] = {}
    for number, (user, name) in enumerate(rows_of(path, 2, ("user", "group")), 1):
        if user in group:
            raise Refused(f"{path}: row {number}: the user came before")
        group[user] = name
    found = [group.get(user) for user in split.test.viewers.to_pylist()]
    if not any(found):
        raise Refused(f"{path}: none of the tested users is in it")
    return {"file": found}


def _named(values: Floats, levels: Sequence[str]) -> list[str | None]:
    """Equal values fall into one third, so that thirds may differ in size."""
    cuts = np.quantile(values, [1 / 3, 2 / 3]) if len(values) else np.zeros(2)
    return [levels[n] for n in np.searchsorted(cuts, values, side="left").tolist()]
