"""Adapter: the click files of the news portal G1 (Globo.com) on the user's disk become a landing zone.

What the codes mean is known for the groups of devices alone, from the authors' description; the rest stays opaque.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import UsageError
from . import declared, zone
from .declared import ImportSummary

_PATTERN = "clicks_hour_*.csv.gz"
_FIRST_HOUR = datetime(2017, 10, 1, 3, tzinfo=UTC)
"""When hour 000 began: midnight in São Paulo."""
_HEADER = (
    "user_id,session_id,session_start,session_size,click_article_id,click_timestamp,click_environment,"
    "click_deviceGroup,click_os,click_country,click_region,click_referrer_type"
)
_COLUMNS = _HEADER.split(",")
_DEVICES = pa.array(["other", "mobile", "other", "web", "tablet"])  # by click_deviceGroup
_TERMS = "Academic, non-commercial use only, citing both papers; not to be redistributed."
_SOURCE = (
    "Clicks on articles of G1, the news portal of Globo.com, in October 2017: Gabriel de Souza P. Moreira, Felipe "
    "Ferreira and Adilson Marques da Cunha. 2018. News Session-Based Recommendations using Deep Neural Networks. "
    "DLRS 2018. And: Gabriel de Souza P. Moreira, Dietmar Jannach and Adilson Marques da Cunha. 2019. Contextual "
    "Hybrid Session-Based News Recommendation With Recurrent Neural Networks. IEEE Access 7."
)


def import_globo(source: Path, out: Path, *, consent_rate: float = 0.8, seed: int = 7) -> ImportSummary:
    """Write a landing zone into the new folder `out` from the hourly click files in the folder `source`.

    A click becomes a viewing event with the id `globo-<user>-<article>-<milliseconds>`, its time left in epoch
    milliseconds. An hour's file holds whole sessions, which may go on for days: its clicks arrive on their own days,
    in a file of the hour's name. An hour without clicks stays a file with a header alone. Consent is declared (see
    `declared`). Raises UsageError for a folder without such files, or one that cannot be read.
    """
    declared.check_rate(consent_rate)
    files = sorted(source.glob(_PATTERN)) or sorted((source / "clicks").glob(_PATTERN))
    if not files:
        raise UsageError(f"{source}: no Globo clicks here. Looked for {_PATTERN}. Give the folder that holds them")
    events, days = 0, set[date]()
    firsts: list[pa.Table] = []
    articles: set[int] = set()
    with zone.new_folder(out) as place:
        for path in files:
            clicks = _read(path)
            events += len(clicks)
            days |= _write_hour(place, path, clicks)
            firsts.append(clicks.group_by("user_id").aggregate([("click_timestamp", "min")]))
            articles.update(clicks["click_article_id"].unique().to_pylist())
        zone.write(place / "titles" / "articles.parquet", _titles(sorted(articles)))
        accounts = _accounts(pa.concat_tables(firsts))
        consenting = declared.declare(place, accounts, sorted(days), consent_rate=consent_rate, seed=seed)
        made = {
            "Events": "every click on an article is one play. How long anybody read is unknown.",
            "Codes": "device groups 1, 3 and 4 are mobile, desktop (here web) and tablet; operating systems and "
            "regions are kept as opaque codes, countries and referrers are not told apart.",
            "Titles": "there is no catalogue: an article's title is its id.",
            "Accounts": "user ids are those of the set, one profile each; no age is known.",
            "Consent": declared.consent_note(consent_rate, seed),
        }
        declared.write_readme(place, data_set="the Globo.com clicks", source=_SOURCE, terms=_TERMS, made=made)
    return ImportSummary(out, "globo", events, len(accounts), len(articles), len(days), consenting)


def _read(path: Path) -> pa.Table:
    columns = ", ".join(f"'{name}': 'bigint'" for name in _COLUMNS)
    text = str(path).replace("'", "''")
    try:
        with duckdb.connect(":memory:", config={"threads": "2"}) as connection:
            return connection.sql(
                f"from read_csv('{text}', header = true, auto_detect = false, delim = ',', columns = {{{columns}}})"
            ).to_arrow_table()
    except duckdb.Error:
        # The engine's own text may quote a row.
        raise UsageError(f"{path}: not an hour of Globo clicks ({_HEADER}): is it damaged? Fetch it anew") from None


def _write_hour(out: Path, path: Path, clicks: pa.Table) -> set[date]:
    """An hour's clicks, on the day of each; an empty hour on its own day."""
    rows = _events(clicks)
    numbers = clicks["click_timestamp"].to_numpy() // 86_400_000
    parts = {date(1970, 1, 1) + timedelta(days=int(n)): rows.filter(pa.array(numbers == n)) for n in np.unique(numbers)}
    if not parts:
        hour = int(path.name.removeprefix("clicks_hour_").removesuffix(".csv.gz"))
        parts = {(_FIRST_HOUR + timedelta(hours=hour)).date(): rows}
    for day, part in parts.items():
        zone.write(out / "viewing_events" / f"day={day}" / path.name, part)
    return set(parts)


def _events(clicks: pa.Table) -> pa.Table:
    def text(name: str) -> pa.ChunkedArray:
        return clicks[name].cast(pa.string())

    group = pc.if_else(pc.less(clicks["click_deviceGroup"], len(_DEVICES)), clicks["click_deviceGroup"], 0)
    ids = (text("user_id"), text("click_article_id"), text("click_timestamp"))
    columns = {
        "event_id": pc.binary_join_element_wise("globo", *ids, "-"),
        "account_id": text("user_id"),
        "title_id": text("click_article_id"),
        "started_at": clicks["click_timestamp"],
        "session_id": text("session_id"),
        "device_type": _DEVICES.take(group.combine_chunks()),
        "os": pc.binary_join_element_wise("os", text("click_os"), "-"),
        "country": pa.repeat(pa.scalar("ZZ"), len(clicks)),
        "region": pc.binary_join_element_wise("ZZ", text("click_region"), "-"),
        "referrer": pa.repeat(pa.scalar("other"), len(clicks)),
    }
    return pa.table(columns)


def _titles(articles: list[int]) -> pa.Table:
    ids = pa.array([str(article) for article in articles], pa.string())
    return pa.table({"title_id": ids, "title": ids, "kind": pa.repeat(pa.scalar("news"), len(ids))})


def _accounts(firsts: pa.Table) -> pa.Table:
    first = firsts.group_by("user_id").aggregate([("click_timestamp_min", "min")])
    at = first["click_timestamp_min_min"].cast(pa.timestamp("ms", tz="UTC"))
    return pa.table({"account_id": first["user_id"].cast(pa.string()), "signup_at": at})
