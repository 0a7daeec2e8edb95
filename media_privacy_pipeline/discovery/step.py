"""The step of the discovery room: the index of the catalogue, made anew when the catalogue changed."""

from __future__ import annotations

from ..engines import Session, Span, StepResult
from ..lake import fingerprint_of
from .entries import COLUMNS
from .index import VERSION
from .tables import TABLES, index_tables


def index_titles(session: Session, span: Span) -> StepResult:
    """Write `search_titles`, `search_words` and `search_index` of the catalogue as it is now.

    Raises UsageError where the settings name a language without rules for stems.
    """
    del span  # The catalogue is one snapshot; there is no day in it.
    language, lake = session.settings.search_language, session.lake
    inputs = fingerprint_of(lake.fingerprint("accepted_titles"), language, VERSION)
    skipped = all(lake.is_current(table, inputs) for table in TABLES)
    if not skipped:
        catalogue = session.engine.fetch(
            f"select {', '.join(COLUMNS)} from accepted_titles", {"accepted_titles": session.folder("accepted_titles")}
        )
        for name, table in index_tables(catalogue, language).items():
            session.put(name, inputs, table)
    return StepResult({name: lake.rows(name) for name in TABLES}, skipped=skipped, metadata={"language": language})
