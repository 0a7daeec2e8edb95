"""Every number that a split is made with; light, for the commands that only list their options."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Protocol = Literal["liang", "holdout", "leave-last-out", "temporal"]
Part = Literal["test", "validation"]
Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


class SplitConfig(BaseModel):
    """Every number that a split is made with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocol: Protocol = "holdout"
    """How test pairs are chosen."""
    threshold: float | None = None
    """Ratings so high or higher count as watched and liked, others not at all; None: every row counts."""
    min_user_ratings: Count = 1
    """Users with fewer rows, after the threshold, are left out."""
    min_title_ratings: Count = 1
    """Titles with fewer rows, after the threshold, are left out before that."""
    test_share: Share = 0.2
    """Held out: of the users (liang), of each user's rows (holdout), of all rows (temporal)."""
    validation_share: Share = 0.1
    """As test_share, of all users (liang) or of the rows that the test leaves over (holdout, temporal)."""
    fold_in_share: Share = 0.8
    """Part of a held-out user's rows that the model is shown (liang)."""
    refit: bool = True
    """Whether models that are tested learn from the validation rows too; never in liang: those are users apart."""
    seed: int = 7
    """Start of the random generator that draws users and rows."""
