"""A release in figures, gathered from its tables and manifest, the lake of its home and the checks of the gate."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from ..engines import Session
from ..models.training import registry
from ..published import Release
from ..sql import Access
from .summary_parts import (
    ColumnFinding,
    Exposed,
    Exposure,
    Finding,
    HandedOver,
    Metric,
    PurposeRows,
    Reranked,
    Store,
    Summary,
    TableSummary,
    Tried,
)

_DECIDED = {"viewing_events", "search_events"}
_STAGES = ("landed", "accepted", "duplicate", "superseded", "quarantined", "dropped", "flagged", "undeclared_column")


def summary(session: Session, release: Release) -> Summary:
    """Figures of an open release of this session's home."""
    manifest = release.manifest
    rows = _accounting(release, manifest.first_day, manifest.last_day)
    landing: Counter[str] = Counter()
    quarantined: Counter[str] = Counter()
    for row in rows:
        if "/" not in row["stage"]:
            landing[row["stage"]] += row["rows"]
        if row["stage"] == "quarantined":
            quarantined[row["reason"]] += row["rows"]
    files = landing.pop("unreadable_file", 0)
    checks = _checks(session.settings.reports / release.release_id / "checks.json")
    audits = release.arrow("audit_findings").to_pylist() if "audit_findings" in release.tables else []
    budget = session.policy.releases.budget
    return Summary(
        release_id=release.release_id,
        as_of=manifest.as_of.isoformat(sep=" ", timespec="minutes"),
        first_day=manifest.first_day.isoformat(),
        last_day=manifest.last_day.isoformat(),
        landing={stage: landing[stage] for stage in _STAGES},
        quarantined=dict(quarantined.most_common()),
        unreadable_files=files,
        findings=tuple(_findings(session, manifest.first_day, manifest.last_day)),
        purposes=tuple(_purposes(session, rows)),
        tables=tuple(_table(release, name) for name in release.tables),
        left_out=manifest.left_out,
        epsilon_year=manifest.privacy.epsilon if manifest.privacy is not None else None,
        epsilon_cap=budget.epsilon,
        delta=budget.delta,
        metrics=tuple(_metrics(session)),
        reranked=tuple(_reranked(session)),
        exposure=_exposure(release),
        tried=tuple(_tried(session)),
        checks=len(checks),
        failed=tuple(
            Finding(c["name"], c["table"], c["severity"], c["unexpected"], c["total"])
            for c in checks
            if not c["passed"]
        ),
        audits=len(audits),
        audits_failed=sum(not row["passed"] for row in audits),
        kept=tuple(_kept(session)),
        handed_over=tuple(_handed_over(session)),
        places=_places(session, release),
    )


def _accounting(release: Release, first: date, last: date) -> list[dict[str, Any]]:
    if "row_accounting" not in release.tables:
        return []
    rows: list[dict[str, Any]] = release.arrow("row_accounting").to_pylist()
    return [row for row in rows if first <= row["arrival_day"] <= last]


def _findings(session: Session, first: date, last: date) -> list[ColumnFinding]:
    if not session.lake.has("column_findings"):
        return []
    sql = f"""
        select source, column_name, declared, kind, proposed_class, max(share) as share, count(*) as days
        from column_findings
        where arrival_day between date '{first}' and date '{last}'
        group by all
        order by source, column_name, kind"""
    rows = session.engine.fetch(sql, {"column_findings": session.folder("column_findings")}).to_pylist()
    return [ColumnFinding(column=row.pop("column_name"), **row) for row in rows]


def _purposes(session: Session, rows: list[dict[str, Any]]) -> list[PurposeRows]:
    found = []
    for name, purpose in session.policy.purposes.items():
        used = sum(row["rows"] for row in rows if row["stage"] == f"used/{name}")
        withheld: Counter[str] = Counter()
        for row in rows:
            if row["stage"] == f"withheld/{name}":
                withheld[row["reason"]] += row["rows"]
        if used or withheld:
            found.append(
                PurposeRows(
                    name, purpose.title, used, dict(withheld.most_common()), bool(_DECIDED & purpose.columns.keys())
                )
            )
    return found


