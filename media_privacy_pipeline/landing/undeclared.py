"""Names of columns that nobody declared: counted, but only in a form that can hardly carry a value."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

OTHER = "other"
_NAME = re.compile(r"[A-Za-z][A-Za-z_]{0,38}[0-9]{0,2}")
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
