"""Interactions that a model learns from without their being in this process's memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TypeVar

from .base import Storable
from .interactions import Interactions, Ints, Strings

Model = TypeVar("Model", bound=Storable)


class Learnable(ABC):
    """What viewers watched, wherever it lies."""

    titles: Strings
    """The titles, ascending."""

    @abstractmethod
    def __len__(self) -> int:
        """How many viewers there are."""

    @property
    @abstractmethod
    def pairs(self) -> int:
        """How many pairs there are."""

    @property
    @abstractmethod
    def counts(self) -> Ints:
        """Viewers of each title."""

    @abstractmethod
    def teach(self, model: Model) -> Model:
        """A model of the same configuration, fitted; the given one or another.

        Raises as Recommender.fit; Refused for a kind that learns in memory alone, where that has no room for the pairs.
        """


def taught(model: Model, data: Interactions | Learnable) -> Model:
    """The model, fitted on the data."""
    return data.teach(model) if isinstance(data, Learnable) else model.fit(data)
