"""Whatever is delivered in whatever order, each row is told of once, and as what it is."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.rights.access.fates import fates, unbalanced

Row = dict[str, Any]
DAYS = [date(2026, 3, n) for n in (1, 2, 3)]


def row(identity: str = "e", day: date = DAYS[0], value: int = 1, reason: str | None = None, line: int = 1) -> Row:
    where = {"_file": f"{day}", "_line": line, "arrival_day": day}
    return {"id": identity, "profile_id": "main", "value": value, "reject_reason": reason, **where}


def accepted(landed: Row) -> Row:
    return {**{name: landed[name] for name in ("id", "profile_id", "value", "arrival_day")}, "payload_hash": "0"}


def told(landed: list[Row], held: list[Row], *, snapshot: bool = False, **other: Any) -> dict[str, int]:
    found = fates(landed, held, identity=None if snapshot else "id", taken_in=DAYS[:2], **other)
    assert unbalanced(found) == 0
    parts = {f"{stage} {reason}".strip(): rows for (stage, reason), rows in found.items()}
    return {name: rows for name, rows in parts.items() if name not in ("landed", "accepted")}


@pytest.mark.parametrize(
    ("landed", "what"),
    [
        ([row()], {}),
        ([row(), row(line=2)], {"duplicate": 1}),
        ([row(), row(day=DAYS[1])], {"duplicate": 1}),
        ([row(), row(value=2)], {"quarantined conflicting_duplicate": 1}),
        ([row(), row("other")], {"quarantined conflicting_duplicate": 1}),
        ([row(), row(reason="bad")], {"quarantined bad": 1}),
        ([row(), row("new", DAYS[2])], {"waiting": 1}),
        ([row(), row(day=DAYS[2], reason="bad")], {"waiting": 1}),
        ([], {"gone": 1}),
    ],
)
def test_rows_of_a_daily_input(landed: list[Row], what: dict[str, int]) -> None:
    assert told(landed, [accepted(row())]) == what


@pytest.mark.parametrize(
    ("landed", "what"),
    [
        ([row(value=9), row(line=2)], {"superseded": 1}),
        ([row(), row(line=2)], {"superseded": 1}),
        ([row(), row(value=9, line=2)], {"waiting": 1}),
        ([row(value=9)], {"waiting": 1, "gone": 1}),
        ([], {"gone": 1}),
    ],
)
def test_rows_of_a_snapshot(landed: list[Row], what: dict[str, int]) -> None:
    assert told(landed, [accepted(row())], snapshot=True) == what


def test_rows_of_an_erased_person() -> None:
    assert told([], [], erased=2) == {"dropped erased": 2}
    assert told([row()], [accepted(row())], snapshot=True, erased=1) == {"dropped erased": 1}


deliveries = st.lists(
    st.builds(
        row, st.sampled_from("ab"), st.sampled_from(DAYS), st.integers(1, 2), st.sampled_from([None, None, "bad"])
    ),
    max_size=9,
)


@given(deliveries, deliveries)
def test_nothing_is_told_twice_or_not_at_all(landed: list[Row], held: list[Row]) -> None:
    found = fates(landed, [accepted(each) for each in held], identity="id", taken_in=DAYS[:2])
    assert unbalanced(found) == 0
    assert found["landed", ""] == len(landed)
    assert found["accepted", ""] == len(held)
    assert min(Counter(found).values(), default=0) >= 0
