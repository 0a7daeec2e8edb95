"""Names of columns that nobody declared: counted, but only in a form that can hardly carry a value.

A key of a JSON object may be a value, so that there may be as many names as rows: a query counts them, and those that
are never shown it counts together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

OTHER = "other"
_PATTERN = "[A-Za-z][A-Za-z_]{0,38}[0-9]{0,2}"
_NAME = re.compile(_PATTERN)
_MOST = 20


def printable(names: Mapping[str, int]) -> Counter[str]:
    """Counts by name. A name that does not look like a column's, or is not among the twenty most frequent, is `other`:
    a key of a JSON object, or the first row of a file without a header, may be a person's data.
    """
    counts: Counter[str] = Counter()
    plain = {name: rows for name, rows in names.items() if _NAME.fullmatch(name)}
    shown = sorted(plain, key=lambda name: (-plain[name], name))[:_MOST]
    for name, rows in names.items():
        counts[name if name in shown else OTHER] += rows
    return counts


def most(rows: str, known: str) -> str:
    """SQL text of the counts by day (name, arrival_day, rows) of what `printable` can show of two tables together, and
    of all others under no name: of rows with a list of names each, `_undeclared`, and of names that are counted already
    (columns as those of the result).
    """
    return f"""
        with every as (
          select name, arrival_day, cast(count(*) as bigint) as rows
          from (select unnest(_undeclared) as name, arrival_day from {rows}) as named
          group by name, arrival_day
          union all
          select name, arrival_day, rows from {known}
        ),
        summed as (
          select name, arrival_day, sum(rows) as rows,
            name <> '' and regexp_extract(name, '^{_PATTERN}', 0) = name as plain
          from every
          group by name, arrival_day
        ),
        placed as (
          select name, arrival_day, rows, plain,
            row_number() over (partition by arrival_day, plain order by rows desc, name) as place
          from summed
        )
        select case when plain and place <= {_MOST} then name else '' end as name, arrival_day,
          cast(sum(rows) as bigint) as rows
        from placed
        group by 1, 2"""
