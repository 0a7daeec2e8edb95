"""Who is served tonight, by what and under which filters: the same for every table of lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from ...engines import Session, Span
from ...lake import fingerprint_of
from ..base import Recommender
from ..coldstart.floor import RegionalFloor
from ..coldstart.metadata import metadata
from ..coldstart.recommender import with_new_titles
from ..coldstart.step import ELSEWHERE, by_region
from ..config import ModelsConfig
from ..inputs import COUNTS, LAST, Title, accounts, catalogue, countries, last_day, open_popularity, read, weighed
from ..interactions import Interactions
from ..recipes import load_model
from ..recommenders.popularity import Popularity
from ..training import registry
from .filters import Filters
from .lists import Viewers, filters_of


@dataclass(frozen=True)
class Served:
    """What lists are made of; each part is read when it is first asked for, so that a night that skips reads nothing.

    `champion` is the name of the model in service, `popular` the open title counts.
    """

    session: Session
    config: ModelsConfig
    year: int
    champion: str | None
    popular: Mapping[str, float]

    @classmethod
    def tonight(cls, session: Session, span: Span, config: ModelsConfig) -> Served:
        """As of the end of a span."""
        popular = open_popularity(session, span.as_of, config.serving.popularity_days)
        return cls(session, config, last_day(span).year, registry(session.settings.models).champion(), popular)

    @property
    def fingerprint(self) -> str:
        """Digest of all that lists depend on."""
        tables = (
            "personalisation_interactions",
            "permitted_personalisation_accounts",
            "accepted_titles",
            "popular_by_region",
        )
        return fingerprint_of(
            [self.session.lake.fingerprint(table) for table in tables],
            [sorted(self.popular.items()), self.champion, self.year, sorted(self.blocked)],
            self.config.model_dump_json(),
        )

    @property
    def blocked(self) -> frozenset[str]:
        """Titles that nobody is offered."""
        return frozenset(self.session.policy.serving.blocked_titles)

    @cached_property
    def viewers(self) -> Viewers:
        """Everyone who agreed to personalisation and has an account row or a history."""
        return Viewers.of(*accounts(self.session), self._rows.column("viewer_key"))

    @cached_property
    def histories(self) -> Interactions:
        """Their own permitted histories, row by row."""
        return weighed(self._rows, self.config.confidence, everyone=self.viewers.keys)

    @cached_property
    def titles(self) -> Mapping[str, Title]:
        """The catalogue."""
        return catalogue(self.session)

    @cached_property
    def filters(self) -> Filters:
        """What each viewer may be offered."""
        ages = {key: title.minimum_age for key, title in self.titles.items() if key not in self.blocked}
        return filters_of(self.viewers, ages, self.year, self.config.serving)

    @cached_property
    def model(self) -> Recommender | None:
        """The model in service, with the titles that it never learned where it has factors; None where there is none,
        and for popularity where open counts say the same: they were paid for."""
        if self.champion is None:
            return None
        model = load_model(registry(self.session.settings.models), self.champion)
        if self.popular and isinstance(model, Popularity):
            return None
        return with_new_titles(model, metadata(self.session), self.config.cold_start)

    @cached_property
    def floor(self) -> Recommender:
        """What everybody else is given: what is popular in their country, by open counts; where no list by country
        was made, the open counts of all of them."""
        scores = by_region(self.session)
        return (
            RegionalFloor(scores, ELSEWHERE, *countries(self.session)) if scores else Popularity.of_counts(self.popular)
        )

    @cached_property
    def _rows(self) -> pa.Table:
        return read(self.session, "personalisation_interactions", ["viewer_key", "title_id", *COUNTS, LAST])
