"""Adapter: a MovieLens data set on the user's disk becomes a landing zone. A rating is one play of unknown length."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from ..errors import UsageError
from . import declared, zone
from .declared import ImportSummary
from .movielens_files import Layout, detect

_EPOCH = date(1970, 1, 1)
_YEAR = re.compile(r"\s*\((\d{4})(?:[-\u2013]\d{0,4})?\)\s*$")
_NO_GENRES = frozenset({"(no genres listed)", "unknown"})
_TERMS = (
    "Research use only, with acknowledgement; no commercial or revenue-bearing use without GroupLens' permission; no "
    "endorsement may be implied. The older sets (ml-100k, ml-1m) may not be redistributed without permission; later "
    "ones only under the same terms. The README that came with the data is what binds."
)
_SOURCE = (
    "Ratings of MovieLens, collected by GroupLens at the University of Minnesota: F. Maxwell Harper and Joseph A. "
    "Konstan. 2015. The MovieLens Datasets: History and Context. ACM TiiS 5, 4, Article 19. "
    "https://doi.org/10.1145/2827872"
)


def import_movielens(source: Path, out: Path, *, consent_rate: float = 0.8, seed: int = 7) -> ImportSummary:
    """Write a landing zone into the new folder `out` from the MovieLens set in the folder `source`.

    A rating becomes a viewing event with the id `ml-<user>-<movie>`, at its time, without watched_seconds, that
    arrives on its own day (UTC): one Parquet file a day with ratings. Ages and genders become accounts where the set
    has them. Consent is declared (see `declared`). Raises UsageError for a folder that holds none of the sets, or
    whose files cannot be read.
    """
    declared.check_rate(consent_rate)
    layout = detect(source)
    with zone.new_folder(out) as place, duckdb.connect(":memory:", config={"threads": "2"}) as connection:
        _load_ratings(connection, source, layout)
        titles = _titles(source, layout)
        zone.write(place / "titles" / "movies.parquet", titles)
        days, events = _write_events(connection, place)
        accounts = _accounts(connection, source, layout)
        consenting = declared.declare(place, accounts, days, consent_rate=consent_rate, seed=seed)
        made = {
            "Events": "every rating, whatever its stars, is taken as one play. How long anybody watched is unknown.",
            "Accounts": "user ids are those of the set, one profile each; no country, device or session is known."
            + (" Ages and genders are the set's; occupations and zip codes are left out." if layout.users else ""),
            "Consent": declared.consent_note(consent_rate, seed),
        }
        declared.write_readme(place, data_set=f"MovieLens ({layout.name})", source=_SOURCE, terms=_TERMS, made=made)
    return ImportSummary(out, layout.name, events, len(accounts), len(titles), len(days), consenting)


def _load_ratings(connection: Any, source: Path, layout: Layout) -> None:
    columns = "{'viewer': 'varchar', 'movie': 'varchar', 'stars': 'double', 'rated': 'bigint'}"
    path = str(source / layout.ratings).replace("'", "''")
    form = f"delim = '{layout.delimiter}', header = {layout.header}, columns = {columns}, auto_detect = false"
    try:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"create table ratings as select viewer, movie, rated from read_csv('{path}', {form})")
    except duckdb.Error:
        # The engine's own text may quote a row.
        raise UsageError(
            f"{source / layout.ratings}: not the ratings of {layout.name} (user, movie, stars, seconds, separated by "
            f"{layout.delimiter!r}): is it damaged? Unpack it anew"
        ) from None


def _write_events(connection: Any, out: Path) -> tuple[list[date], int]:
    """One file a day that has ratings; returns the days and the count of events."""
    reader = connection.sql(
        "select 'ml-' || viewer || '-' || movie as event_id, viewer as account_id, movie as title_id, "
        "to_timestamp(rated) as started_at, cast(rated // 86400 as integer) as day from ratings "
        "order by rated, viewer, movie"
    ).to_arrow_reader(1 << 17)
    days, events, open_day, kept = list[date](), 0, None, list[pa.RecordBatch]()

    def close(day: int) -> None:
        days.append(_EPOCH + timedelta(days=day))
        zone.write(out / "viewing_events" / f"day={days[-1]}" / "ratings.parquet", pa.Table.from_batches(kept))

    for batch in reader:
        numbers = batch.column("day").to_numpy()
        rows = batch.drop_columns(["day"])
        cuts = np.flatnonzero(np.diff(numbers)) + 1
        events += len(numbers)
        for first, last in zip([0, *cuts], [*cuts, len(numbers)], strict=True):
            if open_day is not None and numbers[first] != open_day:
                close(open_day)
                kept = []
            open_day = int(numbers[first])
            kept.append(rows.slice(first, last - first))
    if open_day is not None:
        close(open_day)
    return days, events


def _titles(source: Path, layout: Layout) -> pa.Table:
    ids, names, years, genres = [], [], [], []
    for movie, text, kinds in layout.titles(source):
        year = _YEAR.search(text)
        ids.append(movie)
        names.append(_YEAR.sub("", text).strip() or text)
        years.append(int(year[1]) if year else None)
        genres.append([kind for kind in kinds if kind not in _NO_GENRES])
    columns = {
        "title_id": pa.array(ids, pa.string()),
        "title": pa.array(names, pa.string()),
        "kind": pa.array(["film"] * len(ids), pa.string()),
        "genres": pa.array(genres, pa.list_(pa.string())),
        "release_year": pa.array(years, pa.int32()),
    }
    return pa.table(columns)


def _accounts(connection: Any, source: Path, layout: Layout) -> pa.Table:
    accounts = connection.sql(
        "select viewer as account_id, to_timestamp(min(rated)) as signup_at from ratings group by viewer order by 1"
    ).to_arrow_table()
    if layout.users is None:
        return accounts
    told = {user: (gender, layout.year - age) for user, gender, age in layout.users(source)}
    known = [told.get(user, (None, None)) for user in accounts["account_id"].to_pylist()]
    accounts = accounts.append_column("gender", pa.array([gender for gender, _ in known], pa.string()))
    return accounts.append_column("birth_year", pa.array([year for _, year in known], pa.int32()))