def _table(release: Release, name: str) -> TableSummary:
    entry = release.manifest.tables[name]
    days = sorted(file.day for file in entry.files if file.day is not None)
    paid = _last_charge(release, name)
    return TableSummary(
        name=name,
        access=entry.access.value,
        purpose=entry.purpose,
        rows=entry.rows,
        days=len(days),
        first_day=days[0].isoformat() if days else None,
        last_day=days[-1].isoformat() if days else None,
        releases=entry.privacy.releases if entry.privacy is not None else 0,
        unit=paid["unit"] if paid else None,
        epsilon=paid["epsilon"] if paid else None,
        epsilon_year=entry.privacy.epsilon if entry.privacy is not None else None,
        delta=entry.privacy.delta if entry.privacy is not None else None,
        expires_at=entry.expires_at.date().isoformat() if entry.expires_at is not None else None,
    )


def _last_charge(release: Release, table: str) -> dict[str, Any] | None:
    entry = release.manifest.tables[table]
    if entry.access is not Access.open or entry.privacy is None or "privacy_ledger" not in release.tables:
        return None
    charges = [row for row in release.arrow("privacy_ledger").to_pylist() if row["table"] == table]
    return max(charges, key=lambda row: str(row["partition"]), default=None)


def _metrics(session: Session) -> list[Metric]:
    if not session.lake.has("model_metrics"):
        return []
    sql = "select model, protocol, metric, k, value, low, high from model_metrics order by protocol, metric, k, model"
    rows = session.engine.fetch(sql, {"model_metrics": session.folder("model_metrics")}).to_pylist()
    return [Metric(**row) for row in rows]


def _reranked(session: Session) -> list[Reranked]:
    if not session.lake.has("rerank_tradeoff"):
        return []
    sql = "select list, calibration, metric, value, low, high from rerank_tradeoff order by list, calibration, metric"
    found: dict[float | None, dict[str, tuple[float, float, float]]] = {}
    for row in session.engine.fetch(sql, {"rerank_tradeoff": session.folder("rerank_tradeoff")}).to_pylist():
        found.setdefault(row["calibration"], {})[row["metric"]] = (row["value"], row["low"], row["high"])
    return [Reranked(calibration, figures) for calibration, figures in found.items()]


def _exposure(release: Release) -> Exposure | None:
    """Of the release's own open tables; None where they are not there or empty."""
    if not {"fairness_report", "creator_exposure"} <= set(release.tables):
        return None
    rows, creators = (release.arrow(name).to_pylist() for name in ("fairness_report", "creator_exposure"))
    if not rows:
        return None
    measures = ("exposure", "utility", "gap")
    groups = tuple(
        Exposed(
            row["facet"],
            row["group_name"],
            None if row["under_minimum"] else {m: (row[m], row[f"{m}_low"], row[f"{m}_high"]) for m in measures},
        )
        for row in sorted(rows, key=lambda row: (row["facet"] != "reach", row["facet"], row["group_name"]))
    )
    counts = {"more": 0, "less": 0, "neither": 0, "under the minimum": 0}
    for row in creators:
        if row["under_minimum"]:
            counts["under the minimum"] += 1
        else:
            side = "more" if row["gap_low"] > 0 else "less" if row["gap_high"] < 0 else "neither"
            counts[side] += 1
    return Exposure(rows[0]["period"], groups, counts)


def _tried(session: Session) -> list[Tried]:
    decision = registry(session.settings.models).decision() or {"tried": []}
    return [Tried(each["kind"], each["outcome"], each["reason"]) for each in decision["tried"]]


def _kept(session: Session) -> list[Store]:
    return [
        Store(row["table"], row["category"], row["window_days"], _iso(row["oldest_day"]), row["ok"])
        for row in _stored(session, "retention_proof")
        if row["window_days"] is not None
    ]


def _handed_over(session: Session) -> list[HandedOver]:
    rows = _stored(session, "disclosure_counts")
    return [HandedOver(**{**row, "last_day": row["last_day"].isoformat()}) for row in rows]


def _stored(session: Session, table: str) -> list[dict[str, Any]]:
    files = session.lake.files(table)
    return [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _checks(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
    return found


def _places(session: Session, release: Release) -> dict[str, str]:
    folder = session.settings.reports / release.release_id
    return {
        "report": str(folder / "index.html"),
        "data_docs": str(folder / "data_docs" / "index.html"),
        "published": release.shelf.where,
        "manifest": f"{release.shelf.where}/_releases/{release.release_id}.json",
    }
