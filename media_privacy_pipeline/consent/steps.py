"""The steps of this room, in the order in which they run."""

from __future__ import annotations

from .decide import account_decisions, clock, timeline
from .gate import check_source, check_used, source_age, standing
from .permit import permit
from .record import update_ledger
from .survey import survey
from .vault import identify

__all__ = [
    "account_decisions",
    "check_source",
    "check_used",
    "clock",
    "identify",
    "permit",
    "source_age",
    "standing",
    "survey",
    "timeline",
    "update_ledger",
]
