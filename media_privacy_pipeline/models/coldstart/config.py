"""Numbers of the cold start."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]


class ColdStartConfig(BaseModel):
    """How titles that the model in service never learned are ranked by their metadata."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    buckets: Count = 1_024
    """Columns that words are hashed into."""
    labels: Count = 512
    """Most labels (genres, creators, decades, languages, kinds), the commonest first."""
    least_titles: Count = 2
    """Known titles that must have a word or a label for it to count."""
    penalties: Annotated[tuple[Positive, ...], Field(min_length=1)] = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
    """Weights of the squared coefficients; the one with the least error on held-out titles is taken."""
    least_explained: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Part of the spread of held-out titles' factors that metadata must tell; with no more, nothing is derived."""
