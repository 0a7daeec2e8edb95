"""Scores that are a sum over the viewer's own titles, plus what would be there without any."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Protocol

from ..base import Scored, Storable
from ..interactions import Floats, Ints


class Additive(Scored):
    """Scores whose every term is known."""

    @property
    @abstractmethod
    def columns(self) -> Ints:
        """Each viewer's own titles, shape (viewers, length), filled up with -1."""

    @abstractmethod
    def added(self, titles: Ints) -> tuple[Floats, Floats]:
        """Baselines of titles (viewers, k) and what each own title adds to their scores, (viewers, k, length)."""


class Made(Protocol):
    """Makes an untrained recommender from its configuration."""

    def __call__(self, config: Any) -> Storable:
        """A new recommender."""
        ...
