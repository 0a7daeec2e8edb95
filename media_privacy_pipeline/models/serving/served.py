"""Who is served tonight, by what and under which filters: the same for every table of lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from ...engines import Session, Span
from ...lake import fingerprint_of
from ...sql.permitted import permitted_name
from ..base import Recommender
from ..coldstart.floor import RegionalFloor
from ..coldstart.metadata import metadata
from ..coldstart.recommender import with_new_titles
from ..coldstart.step import ELSEWHERE, by_region
from ..config import ModelsConfig
from ..inputs import (
    COUNTS,
    LAST,
    Title,
    accounts,
    catalogue,
    closed_titles,
    countries,
    distinct,
    hidden_titles,
    last_day,
    open_popularity,
    read,
    read_of,
    weighed,
)
from ..interactions import Interactions
from ..recipes import load_model
from ..recommenders.popularity import Popularity
from ..training import is_private, registry
from .filters import Filters
from .lists import Viewers, filters_of


@dataclass(frozen=True)
class Served:
    """What lists are made of; each part is read when it is first asked for, so that a night that skips reads nothing.

    `purpose` is the one whose permitted tables are read, and no other's. `day` is the serving day, which begins at the
    as-of time; `year` the one in which ages are told. `champion` is the name of the model in service, `popular` the
    open title counts.
    """

    session: Session
    config: ModelsConfig
    purpose: str
    day: date
    year: int
    champion: str | None
    popular: Mapping[str, float]

    @classmethod
    def tonight(cls, session: Session, span: Span, config: ModelsConfig, purpose: str = "personalisation") -> Served:
        """As of the end of a span."""
        popular = open_popularity(session, span.as_of, config.serving.popularity_days)
        champion = registry(session.settings.models).champion()
        return cls(session, config, purpose, span.as_of.date(), last_day(span).year, champion, popular)

    @property
    def fingerprint(self) -> str:
        """Digest of all that lists depend on."""
        permitted = (permitted_name(self.purpose, table) for table in ("accounts", "hidden_titles"))
        tables = (self.interactions, *permitted, "accepted_titles", "popular_by_region")
        private = ["private"] if self._private_alone else []
        return fingerprint_of(
            [self.session.lake.fingerprint(table) for table in tables],
            [sorted(self.popular.items()), self.champion, self.year, sorted(self.blocked), sorted(self.closed)],
            self.config.model_dump_json(),
            *private,
        )

    @property
    def interactions(self) -> str:
        """The table of histories."""
        return f"{self.purpose}_interactions"

    @property
    def blocked(self) -> frozenset[str]:
        """Titles that nobody is offered."""
        return frozenset(self.session.policy.serving.blocked_titles)

    @cached_property
    def closed(self) -> frozenset[str]:
        """Titles that may not be offered on the serving day."""
        return closed_titles(self.session, self.day)

    @cached_property
    def viewers(self) -> Viewers:
        """Everyone who agreed to the purpose and has an account row or a history."""
        return Viewers.of(*accounts(self.session, self.purpose), self.with_history)

    @cached_property
    def with_history(self) -> pa.ChunkedArray:
        """The viewers that have a history, each once."""
        return distinct(self.session, self.interactions, "viewer_key")

    @cached_property
    def histories(self) -> Interactions:
        """Their own permitted histories, row by row."""
        rows = read(self.session, self.interactions, ["viewer_key", "title_id", *COUNTS, LAST])
        return weighed(rows, self.config.confidence, everyone=self.viewers.keys, latest=self.latest)

    def histories_of(self, first: int, last: int) -> Interactions:
        """The histories of the viewers `first` to `last` (excluded) alone: no others are held in memory."""
        keys = self.viewers.keys[first:last]
        rows = read_of(self.session, self.interactions, ["viewer_key", "title_id", *COUNTS, LAST], keys)
        return weighed(rows, self.config.confidence, everyone=keys, latest=self.latest)

    @cached_property
    def titles(self) -> Mapping[str, Title]:
        """The catalogue."""
        return catalogue(self.session)

    @cached_property
    def filters(self) -> Filters:
        """What each viewer may be offered."""
        barred = self.blocked | self.closed
        ages = {key: title.minimum_age for key, title in self.titles.items() if key not in barred}
        hidden = hidden_titles(self.session, self.purpose, self.viewers.keys)
        return filters_of(self.viewers, ages, self.year, self.config.serving, hidden)

    @cached_property
    def model(self) -> Recommender | None:
        """The model in service, with the titles that it never learned where it has factors. None where there is none,
        for one that is not private where the policy lets private ones alone serve, and for popularity where open
        counts say the same: they were paid for."""
        where = registry(self.session.settings.models)
        if self.champion is None or (self._private_alone and not is_private(where, self.champion)):
            return None
        model = load_model(where, self.champion)
        if self.popular and isinstance(model, Popularity):
            return None
        return with_new_titles(model, metadata(self.session), self.config.cold_start)

    @property
    def _private_alone(self) -> bool:
        return self.session.policy.serving.models == "private"

    @cached_property
    def floor(self) -> Recommender:
        """What everybody else is given: what is popular in their country, by open counts; where no list by country
        was made, the open counts of all of them."""
        scores = by_region(self.session)
        if not scores:
            return Popularity.of_counts(self.popular)
        return RegionalFloor(scores, ELSEWHERE, *countries(self.session, self.purpose))

    @cached_property
    def latest(self) -> date | None:
        """The latest day on which anything of the histories was played."""
        newest: date | None = pc.max(distinct(self.session, self.interactions, LAST)).as_py()
        return newest
