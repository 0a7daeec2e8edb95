"""Every number that forecasts are made with, each with a line that says what it does."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, lt=1)]


class ForecastConfig(BaseModel):
    """Forecasts, their backtest, what rises, and the plan by slot."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    horizon: Count = 28
    """Days ahead."""
    history_days: Annotated[int, Field(ge=28)] = 182
    """Most released days that are learned from."""
    interval: Share = 0.9
    """What intervals cover."""
    origins: Count = 6
    """Most days from which the backtest forecasts what was released after them."""
    least_history: Annotated[int, Field(ge=8)] = 14
    """Days before the first origin: two weeks show a weekday twice."""
    least_cells: Count = 200
    """Forecasts of a group in the backtest from which on its errors, and not the normal distribution, give its
    intervals."""
    new_days: Count = 28
    """Titles released so many days ago or later are a group of their own."""
    walks: tuple[float, ...] = (0.003, 0.02, 0.06, 0.18, 0.5)
    """By how much of itself a level may move in a day (one standard deviation): what is averaged over."""
    scatters: tuple[float, ...] = (0.0, 0.1, 0.25, 0.6, 1.5)
    """By how much of itself a day may lie beside its level, beside noise and chance: what is averaged over."""
    rounds: Count = 4
    """Rounds that find how common each of these is among all titles."""
    rising_days: Count = 28
    """A rise is looked for among so many last released days."""
    rising_shifts: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)
    """Rises that the test is made for, in standard deviations of a day."""
    rising_most: Annotated[float, Field(gt=0)] = 4.0
    """What a day counts as at most, in standard deviations: one loud day is no rise."""
    false_discoveries: Share = 0.05
    """Most expected share of false alarms among the titles of a night's emerging_titles."""
    slot_history_days: Count = 28
    """Released days that the plan by slot is made of."""
    slot_days: Count = 7
    """Days that are planned."""
    slot_draws: Annotated[int, Field(ge=20)] = 100
    """Draws of the margins' noise behind the plan's intervals."""
    seed: int = 17
    """Start of the random generator of these draws; what is drawn from is public."""
