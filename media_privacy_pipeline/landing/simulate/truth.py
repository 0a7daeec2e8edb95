"""The ground truth of a simulated zone: what was planted and what is really in it, written beside the zone."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from .consents import ANSWERS
from .viewing import UNLISTED, Rows
from .world import World


class Truth:
    """Counts as the zone is written.

    accounting.csv      arrival_day, source, stage, reason, rows: what the door must find on a first run over all days
    files.jsonl         each file: its rows and what was planted in it, by kind
    title_daily.parquet day (UTC, of the event), title_id, viewers (households), plays, seconds: over all true rows
    viewers.parquet     each viewer: taste clusters, mean plays, kid or not
    households.parquet  each household: its answer at sign-up, and the day of its verified erasure
    summary.json        parameters and totals
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._cells: list[pa.Table] = []
        self._files: list[dict[str, Any]] = []
        self.accounting: Counter[tuple[date, str, str, str]] = Counter()
        self.planted: Counter[str] = Counter()

    def file(self, day: date, source: str, name: str, rows: int, planted: Counter[str]) -> None:
        """A file was written: its readable rows, and what is planted in it by kind."""
        self._files.append({"file": name, "source": source, "rows": rows, "planted": dict(sorted(planted.items()))})
        self.planted.update(planted)
        if rows:
            self.accounting[day, source, "landed", ""] += rows

    def count(self, day: date, source: str, stage: str, reason: str, rows: int) -> None:
        """So many rows came to this end."""
        if rows:
            self.accounting[day, source, stage, reason] += rows

    def watch(self, day: int, plays: Rows) -> None:
        """The plays of one event day that are delivered at some time."""
        if not len(plays):
            return
        homes = self._world.population.households
        home = self._world.population.household[plays["viewer"]].astype(np.int64)
        title = plays["title"].astype(np.int64)
        size = len(self._world.catalogue) + UNLISTED
        viewers = np.bincount(np.unique(title * homes + home) // homes, minlength=size)
        count = np.bincount(title, minlength=size)
        seconds = np.bincount(title, weights=np.maximum(plays["watched"], 0), minlength=size).astype(np.int64)
        seen = np.flatnonzero(count)
        names = pa.concat_arrays([self._world.catalogue.ids, pa.array([f"unlisted{n}" for n in range(UNLISTED)])])
        columns = {
            "day": pa.array([self._world.date(day)] * len(seen), pa.date32()),
            "title_id": names.take(pa.array(seen)),
            "viewers": viewers[seen],
            "plays": count[seen],
            "seconds": seconds[seen],
        }
        self._cells.append(pa.table(columns))

    def landed(self) -> dict[str, int]:
        """Readable rows by source."""
        rows: Counter[str] = Counter()
        for (_, source, stage, _), count in self.accounting.items():
            rows[source] += count if stage == "landed" else 0
        return dict(rows)

    def write(self, folder: Path, answer: npt.NDArray[np.int8], parameters: dict[str, Any]) -> None:
        """Write everything into an existing folder."""
        people, gone = self._world.population, self._world.gone_day
        keys = sorted(self.accounting)
        accounting = {
            "arrival_day": pa.array([key[0] for key in keys], pa.date32()),
            "source": [key[1] for key in keys],
            "stage": [key[2] for key in keys],
            "reason": [key[3] for key in keys],
            "rows": [self.accounting[key] for key in keys],
        }
        options = pyarrow.csv.WriteOptions(quoting_style="needed")
        pyarrow.csv.write_csv(pa.table(accounting), folder / "accounting.csv", options)
        (folder / "files.jsonl").write_text("".join(json.dumps(file) + "\n" for file in self._files))
        viewers = {
            "account_id": people.account_ids.take(pa.array(people.household)),
            "profile_id": people.profile_ids.cast(pa.string()),
            "cluster": people.cluster,
            "second_cluster": people.second_cluster,
            "is_kid": people.is_kid,
            "mean_plays": people.rate,
        }
        pq.write_table(pa.table(viewers), folder / "viewers.parquet", compression="zstd")
        days = [None if day >= self._world.days else self._world.date(int(day)) for day in gone]
        households = {
            "account_id": people.account_ids,
            "answer": pa.array(ANSWERS).take(pa.array(answer)),
            "erased_on": pa.array(days, pa.date32()),
        }
        pq.write_table(pa.table(households), folder / "households.parquet", compression="zstd")
        if self._cells:
            pq.write_table(pa.concat_tables(self._cells), folder / "title_daily.parquet", compression="zstd")
        totals: Counter[str] = Counter()
        for (_, source, stage, _), rows in self.accounting.items():
            totals[f"{source}.{stage}"] += rows
        summary = {"parameters": parameters, "planted": self.planted, "rows": totals}
        (folder / "summary.json").write_text(json.dumps(summary, indent=1, sort_keys=True) + "\n")
