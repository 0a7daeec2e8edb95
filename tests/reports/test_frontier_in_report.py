"""The release report draws the published frontier where private factors are paid for, and says what it is not."""

from __future__ import annotations

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.published import open_release
from media_privacy_pipeline.reports import summary
from media_privacy_pipeline.reports.frontier import frontier
from media_privacy_pipeline.reports.steps import report_page


def page(session: Session) -> str:
    release = open_release(session.settings.home)
    return report_page(session, release, summary(session, release))


def test_the_frontier_has_the_lines_of_all_and_says_that_it_is_of_nobody_here(session: Session) -> None:
    told, found = page(session), frontier()
    assert [curve.label for curve in found.chart.curves] == [
        "private_als",
        "published settings",
        "popularity (DP)",
        "ials (not private)",
    ]
    for curve in found.chart.curves:
        assert curve.path in told
    assert "no figure of this release or its people" in told
    assert f"{found.viewers:,} simulated viewers" in told
    assert found.on in told
    # Where nothing private is paid for, it is left out.
    releases = session.policy.releases.model_copy(update={"factors": None})
    vars(session)["policy"] = session.policy.model_copy(update={"releases": releases})
    assert "What privacy costs a recommender" not in page(session)
