"""Days that are unlike others of their weekday, as the policy declares them: forecasts are made by them."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict


class CalendarPolicy(BaseModel):
    """`holidays` by day, each with its name: what is known of a day beforehand, and nothing of people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    holidays: dict[date, str] = {}
