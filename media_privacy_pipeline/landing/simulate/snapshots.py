"""Snapshots of titles and accounts: everything on the first day; later corrections and sign-ups that win over it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from .. import zone
from .truth import Truth
from .world import World


def write_snapshots(world: World, out: Path, formats: Sequence[str], book: Truth) -> None:
    """Write both snapshots of both inputs; a row of the second whose key the first holds too supersedes it."""
    last, people = world.date(world.days - 1), world.population
    accounts, titles = people.accounts(), world.catalogue.table
    new = people.signup_day[people.household] >= 0
    moved = np.flatnonzero(~new)[::40]
    changed = accounts.take(pa.array(moved))
    changed = changed.set_column(changed.schema.get_field_index("plan"), "plan", pa.array(["premium"] * len(moved)))
    retold = titles.take(pa.array(np.arange(0, len(titles), 25)))
    retold = retold.set_column(
        retold.schema.get_field_index("synopsis"), "synopsis", pa.array(["Made up, and corrected."] * len(retold))
    )
    late = pa.concat_tables([accounts.filter(pa.array(new)), changed])
    middle = world.date(world.days // 2)
    packed = [suffix for suffix in formats if suffix not in (".csv", ".jsonl")] or list(formats)
    for source, first, second in (("titles", titles, retold), ("accounts", accounts.filter(pa.array(~new)), late)):
        for number, (day, table) in enumerate(((world.first_day, first), (middle, second))):
            name = f"{source}/{day}-{number}{packed[number % len(packed)]}"
            zone.write(out / name, table)
            book.file(last, source, name, len(table), Counter())
        superseded = len(retold) if source == "titles" else len(moved)
        book.count(last, source, "accepted", "", len(first) + len(second) - superseded)
        book.count(last, source, "superseded", "", superseded)
