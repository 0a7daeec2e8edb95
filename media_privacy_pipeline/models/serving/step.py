"""The steps of the lists beside `recommendations`: a week's lists, made once and carried on; lists for a context."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...engines import Session, Span, StepResult
from ...lake import fingerprint_of
from ..config import ModelsConfig
from ..inputs import COUNTS, interactions, read, read_of
from ..spark.scale import beyond
from .context import SCHEMA as IN_CONTEXT
from .context import context_lists, in_context
from .lists import write_lists
from .served import Served
from .shelf import Shelf, long_tail
from .weekly import SCHEMA, Ranker, still_fit, week_of, weekly_lists

_WEEKLY = "weekly_discovery"
_CONTEXT = "context_recommendations"
_CONTEXT_ROWS = "context_interactions"


def discover(session: Session, span: Span, config: ModelsConfig | None = None) -> StepResult:
    """`weekly_discovery` of the ISO week that the as-of time lies in.

    Who has a list of this week keeps it, whatever was watched or trained since; what may not be shown any more (who
    withdrew, titles that were blocked or left the catalogue) leaves it. Who has none is given one from tonight's
    history, which holds all that they watched before the week. Lists of other weeks go: a list is personal data.
    """
    config = config or ModelsConfig.on(session.settings.threads)
    lake, week, served = session.lake, week_of(span.as_of.date()), Served.tonight(session, span, config)
    fingerprint = fingerprint_of(served.fingerprint, week.isoformat())
    if lake.is_current(_WEEKLY, fingerprint):
        return StepResult({_WEEKLY: lake.rows(_WEEKLY)}, skipped=True)
    tail = long_tail(served.titles, served.popular, config.discovery.head_share)
    executors = beyond(session, lake.rows(served.interactions), config.scale)
    if executors is not None:
        from ..spark.lists import of_week

        written = of_week(served, executors, fingerprint, week, tail)
        return _discovered(session, week, written.viewers, written.made, len(tail))
    lake.drop_unfinished(f"lists_of_{_WEEKLY}")
    viewers, filters = served.viewers, served.filters
    kept = still_fit(_of_week(session, week), viewers.keys, filters)
    listed = pc.is_in(viewers.keys, value_set=kept.column("viewer_key").combine_chunks())
    new = np.flatnonzero(~listed.to_numpy(zero_copy_only=False))
    histories = served.histories.take(new)
    models = [model for model in (served.model, served.floor) if model is not None]
    rankers = [Ranker.of(model, Shelf.of(model.titles, served.titles, tail), filters.take(new)) for model in models]
    made = list(weekly_lists(rankers, histories, week, config.discovery))
    table = pa.concat_tables([SCHEMA.empty_table(), kept, *made])
    table = table.sort_by([("viewer_key", "ascending"), ("rank", "ascending")])
    session.put(_WEEKLY, fingerprint, table)
    return _discovered(session, week, len(viewers.keys), _people(made), len(tail))


def recommend_in_context(session: Session, span: Span, config: ModelsConfig | None = None) -> StepResult:
    """`context_recommendations` for everyone who agreed to `context`, from what that purpose may see and nothing else.

    Nothing here reaches another table: who did not agree is served as if there were no contexts.
    """
    config = config or ModelsConfig.on(session.settings.threads)
    lake, served = session.lake, Served.tonight(session, span, config, "context")
    interactions(session, span, "context")
    if lake.is_current(_CONTEXT, served.fingerprint):
        lake.drop_unfinished(_CONTEXT)
        return StepResult({table: lake.rows(table) for table in (_CONTEXT, _CONTEXT_ROWS)}, skipped=True)
    executors = beyond(session, lake.rows(_CONTEXT_ROWS), config.scale)
    if executors is not None:
        from ..spark.lists import in_contexts

        written = in_contexts(served, executors)
        return _in_context(session, written.viewers, written.with_history)
    lake.drop_unfinished(f"lists_of_{_CONTEXT}")
    keys, serving = served.viewers.keys, config.serving.model_copy(update={"k": config.context.k})

    def lists(first: int, last: int) -> Iterator[pa.Table]:
        if served.model is None:
            return
        own = keys[first:last]
        rows = read_of(session, _CONTEXT_ROWS, ["viewer_key", "title_id", "daypart", "device_class", *COUNTS], own)
        made = in_context(rows, own, config.confidence, config.context)
        yield from context_lists(served.model, made, served.filters.block(first, last), serving)

    with lake.go_on(_CONTEXT, served.fingerprint) as staging:
        write_lists(lists, len(keys), staging, config.serving, IN_CONTEXT)
    return _in_context(session, len(keys), len(served.with_history))


def forget_contexts(session: Session) -> None:
    """Remove what was made under `context` where the policy shows that purpose nothing any more."""
    if _CONTEXT not in session.project.contracts:
        for table in (_CONTEXT, _CONTEXT_ROWS):
            session.lake.delete(table)


def _discovered(session: Session, week: date, viewers: int, made: int, tail: int) -> StepResult:
    people = {"viewers": viewers, "viewers_with_a_new_list": made}
    told: dict[str, int | str] = {"week": week.isoformat(), **people, "long_tail_titles": tail}
    return StepResult({_WEEKLY: session.lake.rows(_WEEKLY)}, metadata=told)


def _in_context(session: Session, viewers: int, with_history: int) -> StepResult:
    metadata = {"viewers": viewers, "viewers without a history": viewers - with_history}
    return StepResult({table: session.lake.rows(table) for table in (_CONTEXT, _CONTEXT_ROWS)}, metadata=metadata)


def _of_week(session: Session, week: date) -> pa.Table:
    """The stored rows of a week; none where the table was never written."""
    if not session.lake.has(_WEEKLY):
        return SCHEMA.empty_table()
    stored = read(session, _WEEKLY, SCHEMA.names).cast(SCHEMA)
    return stored.filter(pc.equal(stored.column("week"), pa.scalar(week, pa.date32())))


def _people(made: list[pa.Table]) -> int:
    keys = [table.column("viewer_key") for table in made]
    return sum(len(pc.unique(each)) for each in keys)
