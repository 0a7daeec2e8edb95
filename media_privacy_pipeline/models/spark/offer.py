"""What lists are made of, as it travels to executors: all of it is public but the model, which they read by its path.

Of a piece of viewers an executor has every row, so that it makes of it what `serving.served` makes of all viewers: who
is served, their histories, what each may be offered, and the list of those without a history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ...engines import Session
from ...engines.protocol import Input
from ...sql.permitted import permitted_name
from ..base import Recommender
from ..coldstart.floor import RegionalFloor
from ..coldstart.metadata import Metadata, metadata
from ..coldstart.recommender import with_new_titles
from ..coldstart.step import ELSEWHERE, by_region
from ..config import ModelsConfig
from ..inputs import LAST, Title, hidden_table
from ..interactions import Interactions
from ..recipes import load_model
from ..recommenders.popularity import Popularity
from ..registry import Registry
from ..serving.filters import Filters
from ..serving.lists import Viewers, filters_of
from ..serving.served import Served

_ACCOUNT, _WATCHED, _HIDDEN, _LISTED = range(4)
_COLUMNS = {
    "viewer_key": "varchar",
    "part": "integer",
    "is_kid": "boolean",
    "birth_year": "integer",
    "country": "varchar",
    "title_id": "varchar",
    "plays": "bigint",
    "timed_plays": "bigint",
    "watched_seconds": "bigint",
    "last_played": "date",
    "daypart": "varchar",
    "device_class": "varchar",
    "week": "date",
    "rank": "integer",
    "reason_title_id": "varchar",
}
"""Of the one table that a purpose's viewers are cut from: rows of four parts, each with its own columns filled."""


@dataclass(frozen=True)
class Offer:
    """See serving.served.Served, whose parts these are. `models` is where models are, `name` what this offer is called
    by."""

    name: str
    models: Path
    champion: str | None
    metadata: Mapping[str, Metadata]
    titles: Mapping[str, Title]
    minimum_age: dict[str, int]
    regions: Mapping[str, Mapping[str, float]]
    popular: Mapping[str, float]
    latest: date | None
    year: int
    config: ModelsConfig

    @classmethod
    def of(cls, served: Served) -> Offer:
        """Tonight's."""
        session, barred = served.session, served.blocked | served.closed
        return cls(
            served.fingerprint,
            session.settings.models / "recommenders",
            None if served.model is None else served.champion,
            metadata(session),
            served.titles,
            {key: title.minimum_age for key, title in served.titles.items() if key not in barred},
            by_region(session),
            served.popular,
            served.latest if LAST in session.project.contracts[served.interactions].types else None,
            served.year,
            served.config,
        )

    @property
    def model(self) -> Recommender | None:
        """The model that serves; read once by a process."""
        if self.champion is None:
            return None
        if self.name not in _READ:
            _READ.clear()
            model = load_model(Registry(self.models), self.champion)
            _READ[self.name] = with_new_titles(model, self.metadata, self.config.cold_start)
        return _READ[self.name]

    def part(self, rows: pa.Table) -> Part:
        """From the rows of some viewers."""
        kind = rows.column("part")
        account, watched, hidden, listed = (rows.filter(pc.equal(kind, n)) for n in range(4))
        keys = account.column("viewer_key").combine_chunks()
        kids = pc.fill_null(account.column("is_kid"), False).to_numpy().astype(bool)
        years = pc.fill_null(account.column("birth_year").cast(pa.float64()), float("nan")).to_numpy()
        with_history = pa.chunked_array([pc.unique(watched.column("viewer_key"))])
        viewers = Viewers.of(keys, kids, years, with_history)
        own = hidden.filter(pc.is_in(hidden.column("viewer_key"), value_set=viewers.keys))
        hid = Interactions.of(own.column("viewer_key"), own.column("title_id"), everyone=viewers.keys)
        filters = filters_of(viewers, self.minimum_age, self.year, self.config.serving, hid)
        floor: Recommender = Popularity.of_counts(self.popular)
        if self.regions:
            floor = RegionalFloor(self.regions, ELSEWHERE, keys, account.column("country").to_pylist())
        return Part(viewers, watched, listed, filters, floor, len(with_history))


_READ: dict[str, Recommender] = {}


@dataclass(frozen=True)
class Part:
    """Some viewers: who is served, what they watched, what is listed for them already (both as stored), what each may
    be offered, who has no history's list, and how many have one."""

    viewers: Viewers
    watched: pa.Table
    listed: pa.Table
    filters: Filters
    floor: Recommender
    with_history: int


def rows_of(session: Session, served: Served, listed: str | None = None) -> tuple[str, dict[str, Input], int]:
    """The query of all that lists of a purpose are made of, its inputs, and how many rows it has; with the lists that a
    table holds already, where it is named. Raises UsageError as inputs.hidden_table."""
    tables = {
        permitted_name(served.purpose, "accounts"): _ACCOUNT,
        served.interactions: _WATCHED,
        hidden_table(session, served.purpose): _HIDDEN,
        **({listed: _LISTED} if listed is not None else {}),
    }
    selects, inputs, rows = [], dict[str, Input](), 0
    for table, part in tables.items():
        folder = session.folder(table)
        shown = {"part": str(part)} | {name: name for name in _COLUMNS if name in folder.types and name != "part"}
        columns = ", ".join(f"cast({shown.get(name, 'null')} as {kind}) as {name}" for name, kind in _COLUMNS.items())
        selects.append(f"select {columns} from {table}")
        inputs[table] = folder
        rows += session.lake.rows(table)
    return " union all ".join(selects), inputs, rows
