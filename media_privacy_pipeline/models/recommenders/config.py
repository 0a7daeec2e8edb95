"""What each recommender is made with. `kind` tells them apart where a configuration or a stored model is read back."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HistoryConfig(_Config):
    """What a title of a viewer's history weighs when the viewer is scored, and when the model learns from it."""

    confidence: Literal["given", "binary"] = "binary"
    """`given`: as the interactions say; `binary`: 1 for every pair."""
    half_life_titles: Positive | None = None
    """So many later titles of the same viewer halve what a title weighs in scoring; none: order does not matter."""
    half_life_days: Positive | None = None
    """So many days before the viewer's latest title halve what a title weighs in scoring; none: time is no matter."""
    learned_half_life_days: Positive | None = None
    """So many days of age halve what a pair weighs in learning; none: the model learns from all of the past alike."""


class IalsConfig(HistoryConfig):
    """Implicit-feedback alternating least squares with the loss of Rendle et al. 2021."""

    kind: Literal["ials"] = "ials"
    """Which recommender this is."""
    factors: Count = 32
    """Length of a title's vector."""
    regularisation: Positive = 0.02
    """λ: weight of the squared length of a vector, times its row's weight to the power of `frequency`."""
    unobserved: Positive = 0.2
    """a0: weight of every cell of the matrix, watched or not, beside the confidence of those that were watched."""
    frequency: Annotated[float, Field(ge=0, le=2)] = 1.0
    """nu: 1 regularises a row by all the weight that is on it, 0 all rows alike."""
    iterations: Count = 15
    """Sweeps over viewers and titles."""
    steps: Count = 2
    """Conjugate gradient steps of each vector in a sweep, from where the sweep before left it."""
    seed: int = 20
    """Start of the random generator: the same data and seed give the same factors."""
    threads: Annotated[int, Field(ge=1, exclude=True)] = 2
    """Threads that solve rows, from the settings. Each row is solved by one, so that the result does not depend on it,
    and it is left out of what a model's name and fingerprints are made of."""


class PopularityConfig(_Config):
    """How many viewers watched a title."""

    kind: Literal["popularity"] = "popularity"
    """Which recommender this is."""
    half_life_days: Positive | None = None
    """So many days of age halve what a viewer of a title counts; none: all of the past counts alike."""


class EaseConfig(HistoryConfig):
    """Embarrassingly shallow autoencoder (Steck 2019)."""

    kind: Literal["ease"] = "ease"
    """Which recommender this is."""
    regularisation: Positive = 500.0
    """λ added to the diagonal of the co-occurrence matrix."""
    limit: Count = 8_000
    """Most titles: the matrix of all pairs is held twice in double precision, 1 GB at 8,000. More are refused."""
    head: Count | None = None
    """Learn so many most watched titles alone; the model does not know the others. None: all of them."""
    neighbours: Count | None = None
    """Entries kept for each title, the largest in size; None: all, a dense matrix of 4 bytes a pair of titles."""


class ItemKnnConfig(HistoryConfig):
    """Cosine similarity of titles (Sarwar et al. 2001), shrunk where few viewers speak for it."""

    kind: Literal["item_knn"] = "item_knn"
    """Which recommender this is."""
    neighbours: Count = 100
    """Titles that count towards the score of a title, the most similar ones."""
    shrink: Annotated[float, Field(ge=0)] = 10.0
    """Added to the product of lengths under the cosine."""


class Rp3BetaConfig(HistoryConfig):
    """Random walk of three steps, title to viewer to title, held back at popular ones (Paudel et al. 2017)."""

    kind: Literal["rp3beta"] = "rp3beta"
    """Which recommender this is."""
    neighbours: Count = 100
    """Titles that count towards the score of a title, the likeliest starts of its walks."""
    alpha: Positive = 1.0
    """Power of the probability of each step."""
    beta: Annotated[float, Field(ge=0)] = 0.5
    """Power of the target's popularity that its score is divided by."""


class SuccessorsConfig(HistoryConfig):
    """What viewers watched after a title, from interactions that know their ages."""

    kind: Literal["successors"] = "successors"
    """Which recommender this is."""
    half_life_titles: Positive | None = 1.0
    """So many later titles of the same viewer halve what a title weighs in scoring; none: order does not matter."""
    window: Count = 10
    """How many later titles of a viewer count as coming after one."""
    decay: Annotated[float, Field(gt=0, le=1)] = 0.8
    """What each further place between the two is worth, times the one before it."""
    backward: Share = 0.2
    """What coming before is worth, against coming after."""
    shrink: Annotated[float, Field(ge=0)] = 10.0
    """Added to the count of a title when its successors' weights are divided by it."""
    beta: Share = 0.5
    """Power of the successor's own count that its weight is divided by."""
    neighbours: Count = 200
    """Entries kept for each successor."""


LinearConfig = EaseConfig | ItemKnnConfig | Rp3BetaConfig | SuccessorsConfig
SingleConfig = Annotated[IalsConfig | PopularityConfig | LinearConfig, Field(discriminator="kind")]


class BlendConfig(_Config):
    """A weighted sum of the standardised scores of several recommenders."""

    kind: Literal["blend"] = "blend"
    """Which recommender this is."""
    parts: Annotated[tuple[SingleConfig, ...], Field(min_length=1)] = (
        IalsConfig(),
        EaseConfig(head=5_000),
        Rp3BetaConfig(),
        PopularityConfig(),
    )
    """What is blended."""
    weights: tuple[Annotated[float, Field(ge=0)], ...] | None = None
    """Weight of each part; None: found on validation viewers, of whom a part of the history is held out for it."""
    validation_viewers: Count = 500
    """Most viewers that weights are found on."""
    validation_share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Part of the titles that is held out for it."""
    held_out: Literal["titles", "random", "viewers", "time"] = "titles"
    """`titles`: that part of each validation viewer's titles, the latest ones where ages are known, else at random;
    `random`: at random in any case; `viewers`: at random, of viewers of whom nothing else is learned either; `time`:
    that part of all pairs, the latest ones, as where a model must know today by yesterday. It needs ages."""
    k: Count = 10
    """Length of the lists whose NDCG the weights are found by."""
    seed: int = 11
    """Start of the random generator that draws validation viewers and titles."""


AnyConfig = Annotated[
    IalsConfig | PopularityConfig | EaseConfig | ItemKnnConfig | Rp3BetaConfig | SuccessorsConfig | BlendConfig,
    Field(discriminator="kind"),
]
