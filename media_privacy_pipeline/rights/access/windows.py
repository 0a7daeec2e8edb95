"""Until when each purpose may use what it uses of a person: their permitted events against the policy's windows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ...policy import Policy


def windows(policy: Policy, decisions: Iterable[Mapping[str, Any]]) -> list[dict[str, object]]:
    """Rows of `subject_windows` from rows of `subject_decisions`, in the policy's order of purposes.

    An event leaves a purpose window_days after it happened (rule 7 of the spec).
    """
    used: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for row in decisions:
        if row["allowed"]:
            used[row["purpose"], row["source"]].append(row["happened_at"])
    rows: list[dict[str, object]] = []
    for purpose, rule in policy.purposes.items():
        for source in sorted(source for name, source in used if name == purpose):
            times, window = used[purpose, source], timedelta(days=rule.window_of(source))
            rows.append(
                {
                    "purpose": purpose,
                    "source": source,
                    "basis": rule.basis.value,
                    "window_days": rule.window_of(source),
                    "rows": len(times),
                    "oldest_at": min(times),
                    "newest_at": max(times),
                    "oldest_until": min(times) + window,
                    "newest_until": max(times) + window,
                }
            )
    return rows
