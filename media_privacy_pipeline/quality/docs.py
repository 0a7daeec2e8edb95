"""Great Expectations' Data Docs as static pages: nothing from other machines, no fingerprint of data.

The site that Great Expectations builds loads a dozen files and a counted logo from elsewhere, and prints a digest of
the rows that it looked at. So its renderer makes the body of each page, and the page around it is ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from .spec import ExpectationSpec

_OUTSIDE = re.compile(
    r"<script\b.*?</script>|<style\b.*?</style>|<footer\b.*?</footer>|<link\b[^>]*>|<img\b[^>]*>|\bon\w+=\"[^\"]*\"",
    re.DOTALL | re.IGNORECASE,
)
_BODY = re.compile(r"<div id=\"section-2\".*(?=</body>)", re.DOTALL)
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
th:first-child { width: 5rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
td, th { border-bottom: 1px solid #8884; padding: .3rem .5rem; text-align: left; vertical-align: top; }
thead[hidden] { display: none; }
.ge-section { border-top: 1px solid #8888; margin-top: 1rem; }
.fa-check-circle::before, .fa-check::before { content: "✓ "; color: #2a8a4a; }
.fa-times::before, .fa-times-circle::before { content: "✗ "; color: #c0392b; }
.fa-exclamation-triangle::before { content: "! "; color: #b9770e; }
p, h4, h5, h6 { margin: .3rem 0; }
"""


@dataclass(frozen=True)
class Documented:
    """What a page is made of: Great Expectations' results, and what was counted outside of it, in words."""

    results: list[Any] = field(default_factory=list)
    counted: list[tuple[ExpectationSpec, int, int]] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """Expectations that do not hold."""
        return sum(not each.success for each in self.results) + sum(unexpected > 0 for _, unexpected, _ in self.counted)


def write(tables: Mapping[str, Documented], as_of: datetime, folder: Path) -> Path:
    """Write `<table>.html` for each table, and an index; return the index."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for table, found in sorted(tables.items()):
        body = _counted(found) + (_body(table, found.results, as_of) if found.results else "")
        (folder / f"{table}.html").write_text(_page(table, f'<p><a href="index.html">All tables</a></p>{body}'))
        number = len(found.results) + len(found.counted)
        state = f"{found.failed} failed" if found.failed else "all hold"
        rows.append(f'<tr><td><a href="{escape(table)}.html">{escape(table)}</a><td>{number}<td>{state}</tr>')
    listing = f"<table><tr><th>Table<th>Expectations<th>Outcome</tr>{''.join(rows)}</table>"
    index = folder / "index.html"
    index.write_text(_page("What was checked", f"<p>As of {as_of:%Y-%m-%d %H:%M} UTC.</p>{listing}"))
    return index


def _counted(found: Documented) -> str:
    rows = "".join(
        f"<tr><td>{'✗' if unexpected else '✓'}<td>{escape(spec.meaning or spec.name)}"
        f"<td>{unexpected:,} of {total:,}</tr>"
        for spec, unexpected, total in found.counted
    )
    return f"<h5>Of the table as a whole</h5><table><tr><th>Status<th>Expectation<th>Unexpected</tr>{rows}</table>"


def _body(table: str, found: Sequence[Any], as_of: datetime) -> str:
    from great_expectations import __version__
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    held = sum(bool(each.success) for each in found)
    result = ExpectationSuiteValidationResult(
        success=held == len(found),
        results=list(found),
        suite_name=table,
        statistics={
            "evaluated_expectations": len(found),
            "successful_expectations": held,
            "unsuccessful_expectations": len(found) - held,
            "success_percent": 100.0 * held / len(found) if found else 100.0,
        },
        # The run's own meta holds a digest of the frame; these three are all that a page needs.
        meta={
            "great_expectations_version": __version__,
            "run_id": RunIdentifier(run_name=f"as of {as_of:%Y-%m-%d}", run_time=as_of.isoformat() + "Z"),
            "active_batch_definition": {"data_asset_name": table},
        },
    )
    page = DefaultJinjaPageView().render(ValidationResultsPageRenderer(run_info_at_end=True).render(result))
    body = _BODY.search(_OUTSIDE.sub("", page))
    return body.group() if body else ""


def _page(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )
