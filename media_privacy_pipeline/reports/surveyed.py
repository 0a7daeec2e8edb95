"""What operators see of consent in the release report: the survey's tables, as they may be told."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..engines import Session

_COVERAGE = "select purpose, standing, people from consent_coverage order by purpose, people desc"
_CONFLICTS = "select purpose, kind, people from consent_conflicts order by purpose, people desc"
_RECONSENT = "select purpose, reason, week, people from reconsent_queue order by week desc, purpose, people desc"


class Surveyed(NamedTuple):
    """People by purpose and standing, with the shares of each purpose; conflicts; and who is to be asked again."""

    coverage: dict[str, list[tuple[str, int, float]]]
    conflicts: list[dict[str, Any]]
    reconsent: list[dict[str, Any]]


def surveyed(session: Session) -> Surveyed:
    """The survey of the last run of this home; empty where there was none."""
    coverage: dict[str, list[tuple[str, int, float]]] = {}
    for row in _rows(session, "consent_coverage", _COVERAGE):
        coverage.setdefault(row["purpose"], []).append((row["standing"], row["people"], 0.0))
    for purpose, cells in coverage.items():
        whole = sum(people for _, people, _ in cells)
        coverage[purpose] = [(standing, people, people / whole) for standing, people, _ in cells]
    return Surveyed(
        coverage,
        _rows(session, "consent_conflicts", _CONFLICTS),
        _rows(session, "reconsent_queue", _RECONSENT),
    )


def _rows(session: Session, table: str, sql: str) -> list[dict[str, Any]]:
    if not session.lake.has(table):
        return []
    found: list[dict[str, Any]] = session.engine.fetch(sql, {table: session.folder(table)}).to_pylist()
    return found
