"""What the open tables tell of the noisy sums: shares of exposure and of watching, and the gap between them.

exposure: the group's part of the plays that a recommendation led to, every account counting alike. utility: its part of
all viewers in the open counts of the days before. gap: exposure less utility, above 0 where recommendations lead to a
group more than it is watched. Intervals are 95 % and hold the noise of both sides, which is independent; a share's is
that of a ratio to first order.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from ..interactions import Floats
from .exposure import SCALE
from .plan import REACH, Plan

_Z = 1.959964
_MEASURES = ("exposure", "utility", "gap")


def told(plan: Plan, sums: Floats, sigma: float, minimum: float) -> list[dict[str, Any]]:
    """One row a group: period, facet, group_name, titles, under_minimum, and each measure with its ends.

    Groups whose noisy audience is below `minimum` viewers are said to be under it and have no figure. Empty where all
    accounts together do not stand out of the noise or nothing was watched: shares of nothing say nothing.
    """
    groups, shares = plan.groups, plan.shares()
    exact, noise = sums / SCALE, sigma / SCALE
    reach = np.array([facet == REACH for facet, _ in groups])
    total, total_noise = float(exact[reach].sum()), noise * sqrt(int(reach.sum()))
    counts = np.array([plan.watched.get(name, (0.0, 0.0)) for name in plan.names.tolist()]).reshape(-1, 2)
    audience = counts[:, 0] @ shares
    all_watched, all_spread = float(counts[:, 0].sum()), float(np.sqrt((counts[:, 1] ** 2).sum()))
    if total < 2 * _Z * total_noise or all_watched < 2 * _Z * all_spread or all_watched <= 0:
        return []
    rows = []
    for n, (facet, group) in enumerate(groups):
        row: dict[str, Any] = {"period": plan.period, "facet": facet, "group_name": group}
        row |= {"titles": int((shares[:, n] > 0).sum()), "under_minimum": bool(audience[n] < minimum)}
        if not row["under_minimum"]:
            exposure, utility = float(exact[n]) / total, float(audience[n]) / all_watched
            # Head and tail are parts of the total that they are divided by; other groups have noise of their own.
            own = (1 - exposure) ** 2 + exposure**2 if facet == REACH else 1 + 2 * exposure**2
            shown = noise * sqrt(own) / total
            watched = float(np.sqrt((counts[:, 1] ** 2) @ (shares[:, n] - utility) ** 2)) / all_watched
            row |= _ends("exposure", max(0.0, exposure), shown, floor=0.0)
            row |= _ends("utility", utility, watched, floor=0.0)
            row |= _ends("gap", max(0.0, exposure) - utility, sqrt(shown**2 + watched**2), floor=-1.0)
        else:
            row |= {f"{name}{end}": None for name in _MEASURES for end in ("", "_low", "_high")}
        rows.append(row)
    return rows


def _ends(name: str, value: float, deviation: float, *, floor: float) -> dict[str, float]:
    low, high = max(floor, value - _Z * deviation), min(1.0, value + _Z * deviation)
    return {name: min(1.0, value), f"{name}_low": low, f"{name}_high": high}
