"""Every number that the models are made with, each with a line that says what it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from .coldstart.config import ColdStartConfig
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


class GateConfig(_Config):
    """When a model with another recipe takes the champion's place."""

    k: Count = 10
    """Length of the lists whose NDCG decides."""
    margin: Annotated[float, Field(ge=0, lt=1)] = 0.02
    """Share of the champion's NDCG that a challenger may be worse by and still be no worse."""
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """Of the paired intervals that decide; several challengers share what is left to one."""
    resamples: Count = 2_000
    """Bootstrap resamples of the viewers behind each interval."""
    seed: int = 11
    """Start of the random generator of the bootstrap."""


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
    listed_by_region: Annotated[int, Field(ge=1, le=1_000)] = 500
    """Titles that popular_by_region lists for a country."""
    block_viewers: Count = 4_096
    """Viewers scored and written at a time."""
    piece_viewers: Count = 65_536
    """Viewers whose histories are in memory at a time, and whose lists make one file: a crash loses no more."""


class ContextConfig(_Config):
    """Lists for the parts of the day and classes of device that a viewer watches in, under the purpose `context`."""

    k: Count = 10
    """Titles a viewer and context."""
    least_plays: Count = 3
    """Plays of a viewer in a context from which on they have a list for it."""
    one_agrees: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Weight of what was watched in the same part of the day on another device, or the other way round."""


class DiscoveryConfig(_Config):
    """weekly_discovery: what each viewer is shown anew every ISO week."""

    length: Count = 30
    """Titles a viewer and week."""
    candidates: Count = 100
    """Best titles of a viewer that a list is chosen from."""
    tail_candidates: Count = 40
    """Best long-tail titles of a viewer that are added to them."""
    calibration: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """Weight of being true to a viewer's genres, against the scores (Steck 2018)."""
    tail_share: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Least share of long-tail titles in a list, as far as there are any that the viewer may be offered."""
    head_share: Annotated[float, Field(gt=0, lt=1)] = 0.8
    """The most viewed titles that make up so much of all open viewer counts are the head; the others are the tail."""
    per_creator: Count = 3
    """Most titles of one creator in a list; titles without a known creator are not counted."""
    curve: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = (0.0, 0.25, 0.5, 0.75, 0.9)
    """Weights that the trade-off is measured for."""
    block_viewers: Count = 512
    """Viewers ranked and written at a time."""


class FairnessConfig(_Config):
    """What is told of exposure. What it costs is in the policy, releases.vectors."""

    minimum_audience: Positive = 100.0
    """Noisy viewers, added up over the days that open counts are taken of, below which a creator or group has no
    figure."""


class SegmentsConfig(_Config):
    """Clusters of viewers by what they watch. What they cost is in the policy, releases.vectors."""

    segments: Annotated[int, Field(ge=2)] = 8
    """Most clusters; those that turn out too small are merged."""
    stability: Annotated[float, Field(gt=0, le=1)] = 0.8
    """Least adjusted Rand index between any two rehearsals for so many clusters to be taken."""
    anchors: Annotated[int, Field(ge=2)] = 12
    """Public directions around which people's spread is released, from which people are drawn for rehearsals."""
    rehearsals: Annotated[int, Field(ge=2)] = 6
    """Rehearsals of the learning for each number of clusters."""
    rehearsed: Annotated[int, Field(ge=100)] = 2_000
    """Most people drawn for a rehearsal."""
    iterations: Count = 2
    """Noisy moves of the centres; each is one paid part of the release."""
    factors: Count = 16
    """Directions of the private item factors that viewers are told apart by, where these may be shown; else genres."""
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


class ScaleConfig(_Config):
    """Where the engine is Spark: from which size on executors work, and in pieces of which size."""

    driver_pairs: Annotated[int, Field(ge=0)] = 2_000_000
    """Pairs of a viewer and a title up to which the driver learns and serves alone, as one machine does."""
    block_pairs: Count = 500_000
    """Pairs of a block of viewers, about: what a task has in memory at a time is a few times that."""


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
    gate: GateConfig = GateConfig()
    """When another recipe is put in service."""
    serving: ServingConfig = ServingConfig()
    """How it is served."""
    context: ContextConfig = ContextConfig()
    """What is shown for a part of the day and a device."""
    cold_start: ColdStartConfig = ColdStartConfig()
    """How titles are ranked that the recommender never learned."""
    discovery: DiscoveryConfig = DiscoveryConfig()
    """What is shown anew every week."""
    fairness: FairnessConfig = FairnessConfig()
    """What is told of whom recommendations lead to."""
    segments: SegmentsConfig = SegmentsConfig()
    """How viewers are grouped."""
    scale: ScaleConfig = Field(default=ScaleConfig(), exclude=True)
    """What runs where on Spark. It changes no result, and is left out of what fingerprints are made of."""
    keep_models: Count = 2
    """Model folders that stay: the champion and those before it. Older factors are personal data without a use."""

    @classmethod
    def on(cls, threads: int) -> ModelsConfig:
        """The defaults, on so many threads."""
        return cls(ials=cls().ials.model_copy(update={"threads": threads}))
