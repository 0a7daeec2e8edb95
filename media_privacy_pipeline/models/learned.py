"""What a night learns from, in this memory or, where it is beyond that and the engine is Spark, in blocks elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..engines import Session
from .config import ModelsConfig
from .evaluation.split import Split
from .inputs import LearnedFrom, weighed
from .interactions import Interactions
from .learnable import Learnable
from .spark.scale import beyond
from .training import split_of


@contextmanager
def learned_data(
    session: Session, learned_from: LearnedFrom, config: ModelsConfig, inputs: str
) -> Iterator[tuple[Split, Callable[[], Interactions | Learnable]]]:
    """The temporal split of training_interactions, and what gives all of it.

    On Spark what is made on the way outlives a crash, for the next run of the same `inputs` to go on with.
    """
    executors = beyond(session, learned_from.pairs, config.scale)
    if executors is None:
        session.lake.drop_unfinished("training")
        yield split_of(learned_from.rows, config), lambda: weighed(learned_from.rows, config.confidence)
        return
    from .spark.training import Training

    with session.lake.until_done("training", inputs) as scratch:
        training = Training.of(session, executors, scratch, config.confidence, config.scale)
        yield training.split(config), training.all
