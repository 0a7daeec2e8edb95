"""Every number that private factors are made with, and the settings that the authors of DPALS published."""

from __future__ import annotations

from math import sqrt
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ...privacy.accountant import mu_within

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
_TOLERANCE = 1e-9


class PrivateAlsConfig(BaseModel):
    """Differentially private alternating least squares. `mu` is what all of a training costs one account.

    Squared mu is spent on title counts, then on one matrix of what is watched together, and what is left on sweeps.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["private_als"] = "private_als"
    """Which recommender this is."""
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
    lead_share: Share = 0.0
    """Part of squared mu that pays for the comparison with popularity on held-out accounts; 0: there is none."""
    gram_exponent: Annotated[float, Field(ge=0, le=1)] = 1 / 3
    """Titles weigh their noisy count to minus this in what is watched together."""
    edge: Annotated[float, Field(ge=1)] = 1.0
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
    """Weight of the squared length of titles' vectors after a random start."""
    anchor: Positive = 5.0
    """Weight of their squared distance from where they started, after a start that is not random, in units of what
    noise alone reaches on a title's system: the noisier the sums, the more vectors stay where they are."""
    halved: bool = True
    """Off-diagonal cells of symmetric sums get half the variance, since each stands for two; false: all get the same,
    as published."""
    seed: int = 20
    """Start of the random generator of a random start, which sees no data. Never of noise."""

    @model_validator(mode="after")
    def _something_left(self) -> Self:
        spent = self.counts_share + self.gram_share + self.lead_share
        if spent > 1 + _TOLERANCE:
            raise ValueError(f"the shares of squared mu add up to {spent:g}, to more than 1")
        if spent > 1 - _TOLERANCE and self.sweeps:
            raise ValueError("the other shares leave nothing to pay the sweeps with")
        if not self.sweeps and not self.gram_share:
            raise ValueError("without sweeps and without gram_share nothing is learned")
        return self


class PrivatePopularityConfig(BaseModel):
    """Popularity from counts that all of `mu` pays for: the floor under private models of the same promise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["private_popularity"] = "private_popularity"
    """Which recommender this is."""
    mu: Positive
    """What the counts cost an account, in Gaussian differential privacy."""
    counted_titles: Count = 100
    """Most titles that an account is counted for."""


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


def swept(mu: float) -> PrivateAlsConfig:
    """`improved` with a third of squared mu for one sweep from there, in fewer dimensions: systems grow with them."""
    return improved(mu).model_copy(
        update={"factors": 64, "sweeps": 1, "gram_share": 0.6, "clip": 1.0, "normalise": True}
    )


def improved(mu: float, lead_share: float = 0.0) -> PrivateAlsConfig:
    """The settings that measured better than the published ones at every mu tried (docs/private-recommender.md).

    All but a twentieth of squared mu goes to one matrix of what is watched together, taken once, over three times as
    many titles; vectors are its directions that stand out of the noise. No sweeps: each would divide the budget again.
    """
    return PrivateAlsConfig(
        mu=mu,
        factors=128,
        sweeps=0,
        head_share=0.3,
        gram_share=0.95 - lead_share,
        lead_share=lead_share,
        counts_share=0.05,
        unobserved=0.3,
        regularisation=3.0,
    )
