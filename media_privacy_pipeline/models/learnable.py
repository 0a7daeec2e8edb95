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
        """Fit the model and return it. Raises as Recommender.fit; Refused for a kind that can only learn in memory,
        where that does not hold so many pairs."""


def taught(model: Model, data: Interactions | Learnable) -> Model:
    """The model, fitted on the data."""
    return data.teach(model) if isinstance(data, Learnable) else model.fit(data)
