"""Search events: what was typed shortly before a play that came from search, and searches that led nowhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .catalogue import GENRES
from .ids import hexadecimal, mixed
from .population import PLACES
from .viewing import SEARCHED, Rows
from .world import World

SEARCH = np.dtype(
    [
        ("number", "u8"),
        ("viewer", "i4"),
        ("searched", "i8"),
        ("words", "i4"),  # a title, or a genre past the catalogue's end
        ("clicked", "i4"),  # negative: nothing
        ("personal", "?"),  # whether somebody typed an address into it
    ]
)
_TYPED_SHARE = 0.6
_NOTHING_FOUND_SHARE = 0.15
_SALT = 17_000_023


def searches_of(world: World, day: int, plays: Rows, personal: float = 0.0) -> Rows:
    """The searches of one UTC day, given its plays: six in ten plays from search, and one in seven without a click; a
    share of `personal` holds an e-mail address."""
    rng = world.stream("searches", day)
    listed = plays["title"] < len(world.catalogue)
    found = plays[(plays["referrer"] == SEARCHED) & listed & (rng.random(len(plays)) < _TYPED_SHARE)]
    searches = np.zeros(len(found), dtype=SEARCH)
    numbers = np.arange(len(found), dtype=np.uint64) + np.uint64(day << 28)
    searches["number"] = mixed(numbers, _SALT + world.seed)
    searches["viewer"] = found["viewer"]
    searches["searched"] = np.maximum(found["started"] - rng.integers(4, 60, len(found)), world.epoch(day))
    searches["words"], searches["clicked"] = found["title"], found["title"]
    lost = rng.random(len(found)) < _NOTHING_FOUND_SHARE
    searches["words"][lost] = len(world.catalogue) + rng.integers(0, len(GENRES), lost.sum())
    searches["clicked"][lost] = -1
    # A stream of its own: without such values, everything else comes out as if there were no such option.
    searches["personal"] = world.stream("personal values", day).random(len(found)) < personal
    return searches[np.argsort(searches["searched"], kind="stable")]


def render(world: World, searches: Rows) -> pa.Table:
    """Searches as rows of search_events, with every declared column."""
    people = world.population
    home = people.household[searches["viewer"]]
    titles = pc.utf8_lower(world.catalogue.table["title"].combine_chunks())
    words = pa.concat_arrays([titles, pa.array([f"{genre} for tonight" for genre in GENRES])])
    columns: dict[str, Any] = {
        "event_id": hexadecimal(searches["number"], "q"),
        "account_id": people.account_ids.take(pa.array(home)),
        "profile_id": people.profile_ids.take(pa.array(searches["viewer"])).cast(pa.string()),
        "searched_at": pa.array(searches["searched"] * 1000, pa.timestamp("ms", tz="UTC")),
        "query": words.take(pa.array(searches["words"])),
        "clicked_title_id": world.catalogue.ids.take(pa.array(searches["clicked"], mask=searches["clicked"] < 0)),
        "country": pa.array([p[0] for p in PLACES]).take(pa.array(people.place[home])),
    }
    address = pc.binary_join_element_wise("write to ", columns["event_id"], "@mail.example", "")
    columns["query"] = pc.if_else(pa.array(searches["personal"]), address, columns["query"])
    return pa.table(columns)
