"""The reports of the exact tables that were decided, as a privacy officer reads them. Nothing is decided here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .kept import kept_periods


def reports(home: Path) -> list[dict[str, Any]]:
    """A row a table and period, by table and day: the period, what held of what is told, and why nothing is.

    Raises Refused for a table that is lost or was changed since it was decided.
    """
    rows = []
    for root in sorted((home / "privacy" / "exact").glob("*")):
        for kept in kept_periods(root):
            for name in kept.statements:
                kept.file(name)
                report = kept.report(name)
                rows.append(
                    {
                        "table": name,
                        "first": kept.first.isoformat(),
                        "last": kept.last.isoformat(),
                        "rows of": kept.source,
                        "accounts": report.accounts,
                        "classes": report.classes,
                        "k": report.k,
                        "distinct l": report.distinct_l,
                        "entropy l": round(report.entropy_l, 2),
                        "t": round(report.t, 3),
                        "together": report.together,
                        "withheld": report.withheld,
                    }
                )
    return sorted(rows, key=lambda row: (row["table"], row["first"]))
