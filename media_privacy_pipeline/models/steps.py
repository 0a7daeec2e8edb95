"""The steps of the models room: train, recommend, segment. Each skips when nothing that it reads has changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from ..consent.record import opened
from ..engines import Session, Span, StepResult
from ..lake import fingerprint_of
from .config import ModelsConfig
from .inputs import (
    catalogue,
    open_popularity,
    personalisation_interactions,
    training_interactions,
)
from .learned import learned_data
from .moving import barred_recipes
from .partitions import changed_days, partitions
from .registry import Registry
from .segments.step import make_segments
from .serving.lists import top_lists, write_lists
from .serving.served import Served
from .serving.shelf import Shelf, long_tail
from .serving.step import forget_contexts
from .serving.tradeoff import SCHEMA as CURVE
from .serving.tradeoff import tradeoff
from .spark.scale import beyond
from .training import (
    Measured,
    champion_of,
    is_private,
    leave_private,
    measure,
    metrics_table,
    origin_of,
    registry,
    train_model,
)

_MEASURED = ("model_metrics", "rerank_tradeoff")
_SERVED = ("recommendations", "personalisation_interactions")


def train(session: Session, span: Span, config: ModelsConfig | None = None) -> StepResult:
    """Measure tonight's recipes on a temporal split, train what the gate decides on all that training permits, and put
    it in service; `model_metrics`, and `rerank_tradeoff` of what serves. Where the policy lets private models alone
    serve, recipes are measured and none is trained for service.

    Without anything to learn from, the champion is taken out of service: whom it was learned from has left. A training
    that diverges is refused, and the metadata says what serves in its place: see training.train_model.
    """
    config = config or ModelsConfig.on(session.settings.threads)
    learned_from = training_interactions(session, span, config.evaluation)
    pairs, lake, where = learned_from.pairs, session.lake, registry(session.settings.models)
    where.settle()
    private_alone = session.policy.serving.models == "private"
    serves = ["private"] if private_alone else []
    inputs = fingerprint_of(lake.fingerprint("training_interactions"), config.model_dump_json(), *serves)
    champion = where.champion()
    in_service = where.is_whole(champion) if champion is not None else private_alone or not pairs
    in_service = in_service and champion not in where.flagged()
    in_service = in_service and (champion is None or not private_alone or is_private(where, champion))
    if all(lake.is_current(table, inputs) for table in _MEASURED) and in_service:
        return StepResult(_trained_rows(session), skipped=True)
    metadata: dict[str, int | float | str | dict[str, Any]] = {"viewers": 0, "pairs": pairs}
    metrics, curve = [], CURVE.empty_table()
    if not pairs:
        if not (private_alone and is_private(where, champion)):
            where.retire()
        where.prune(0)
        where.decide({"serves": "none", "tried": []})
        metadata["model"] = "none: nothing may be learned from"
    else:
        with learned_data(session, learned_from, config, inputs) as (split, everyone):
            measured = measure(split, champion_of(where), barred_recipes(where), config)
            metrics = measured.metrics
            origin = origin_of(
                learned_from.days,
                learned_from.split,
                partitions(session, learned_from.days),
                _watermark(session, span),
                inputs,
            )
            unchanged = in_service and _unchanged(session, where, champion)
            interactions = everyone()
            trained = (
                leave_private(where, measured)
                if private_alone
                else train_model(where, interactions, measured, origin, config, unchanged=unchanged)
            )
        curve = _tradeoff(session, span, measured, trained.decision.get("recipe"), config)
        metadata |= {"model": str(trained.name), "serves": trained.kind, "gate": trained.decision}
        metadata["viewers"] = len(interactions)
    metadata |= {f"{m.model} {m.metric}@{m.k}": m.value for m in metrics if m.k == config.evaluation.ks[0]}
    if not metrics:
        metadata["evaluation"] = "absent: no viewer has titles on both sides of the temporal split"
    for name, table in zip(_MEASURED, (metrics_table(metrics), curve), strict=True):
        session.put(name, inputs, table)
    return StepResult(_trained_rows(session), metadata=metadata)


def _trained_rows(session: Session) -> dict[str, int]:
    return {table: session.lake.rows(table) for table in ("training_interactions", *_MEASURED)}


def _tradeoff(session: Session, span: Span, measured: Measured, recipe: str | None, config: ModelsConfig) -> pa.Table:
    """`rerank_tradeoff` of the recipe that serves; empty where it was not measured tonight."""
    model = measured.models.get(recipe or "")
    if model is None:
        return CURVE.empty_table()
    titles, popular = catalogue(session), open_popularity(session, span.as_of, config.serving.popularity_days)
    shelf = Shelf.of(model.titles, titles, long_tail(titles, popular, config.discovery.head_share))
    return tradeoff(model, measured.split, shelf, config.discovery, config.evaluation)


def _watermark(session: Session, span: Span) -> dict[str, int | str]:
    """How far the consent ledger went that the rows were decided by."""
    with opened(session) as ledger:
        rows, head = ledger.watermark(span.as_of)
    return {"rows": rows, "seq": head.seq, "hash": head.hash}


def _unchanged(session: Session, where: Registry, name: str | None) -> bool:
    """Whether all that a model learned from is permitted still."""
    return name is not None and not changed_days(session, where.load(name).manifest)


def recommend(session: Session, span: Span, config: ModelsConfig | None = None) -> StepResult:
    """`recommendations` for everyone who agreed to personalisation, from their own permitted history alone."""
    config = config or ModelsConfig.on(session.settings.threads)
    lake = session.lake
    forget_contexts(session)
    personalisation_interactions(session, span)
    served = Served.tonight(session, span, config)
    if lake.is_current("recommendations", served.fingerprint):
        lake.drop_unfinished("recommendations")
        return StepResult({table: lake.rows(table) for table in _SERVED}, skipped=True)

    executors = beyond(session, lake.rows(served.interactions), config.scale)
    if executors is None:
        lake.drop_unfinished("lists_of_recommendations")
        viewers, found = len(served.viewers.keys), _write_here(served)
        without = viewers - len(served.with_history)
    else:
        from .spark.lists import recommendations

        written = recommendations(served, executors)
        viewers, found, without = written.viewers, written.found, written.viewers - written.with_history
    metadata: dict[str, Any] = {"viewers": viewers, "model": served.champion or "none"}
    if found:
        metadata["files of a killed run that stood"] = found
    metadata["blocked titles"] = len(served.blocked & served.titles.keys())
    metadata["blocked titles that the catalogue lacks"] = len(served.blocked - served.titles.keys())
    metadata["titles outside their rights window"] = len(served.closed)
    metadata["viewers without a history"] = without
    return StepResult({table: lake.rows(table) for table in _SERVED}, metadata=metadata)


def _write_here(served: Served) -> int:
    """Write `recommendations` in this process; how many files a killed run had left of it."""
    config = served.config

    def lists(first: int, last: int) -> Iterator[pa.Table]:
        histories, filters = served.histories_of(first, last), served.filters.block(first, last)
        return top_lists(served.model, served.floor, histories, filters, config.serving)

    with served.session.lake.go_on("recommendations", served.fingerprint) as staging:
        return write_lists(lists, len(served.viewers.keys), staging, config.serving)


def segment(session: Session, span: Span, config: ModelsConfig | None = None) -> StepResult:
    """`segment_profile`, learned once a month from what training permits, and `viewer_segments` by its centres."""
    return make_segments(session, span, config or ModelsConfig.on(session.settings.threads))
