"""Writing one feed's drop of one day: split over files and formats, with what is malformed planted between the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from .. import zone
from .delivery import Drop
from .faults import SPOILERS, Faults, Row, Spoiler, csv_line
from .feeds import Feed
from .truth import Truth
from .viewing import Rows
from .world import World

_PLAIN_SHARE = 0.03
"""Rows in an uncompressed text file, compared to another file of the same day."""
_LEAST = 0.2
_UNDECLARED_EVERY_DAYS = 4
UNDECLARED = "debug_blob"


class Dropper:
    """Writes the files of one feed. Which rule is broken next goes round over the whole zone, so that all are."""

    def __init__(
        self, world: World, feed: Feed, out: Path, formats: Sequence[str], faults: Faults, truth: Truth
    ) -> None:
        self._world, self._feed, self._out, self._formats = world, feed, out, formats
        self._faults, self._truth = faults, truth
        self._turn = 0

    def write(self, rng: np.random.Generator, day: int, drop: Drop, formats: Sequence[str]) -> None:
        """Write a drop: its rows in one file a format, then what is sent again, later in the order of names."""
        date, source = self._world.date(day), self._feed.source
        bounds = np.cumsum([_PLAIN_SHARE if suffix in (".csv", ".jsonl") else 1.0 for suffix in formats])
        cuts = (bounds / bounds[-1] * len(drop.clean)).round().astype(int)
        for number, rows in enumerate(np.split(drop.clean, cuts[:-1])):
            if len(rows) or number == 0:
                self._file(rng, day, f"part-{number}{formats[number]}", rows, Counter())
        again = np.concatenate([drop.duplicates, drop.conflicts])
        if len(again):
            planted = Counter(duplicate=len(drop.duplicates), conflict=len(drop.conflicts))
            suffix = self._formats[day % len(self._formats)]
            self._file(rng, day, f"resent-0{suffix}", again, +planted, clean=False)
        self._truth.count(date, source, "accepted", "", len(drop.clean))
        self._truth.count(date, source, "duplicate", "", len(drop.duplicates))
        self._truth.count(date, source, "quarantined", "conflicting_duplicate", len(drop.conflicts))

    def path(self, day: int, name: str) -> Path:
        """Where a file of a day goes."""
        return self._out / self._feed.source / f"day={self._world.date(day)}" / name

    def _file(
        self, rng: np.random.Generator, day: int, name: str, rows: Rows, planted: Counter[str], *, clean: bool = True
    ) -> None:
        path = self.path(day, name)
        suffix = zone.suffix_of(path)
        table, date = self._feed.render(self._world, rows), self._world.date(day)
        undeclared = clean and self._faults.files and day % _UNDECLARED_EVERY_DAYS == 1 and name.startswith("part-0")
        if undeclared:
            table = table.append_column(UNDECLARED, pa.array(["trace"] * len(rows)))
        spoilers = self._spoilers(rng, suffix, len(rows)) if clean and len(rows) else []
        lines, spoilt = [], list[Row]()
        for number, spoiler in enumerate(spoilers):
            row = self._spoil(spoiler, table, int(rng.integers(len(rows))), suffix, f"x{day}-{name[5]}-{number}")
            if suffix == ".parquet":
                spoilt.append(row)
            else:
                lines.append((int(rng.integers(len(rows))), _line(spoiler, row, suffix)))
            planted[spoiler.kind] += 1
            self._truth.count(date, self._feed.source, "quarantined", spoiler.reason, 1)
        if spoilt:
            table = pa.concat_tables([table, pa.Table.from_pylist(spoilt, schema=table.schema)])
        if suffix == ".jsonl":
            table = _in_milliseconds(table)
        offsets = self._world.population.offsets()[self._feed.home(self._world, rows)]
        zone.write(path, table, offsets=offsets if suffix.startswith(".jsonl") else None, lines=lines)
        if undeclared:
            told = len(rows) + sum(spoiler.row is not None for spoiler in spoilers)
            planted[UNDECLARED] = told
            self._truth.count(date, self._feed.source, "undeclared_column", UNDECLARED, told)
        self._truth.file(date, self._feed.source, str(path.relative_to(self._out)), len(rows) + len(spoilers), planted)

    def _spoilers(self, rng: np.random.Generator, suffix: str, rows: int) -> list[Spoiler]:
        # Small feeds get more than their share, or most rules would never be broken in them.
        count = int(rng.poisson(max(self._faults.malformed * rows, _LEAST) if self._faults.malformed else 0))
        if suffix == ".parquet":
            able = [spoiler for spoiler in SPOILERS[self._feed.source] if spoiler.typed]
        else:
            able = [s for s in SPOILERS[self._feed.source] if not s.suffix or suffix.startswith(f".{s.suffix}")]
        chosen = [able[(self._turn + n) % len(able)] for n in range(count)]
        self._turn += count
        return chosen

    def _spoil(self, spoiler: Spoiler, table: pa.Table, place: int, suffix: str, new_id: str) -> Row:
        """A copy of a row under an id of its own, so that it is refused for the one rule that it breaks."""
        sample = table.slice(place, 1)
        if suffix != ".parquet":
            for number, field in enumerate(sample.schema):
                if pa.types.is_timestamp(field.type):
                    sample = sample.set_column(number, field.name, zone.text_times(sample.column(number)))
        row: dict[str, Any] = {**sample.to_pylist()[0], self._feed.id_column: new_id}
        return spoiler.row(row) if spoiler.row else row


def _in_milliseconds(table: pa.Table) -> pa.Table:
    """Times as milliseconds since 1970, which some systems send instead of text."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(pa.int64()))
    return table


def _line(spoiler: Spoiler, row: Row, suffix: str) -> str:
    line = csv_line(row) if suffix.startswith(".csv") else zone.json_line(row)
    return spoiler.line(line) if spoiler.line else line
