"""Every number that private factors are made with, and the settings that the authors of DPALS published."""

from __future__ import annotations

from math import sqrt
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ...privacy.accountant import mu_within

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, lt=1)]


class PrivateAlsConfig(BaseModel):
    """Differentially private alternating least squares. `mu` is what all of a training costs one account.

    Squared mu is spent on title counts, then on one matrix of what is watched together, and what is left on sweeps.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mu: Positive
    """What one training costs an account, in Gaussian differential privacy."""
    factors: Count = 64
    """Most numbers of a title's vector."""
    sweeps: Annotated[int, Field(ge=0)] = 1
    """Times that titles are solved from noisy sums over viewers."""
    head_share: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Share of the catalogue, the titles of the highest noisy counts, that gets vectors."""
    counted_titles: Count = 100
    """Most titles that an account is counted for in the title counts."""
    counts_share: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """Part of squared mu that pays for the title counts."""
    gram_share: Share = 0.5
    """Part of squared mu that pays for what is watched together, which vectors then start from; 0 starts at random."""
    gram_exponent: Annotated[float, Field(ge=0, le=1)] = 1 / 3
    """Titles weigh their noisy count to minus this in what is watched together."""
    edge: Positive = 1.0
    """Directions are kept whose strength is above so many times what noise alone reaches."""
    weight_exponent: Annotated[float, Field(ge=0, le=1)] = 1 / 3
    """Titles weigh their noisy count to minus this in the sweeps (Krichene et al. 2023)."""
    squared_weights: Positive = 100.0
    """B: the sum of a viewer's squared weights in the sweeps."""
    clip: Positive = 0.05
    """c: viewers' vectors are cut to this length in the sweeps."""
    normalise: bool = False
    """Stretch shorter vectors of viewers to that length too, which costs nothing."""
    unobserved: Positive = 0.4
    """alpha0: weight of all cells, watched or not, beside the 1 of those watched."""
    regularisation: Positive = 30.0
    """Weight of the squared length of viewers' vectors."""
    title_regularisation: Positive = 30.0
    """Weight of the squared distance of titles' vectors from where they started (from zero, after a random start)."""
    halved: bool = True
    """Off-diagonal cells of symmetric sums get half the variance, since each stands for two; false: all get the same,
    as published."""
    seed: int = 20
    """Start of the random generator of a random start, which sees no data. Never of noise."""

    @model_validator(mode="after")
    def _something_left(self) -> Self:
        if self.counts_share + self.gram_share >= 1 and self.sweeps:
            raise ValueError("counts_share and gram_share leave nothing to pay the sweeps with")
        if not self.sweeps and not self.gram_share:
            raise ValueError("without sweeps and without gram_share nothing is learned")
        return self


def published(epsilon: Literal[1, 5], delta: float = 8e-6) -> PrivateAlsConfig:
    """The settings that Chien et al. 2021 released for ML-20M: the baseline that any other settings have to beat.

    Their noise on counts is kept; what it leaves of squared mu goes to the three sums of each sweep in equal parts.
    """
    sweeps, regularisation, unobserved, clip, counts = {
        1: (3, 30.0, 0.4, 0.05, 200.0),
        5: (4, 40.0, 0.3, 0.15, 40.0),
    }[epsilon]
    mu = mu_within(epsilon, delta)
    counted = 100
    return PrivateAlsConfig(
        mu=mu,
        sweeps=sweeps,
        counted_titles=counted,
        counts_share=(sqrt(counted) / counts / mu) ** 2,
        gram_share=0.0,
        clip=clip,
        unobserved=unobserved,
        regularisation=regularisation,
        title_regularisation=regularisation,
        halved=False,
    )
