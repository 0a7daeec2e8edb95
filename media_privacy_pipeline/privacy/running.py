"""Totals over the periods of a year, as sums of what was released. Post-processing: it costs nothing, and has no state
beside the released tables themselves.

Why no tree and no correlated noise: docs/privacy-proofs.md, 10.5. For an account that may contribute its bound in every
period, no unbiased linear mechanism has a smaller error at the end of the year, and both known ones have a larger one
all year (`python -m benchmarks.running_totals`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..release_policy import TableStatement
from .contributions import BoundedSums
from .estimate import ratio_of, rounded, uncentred
from .mechanism import mechanism_of
from .noise import Integers
from .ratios import Estimate, Floats, Z
from .weights import ONE

_BETWEEN = "\x1f"
_DECIMALS = 3
_RATIO_Z = 2.5758293035489
"""Of a 99 % interval; those of ratio_of are of 99.5 %, so that the deviation made of one is too large by a tenth, and
never too small."""


def year_of(first: date) -> int:
    """The year that a period counts to: the ISO 8601 week-year of its first day."""
    return first.isocalendar().year


def with_totals(statement: TableStatement, rows: pa.Table, drawn: BoundedSums, before: Sequence[pa.Table]) -> pa.Table:
    """`rows` of a period, and for each measure m the columns m_noisy and m_sd (debiased, and below 0 where noise is: so
    that sums of them have no bias), and m_to_date with its 95 % interval: the total with the periods `before`.

    periods_to_date says of how many periods a row's total is: one that was never released is in no total, and one
    whose catalogue did not have the row's cell yet is not in that row's.
    """
    places = [_places(statement, rows, table) for table in before]
    mechanism = mechanism_of(statement)
    ratio = ratio_of(mechanism, drawn.totals)
    middle, spread = float(ratio.value), float(ratio.high - ratio.low) / (2 * _RATIO_Z)
    columns: dict[str, Floats] = {}
    for number, (name, measure) in enumerate(statement.measures.items()):
        raw, scale = uncentred(mechanism, drawn.values, number)
        unit = ONE * measure.per
        noisy = np.round(raw * middle / unit, _DECIMALS)
        # Rounded up to the decimals, whose own rounding of the value is far below.
        sd: Floats = (
            np.ceil(np.hypot(scale * middle, np.maximum(raw, 0) * spread) / unit * 10**_DECIMALS) / 10**_DECIMALS
        )
        total, square = noisy.copy(), np.square(sd)
        for table, (mine, theirs) in zip(before, places, strict=True):
            total[mine] += table[f"{name}_noisy"].to_numpy()[theirs]
            square[mine] += table[f"{name}_sd"].to_numpy()[theirs] ** 2
        reach: Floats = Z * np.sqrt(square)
        columns[f"{name}_noisy"], columns[f"{name}_sd"] = noisy, sd
        to_date = Estimate(np.maximum(total, 0), np.maximum(total - reach, 0), np.maximum(total + reach, 0))
        columns |= rounded(f"{name}_to_date", to_date, _DECIMALS)
    columns["periods_to_date"] = 1.0 + np.bincount(
        np.concatenate([np.zeros(0, np.int64), *(mine for mine, _ in places)]), minlength=rows.num_rows
    ).astype(np.float64)
    for name, values in columns.items():
        rows = rows.append_column(name, pa.array(values, pa.float64()))
    return rows


def _places(statement: TableStatement, rows: pa.Table, table: pa.Table) -> tuple[Integers, Integers]:
    """Where both tables have the same cell: places in the first, and the same cells' places in the second."""
    keys = [pc.binary_join_element_wise(*(each[name] for name in statement.cells), _BETWEEN) for each in (rows, table)]
    found = pc.index_in(keys[0], value_set=keys[1].combine_chunks())
    mine: Integers = np.flatnonzero(found.is_valid().to_numpy())
    return mine, found.drop_null().to_numpy().astype(np.int64)
