"""What a side of `benchmarks.dp` released, against the truth: how much of it, how wrong, and how often covered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from .dp_inputs import DAYS, TITLES

LARGEST = 1_000


@dataclass(frozen=True)
class Figures:
    """Of one side and input, over all its draws.

    cells: released, of the draw with fewest. recall: of the 1,000 largest true cells, how many are released at all.
    among: how many of them are among the 1,000 largest released. error: median relative error of viewers on them, a
    cell that is missing counting as 1; its median over draws. covered: share of the cells whose interval of viewers
    holds the true number, and the same on the 1,000 largest; None where there are no intervals.
    """

    cells: int
    recall: float
    among: float
    error: float
    covered: float | None
    covered_largest: float | None


def figures(truth: Path, draws: Sequence[Path]) -> Figures:
    """Figures of a side's draws against the plain side's rows."""
    true = np.nan_to_num(dense(pq.read_table(truth), "viewers"))
    largest = np.argsort(-true, kind="stable")[:LARGEST]
    tables = [pq.read_table(draw) for draw in draws]
    found = [dense(table, "viewers") for table in tables]
    errors, recalls, among = [], [], []
    for viewers in found:
        there = ~np.isnan(viewers)
        off = np.where(there, np.abs(np.nan_to_num(viewers) - true), true)[largest] / np.maximum(true[largest], 1)
        errors.append(float(np.median(off)))
        recalls.append(float(there[largest].mean()))
        theirs = np.argsort(-np.nan_to_num(viewers, nan=-np.inf), kind="stable")[:LARGEST]
        among.append(float(np.isin(theirs[there[theirs]], largest).sum() / largest.size))
    covered = None
    if all("viewers_low" in table.column_names for table in tables):
        bounds = [(dense(table, "viewers_low"), dense(table, "viewers_high")) for table in tables]
        covered = np.stack([(low <= true) & (true <= high) for low, high in bounds])
    return Figures(
        cells=min(int((~np.isnan(viewers)).sum()) for viewers in found),
        recall=float(np.median(recalls)),
        among=float(np.median(among)),
        error=float(np.median(errors)),
        covered=None if covered is None else float(covered.mean()),
        covered_largest=None if covered is None else float(covered[:, largest].mean()),
    )


def dense(table: pa.Table, column: str) -> NDArray[np.float64]:
    """A column by day and title, NaN where there is no row."""
    days = table["day"].to_numpy().astype("datetime64[D]") - np.datetime64(DAYS[0], "D")
    titles = np.array([int(title[1:]) for title in table["title_id"].to_pylist()], dtype=np.int64)
    values = np.full(len(DAYS) * TITLES, np.nan)
    values[days.astype(np.int64) * TITLES + titles] = table[column].to_numpy()
    return values
