"""Every number that the models are made with, each with a line that says what it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from .recommenders.config import AnyConfig, EaseConfig, PopularityConfig, Rp3BetaConfig
from .recommenders.config import IalsConfig as IalsConfig

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ConfidenceConfig(_Config):
    """How plays and seconds become a confidence (Hu, Koren and Volinsky 2008, section 3)."""

    alpha: Positive = 2.0
    """Confidence that one full view adds to the 1 of an unobserved pair."""
    full_view_seconds: Count = 1800
    """Watching this long counts as one full view; a play of unknown length counts as one too."""


class EvaluationConfig(_Config):
    """The temporal split of the run's own data, and the intervals."""

    test_days: Count = 28
    """Most days at the end that are held out."""
    test_share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Most of the events that are held out: short histories hold out fewer days."""
    ks: tuple[Count, ...] = (10, 20, 50)
    """Lengths of the lists that are scored."""
    viewers: Count = 20_000
    """Most test viewers; more of them are thinned at random from the seed."""
    resamples: Count = 1_000
    """Bootstrap resamples of the viewers behind each 95 % interval."""
    seed: int = 7
    """Start of the random generator of the thinning and the bootstrap."""


class ServingConfig(_Config):
    """Top lists for everyone who agreed to personalisation."""

    k: Count = 20
    """Titles a viewer."""
    kids_age: Annotated[int, Field(ge=0)] = 7
    """Highest rating that a kids profile is offered; unrated titles it is never offered."""
    unknown_age: Annotated[int, Field(ge=0)] = 12
    """Highest rating that a viewer of unknown age is offered: who may be a child is not shown what is not for one."""
    popularity_days: Count = 28
    """Days of the open title counts that rank titles for viewers without a history."""
    block_viewers: Count = 4_096
    """Viewers scored and written at a time."""


class SegmentsConfig(_Config):
    """Clusters of viewers by what genres they watch. What they cost is in the policy, releases.vectors."""

    segments: Annotated[int, Field(ge=2)] = 6
    """Clusters to start from; those that turn out too small are merged."""
    iterations: Count = 3
    """Noisy moves of the centres; each is one paid part of the release."""
    genres: Count = 24
    """Most genres, the commonest of the catalogue, that are told apart."""
    titles: Annotated[int, Field(ge=0)] = 60
    """Titles, the most viewed of the open counts, whose popularity by segment is released."""
    popularity_days: Count = 28
    """Days of the open title counts that pick these titles."""
    minimum_size: Positive = 100.0
    """Noisy size in accounts below which a segment is merged with its nearest, or withheld when it is the last."""
    seed: int = 3
    """Start of the random generator that places the first centres in the public catalogue."""


def _contenders() -> dict[str, AnyConfig]:
    """One of each kind that measured well."""
    return {"ease": EaseConfig(head=5_000), "rp3beta": Rp3BetaConfig(), "popularity": PopularityConfig()}


class ModelsConfig(_Config):
    """All of the above."""

    confidence: ConfidenceConfig = ConfidenceConfig()
    """From plays to confidences."""
    ials: IalsConfig = IalsConfig(confidence="given", unobserved=0.6)
    """The recommender."""
    contenders: Mapping[str, AnyConfig] = Field(default_factory=_contenders)
    """Who else competes to be the recommender, by name."""
    evaluation: EvaluationConfig = EvaluationConfig()
    """How it is measured."""
    serving: ServingConfig = ServingConfig()
    """How it is served."""
    segments: SegmentsConfig = SegmentsConfig()
    """How viewers are grouped."""
    keep_models: Count = 2
    """Model folders that stay: the champion and those before it. Older factors are personal data without a use."""

    @classmethod
    def on(cls, threads: int) -> ModelsConfig:
        """The defaults, on so many threads."""
        return cls(ials=cls().ials.model_copy(update={"threads": threads}))
