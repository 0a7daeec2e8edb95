"""Parts of a training at the desk: each is charged once, drawn, stored, and read again ever after without paying."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from math import sqrt

import pyarrow as pa
import pyarrow.parquet as pq

from ...privacy import Desk, Spend
from ...privacy.accountant import compose, mu_of
from ...privacy.certificate import NoisyPart, Terms
from ...privacy.desk import Order
from ...privacy.noise import Noise
from ..interactions import Ints
from .accounting import COUNT_STEPS, GRAM_STEPS, LEAD_STEPS, Scales, Symmetric, scales_of
from .config import PrivateAlsConfig
from .learning import Paid
from .statistics import CLIP_STEPS, WEIGHT_STEPS, sensitivities


def paid_at(desk: Desk, name: str, config: PrivateAlsConfig, period: str, day: date, times: int) -> Paid:
    """Pays for the parts of one training, `<period>.<part>` of the release `name`, counted at `day`.

    `times` is how many trainings a year of the budget has, for the certificates. Once a part is stored its bytes hold,
    whatever people have done since. The returned call raises Refused where the budget does not allow a part.
    """

    def release(part: str, draw: Callable[[Noise], Ints]) -> Ints:
        drawn = parts_of(part, config)

        def make(noise: Noise) -> pa.Table:
            return pa.table({"steps": pa.array(draw(noise))})

        spend = Spend(
            unit="account",
            mechanism=f"discrete Gaussian on integers, {part}: " + ", ".join(f"{p.name} {p.sigma}" for p in drawn),
            bounds="; ".join(f"{p.name} at most {p.sensitivity:.0f} in L2" for p in drawn),
            mu=compose(mu_of(p.sensitivity, p.sigma) for p in drawn),
        )
        statement = {"title": "Private item factors", "part": part, "settings": config.model_dump(mode="json")}
        stored = desk.once(Order(name, f"{period}.{part}", day, spend, make, Terms(statement, tuple(drawn), times)))
        steps: Ints = pq.read_table(stored.path).column("steps").to_numpy()
        return steps

    return release


def part_names(config: PrivateAlsConfig) -> list[str]:
    """The parts of a training in the order in which they are drawn."""
    together = ["together"] if config.gram_share else []
    leads = ["leads"] if config.lead_share else []
    return ["counts", *together, *(f"sweep{n}" for n in range(config.sweeps)), *leads]


def parts_of(part: str, config: PrivateAlsConfig) -> list[NoisyPart]:
    """The noisy vectors of a part of a training, as `scales_of` draws them. Raises KeyError for one that has none."""
    scales, bounds = scales_of(config), sensitivities(config)
    if part == "counts":
        return [NoisyPart("counts", sqrt(config.counted_titles) * COUNT_STEPS, scales.counts, COUNT_STEPS)]
    if part == "leads" and scales.leads:
        return [NoisyPart("leads", float(LEAD_STEPS), scales.leads, LEAD_STEPS)]
    if part == "together" and scales.together is not None:
        return [_symmetric("together", float(GRAM_STEPS**2), scales.together, GRAM_STEPS**2)]
    if part not in part_names(config):
        raise KeyError(part)
    return _sweep(scales, bounds.gram, bounds.systems, bounds.rights)


def _sweep(scales: Scales, gram: float, systems: float, rights: float) -> list[NoisyPart]:
    squared, plain = WEIGHT_STEPS * CLIP_STEPS**2, WEIGHT_STEPS * CLIP_STEPS
    return [
        _symmetric("gram", gram, scales.gram, squared),
        _symmetric("systems", systems, scales.systems, squared),
        NoisyPart("rights", rights, scales.rights, plain),
    ]


def _symmetric(name: str, moved: float, scale: Symmetric, resolution: int) -> NoisyPart:
    """A symmetric matrix as one vector of one scale: that of its diagonal, with the length that costs what both cost.

    The scale beside the diagonal is the least whole one with half the variance or more, so that the length told is the
    declared one but for what rounding up saves or costs.
    """
    length = scale.mu(moved) * sqrt(scale.diagonal**2 - 4)
    return NoisyPart(name, length, scale.diagonal, resolution)
