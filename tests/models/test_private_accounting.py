"""Every sum of a training is drawn with the noise that is paid for, and a training costs what it says."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from pydantic import ValidationError
from test_private_sensitivity import CONFIG, people

from media_privacy_pipeline.models.private.accounting import scales_of
from media_privacy_pipeline.models.private.config import PrivateAlsConfig, improved, published, swept
from media_privacy_pipeline.models.private.learning import learn, unpaid
from media_privacy_pipeline.models.private.paying import part_names, parts_of
from media_privacy_pipeline.models.private.solving import noisy_symmetric, on_diagonal
from media_privacy_pipeline.privacy.accountant import compose, delta_of, mu_of
from media_privacy_pipeline.privacy.noise import Integers, discrete_gaussian

CONFIGS = [published(1), published(5), improved(0.18, 0.02), swept(1.0), CONFIG]


@pytest.mark.parametrize("config", CONFIGS)
def test_a_training_costs_its_mu_and_no_more(config: PrivateAlsConfig) -> None:
    parts = [part for name in part_names(config) for part in parts_of(name, config)]
    told = compose(mu_of(part.sensitivity, part.sigma) for part in parts)
    assert told == pytest.approx(scales_of(config).mu, rel=1e-9)
    assert 0.99 * config.mu < told <= config.mu * (1 + 1e-9)


def test_published_settings_have_the_published_noise_on_counts_and_the_published_promise() -> None:
    for config, counts, epsilon in ((published(1), 200, 1), (published(5), 40, 5)):
        assert scales_of(config).counts / 64 == pytest.approx(counts, rel=1e-3)
        assert delta_of(scales_of(config).mu, epsilon) <= 8e-6


class Recorded:
    """Noise that adds nothing and remembers what scales it was asked for, and for how many numbers."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def __call__(self, values: Integers, sigma: int) -> Integers:
        assert values.dtype == np.int64
        self.asked.append((values.size, sigma))
        return values


@pytest.mark.parametrize("config", [CONFIG.model_copy(update={"sweeps": 2}), published(1), improved(1.0)])
def test_every_number_of_people_is_drawn_with_its_scale(config: PrivateAlsConfig) -> None:
    histories, profiles, _ = people("household of five")
    noise = Recorded()
    # A mu at which directions stand out of what noise would reach.
    few = config.model_copy(update={"factors": 4, "head_share": 0.5, "mu": 1e3})
    found = learn(histories, few, unpaid(noise), profiles)
    scales, titles, width = scales_of(few), len(found.titles), found.factors.shape[1]
    expected = [(len(histories.titles), scales.counts)]

    def symmetric(cells: int, size: int, scale: object) -> list[tuple[int, int]]:
        beside = size * (size - 1) // 2
        return [(cells * size, scale.diagonal), (cells * beside, scale.beside)]  # type: ignore[attr-defined]

    if scales.together is not None:
        expected += symmetric(1, titles, scales.together)
    for _ in range(few.sweeps):
        expected += symmetric(1, width, scales.gram) + symmetric(titles, width, scales.systems)
        expected.append((titles * width, scales.rights))
    assert noise.asked == expected


def test_what_is_drawn_has_the_declared_spread_on_and_beside_the_diagonal() -> None:
    scale = scales_of(CONFIG).systems
    drawn = noisy_symmetric(np.zeros((4000, 21), np.int64), scale, discrete_gaussian)
    diagonal = on_diagonal(6)
    # 24,000 and 60,000 draws: five standard errors are 2.3 % and 1.5 %; halved noise is 50 % off.
    assert drawn[:, diagonal].std() == pytest.approx(scale.diagonal, rel=0.023)
    assert drawn[:, ~diagonal].std() == pytest.approx(scale.diagonal / sqrt(2), rel=0.015)


@pytest.mark.parametrize("shares", [{"gram_share": 0.96}, {"lead_share": 0.5}, {"sweeps": 1}])
def test_shares_that_do_not_add_up_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="shares"):
        PrivateAlsConfig.model_validate({**improved(1.0).model_dump(), **shares})
