"""What the charts show, read from the release's own open tables: nothing here knows more than a reader does."""

from __future__ import annotations

from ..engines import Session
from ..published import Release

Interval = tuple[str, float, float, float]
"""Label, value, and both ends of its interval."""

# Independent noise adds in squares, so the interval of a sum is narrower than the sum of the intervals. Values are cut
# at zero when they are released; the distance to the upper end is the one that is never cut.
_TOP_TITLES = """
    with latest as (select max(day) as day from title_daily),
    week as (
        select title_id, plays, plays_high - plays as wide
        from title_daily
        where date_diff('day', day, (select day from latest)) < 7
    )
    select title_id, sum(plays) as value, sqrt(sum(wide * wide)) as half
    from week group by title_id order by value desc, title_id limit 10"""

# The table with the fewest cells: each cell's noise is cut at zero, so that sums over many cells come out too high.
_DAILY = """
    select cast(day as varchar) as label, sum(plays) as value,
           sqrt(sum((plays_high - plays) * (plays_high - plays))) as half
    from discovery_daily group by day order by day desc limit 90"""


def top_titles(session: Session, release: Release) -> list[Interval]:
    """The ten most played titles of the last seven released days, by name where the catalogue has one."""
    rows = _query(release, "title_daily", _TOP_TITLES)
    names: dict[str, str] = {}
    if session.lake.has("accepted_titles"):
        ids = ", ".join("'" + str(row[0]).replace("'", "''") + "'" for row in rows) or "''"
        sql = f"select title_id, title from accepted_titles where title_id in ({ids})"
        found = session.engine.fetch(sql, {"accepted_titles": session.folder("accepted_titles")}).to_pylist()
        names = {row["title_id"]: row["title"] for row in found}
    return [(names.get(row[0], row[0]), row[1], max(row[1] - row[2], 0.0), row[1] + row[2]) for row in rows]


def daily_plays(release: Release) -> list[Interval]:
    """Plays on each of the last ninety released days, however people came to them."""
    rows = _query(release, "discovery_daily", _DAILY)
    return [(row[0], row[1], max(row[1] - row[2], 0.0), row[1] + row[2]) for row in reversed(rows)]


def _query(release: Release, table: str, sql: str) -> list[tuple[str, float, float]]:
    if table not in release.tables or not release.manifest.tables[table].rows:
        return []
    import duckdb

    with duckdb.connect() as connection:
        release.duckdb(table, connection).create_view(table)
        rows: list[tuple[str, float, float]] = connection.execute(sql).fetchall()
    return rows
