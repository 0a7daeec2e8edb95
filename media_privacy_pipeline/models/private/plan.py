"""What a period's training of private factors is about, written down before its first part is paid for.

    HOME/models/private/<period>.json      the plan: never changed once it is there

A period begins with the months 1, 1 + months, ... of a year and is named after the first, as YYYY-MM.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from ...durable import replace_bytes
from ...privacy import Desk
from .config import PrivateAlsConfig
from .paying import part_names

TABLE = "similar_titles"
"""Name of the table, of the release that pays for it, and of its parts' charges."""


class Plan(BaseModel):
    """All of it public: the catalogue of the period's first night without its sensitive titles, and the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    period: str
    titles: tuple[str, ...]
    config: PrivateAlsConfig


def period_of(day: date, months: int) -> str:
    """The period of so many months that a day is in."""
    return f"{day.year}-{(day.month - 1) // months * months + 1:02d}"


def keep(models: Path, plan: Plan) -> None:
    """Write a plan down."""
    replace_bytes(_plans(models) / f"{plan.period}.json", plan.model_dump_json(indent=1).encode())


def stored(models: Path, period: str) -> Plan | None:
    """The plan of a period; None where there is none yet."""
    path = _plans(models) / f"{period}.json"
    return Plan.model_validate_json(path.read_bytes()) if path.exists() else None


def carried(models: Path, period: str, desk: Desk) -> Plan | None:
    """The latest plan before the period whose parts were all released."""
    for path in sorted(_plans(models).glob("*.json"), reverse=True):
        if path.stem < period and whole(desk, plan := Plan.model_validate_json(path.read_bytes())):
            return plan
    return None


def whole(desk: Desk, plan: Plan) -> bool:
    """Whether every part of a plan was released, so that reading it again pays nothing and asks nobody."""
    return all(desk.find(TABLE, f"{plan.period}.{part}") is not None for part in part_names(plan.config))


def _plans(models: Path) -> Path:
    return models / "private"
