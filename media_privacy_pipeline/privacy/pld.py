"""The second opinion on what a release costs: privacy loss distributions of the discrete noise, by `dp-accounting`.

Pessimistic: losses are rounded so that the figure is never too small. A part whose noise is wide is looked at on a
coarser lattice, with the same ratio of shift to scale, which costs a discrete Gaussian nothing that a figure could show
(docs/privacy-proofs.md, 4).
"""

from __future__ import annotations

from functools import lru_cache, reduce
from math import floor

_LATTICE = 128
"""About the scale, in steps of the lattice, that every part is brought to: finer ones take longer and tell the same."""
_INTERVAL = 1e-3


@lru_cache(maxsize=256)
def pld_epsilon(ratios: tuple[float, ...], times: int, delta: float, threshold_delta: float = 0.0) -> float:
    """Epsilon at delta of so many releases, each made of parts that one account moves by these fractions of their
    scale; `threshold_delta` is that of all of them. Infinite where thresholds alone take the whole delta."""
    # Over a second to import, and of no use to what only reads a policy.
    from dp_accounting.pld import privacy_loss_distribution

    left = delta - threshold_delta
    if left <= 0:
        return float("inf")
    parts = []
    for ratio in ratios:
        shift = max(1, floor(_LATTICE * ratio))
        parts.append(
            privacy_loss_distribution.from_discrete_gaussian_mechanism(
                shift / ratio, sensitivity=shift, value_discretization_interval=_INTERVAL, use_connect_dots=True
            )
        )
    once = reduce(lambda one, other: one.compose(other), parts)
    return float((once if times == 1 else once.self_compose(times)).get_epsilon_for_delta(left))
