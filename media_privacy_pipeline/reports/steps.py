"""Writes the release report."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from ..durable import replace_text
from ..engines import Session, Span, StepResult
from ..models.config import DiscoveryConfig
from ..models.training import registry
from ..published import Release, opened
from .charts import bars, line, stacks
from .figures import daily_plays, top_titles
from .frontier import frontier
from .outlook import outlook
from .papers import write_papers
from .render import render
from .summary import summary
from .summary_parts import Summary
from .surveyed import surveyed

_HEADLINE, _HEADLINE_K = ("ndcg", "recall"), 10
"""The metrics that are shown first; the others are one click away."""
MODEL_CARD = "MODEL_CARD.md"


def write_release_report(session: Session, span: Span) -> StepResult:
    """HOME/reports/<release_id>/index.html for the current release, with the notice of what is collected and the record
    of processing beside it, and HOME/reports/latest, a link to its folder."""
    release = opened(session.settings)
    page = report_page(session, release, summary(session, release))
    path = session.settings.reports / release.release_id / "index.html"
    unchanged = path.exists() and path.read_text(encoding="utf-8") == page
    if not unchanged:
        replace_text(path, page)
    write_papers(session.project, path.parent)
    _card(session, release, path.parent / MODEL_CARD)
    _link(session.settings.reports / "latest", release.release_id)
    return StepResult({}, skipped=unchanged, metadata={"release_id": release.release_id, "path": str(path)})


def _card(session: Session, release: Release, path: Path) -> None:
    """The card of the release's model beside its page, as long as that model is stored."""
    name = release.manifest.model
    text = None if name is None else registry(session.settings.models).card(name)
    if text is not None and (not path.exists() or path.read_text(encoding="utf-8") != text):
        replace_text(path, text)


def report_page(session: Session, release: Release, found: Summary) -> str:
    """The page of a release: one HTML text without a reference to anything outside it but the pages beside it."""
    titles, days = top_titles(session, release), daily_plays(release)
    return render(
        "release.html.j2",
        summary=found,
        manifest=release.manifest,
        surveyed=surveyed(session),
        least=session.policy.published.min_cell_size,
        titles=bars(titles) if titles else None,
        days=line(days) if days else None,
        outlook=outlook(session, release),
        order_is_noise=bool(titles) and titles[0][2] <= titles[-1][3],
        purposes=stacks([(p.purpose, p.used, p.withheld) for p in found.purposes if p.sees_rows]),
        blind=[p.purpose for p in found.purposes if not p.sees_rows],
        calibration=DiscoveryConfig().calibration,
        frontier=frontier() if session.policy.releases.factors is not None else None,
        headline=[metric for metric in found.metrics if metric.metric in _HEADLINE and metric.k == _HEADLINE_K],
        card=release.manifest.model is not None and registry(session.settings.models).card(release.manifest.model),
        audits=release.arrow("audit_findings").to_pylist() if "audit_findings" in release.tables else [],
    )


def _link(link: Path, target: str) -> None:
    if link.is_symlink() and str(link.readlink()) == target:
        return
    temporary = link.with_name(f".latest.{uuid4().hex[:8]}")
    temporary.symlink_to(target, target_is_directory=True)
    temporary.replace(link)
