"""From the partitions of a Dagster run to the span of days that a step is given, and back."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import dagster as dg

from ..engines import Span
from ..settings import Settings
from .days import first_and_last, parse_as_of, partition_start

AS_OF = "media_privacy/as_of"
"""Run tag: the time as of which the run decides, ISO-8601; the end of its last day where it is missing."""

_RANGE_START = "dagster/asset_partition_range_start"
_RANGE_END = "dagster/asset_partition_range_end"


def daily_partitions(settings: Settings) -> dg.DailyPartitionsDefinition:
    """Arrival days as partitions: from the first that landed, to yesterday unless the settings say where it ends."""
    return dg.DailyPartitionsDefinition(
        start_date=partition_start(settings.landing, settings.first_day).isoformat(),
        end_date=None if settings.last_day is None else (settings.last_day + timedelta(days=1)).isoformat(),
        timezone="UTC",
    )


def tags_of(span: Span) -> dict[str, str]:
    """Run tags that make one run of all days of a span."""
    return {
        _RANGE_START: span.first.isoformat(),
        _RANGE_END: span.last.isoformat(),
        AS_OF: span.as_of.isoformat(),
    }


def span_of(context: dg.AssetExecutionContext, landing: Path) -> Span:
    """The days of the run that a step is part of; all that landed, where a run names none (a snapshot by itself).

    Raises UsageError where the run names no days and nothing has landed.
    """
    if context.has_partition_key or context.has_partition_key_range:
        keys = context.partition_key_range
        first, last = date.fromisoformat(keys.start), date.fromisoformat(keys.end)
    else:
        first, last = first_and_last(landing)
    return Span.of(first, last, parse_as_of(context.run.tags.get(AS_OF)))
