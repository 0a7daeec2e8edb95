"""Days that are unlike others of their weekday, as the policy declares them: forecasts are made by them."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, field_serializer


class CalendarPolicy(BaseModel):
    """`holidays` by day, each with its name: what is known of a day beforehand, and nothing of people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    holidays: dict[date, str] = {}

    @field_serializer("holidays")
    def _as_text(self, holidays: dict[date, str]) -> dict[str, str]:
        """Days as text: a policy's identity is that of its JSON, whose keys are texts."""
        return {day.isoformat(): name for day, name in sorted(holidays.items())}
