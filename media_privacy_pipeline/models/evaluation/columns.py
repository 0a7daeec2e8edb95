"""Which column of a file is what: by the names in its header, by the order given, or by the usual order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ...errors import UsageError

ROLES = ("user", "item", "rating", "timestamp")
_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("user", "userid", "uid", "viewer", "viewerid", "account", "accountid", "customerid"), "user"),
    **dict.fromkeys(("item", "itemid", "iid", "movie", "movieid", "title", "titleid", "sid", "artistid"), "item"),
    **dict.fromkeys(("rating", "score", "weight", "value", "count", "plays"), "rating"),
    **dict.fromkeys(("timestamp", "time", "date", "datetime", "unixtime", "ratedat"), "timestamp"),
}


def given(text: str | None) -> tuple[str, ...] | None:
    """The order of `--columns`, such as user,item,-,timestamp, in which - skips one. Raises UsageError for others."""
    if text is None:
        return None
    roles = tuple(role.strip() for role in text.split(","))
    named = [role for role in roles if role != "-"]
    if unknown := sorted(set(named) - set(ROLES)):
        raise UsageError(
            f"--columns: there is no {', '.join(unknown)}; there are {', '.join(ROLES)}, and - to skip one"
        )
    if len(set(named)) < len(named) or not {"user", "item"} <= set(named):
        raise UsageError("--columns: name user and item, and each column once")
    return roles


def by_name(header: Sequence[str]) -> dict[str, int] | None:
    """Place of each role in a header; None where it does not name a user and an item. `:token` and the like are cut."""
    found: dict[str, int] = {}
    for place, name in enumerate(header):
        plain = re.sub(r"[^a-z]", "", name.split(":")[0].strip('" \ufeff').lower())
        if (role := _NAMES.get(plain)) is not None:
            found.setdefault(role, place)
    return found if {"user", "item"} <= set(found) else None


def by_order(width: int, where: str, order: Sequence[str] | None) -> dict[str, int]:
    """Place of each role without a header: as given, or user, item, rating, timestamp. Raises UsageError."""
    if order is None and not 2 <= width <= len(ROLES):
        raise UsageError(
            f"{where}: {width} column{'s' if width != 1 else ''} without a header that names user and item; expected "
            f"{', '.join(ROLES)} in this order, the last two may lack, or --columns to say what they are"
        )
    roles = tuple(order or ROLES[:width])
    if len(roles) != width:
        raise UsageError(f"{where}: it has {width} columns and --columns names {len(roles)}")
    return {role: place for place, role in enumerate(roles) if role != "-"}
