"""Counts that may be told: small cells go together, so that no figure, and no difference of figures, is about a few."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

OTHER = "other"
"""The name of the cell that holds the small ones."""


def told(counts: Mapping[str, int], least: int) -> dict[str, int]:
    """Counts of one whole, by name, as they may be told: every one of them `least` or more, the largest first.

    The cells below `least` are told together as `other`. Where that is still below it, the next larger cells join: a
    reader who knows the whole would otherwise find what is left out by subtraction. Where all of them together are
    below, nothing is told.
    """
    ordered = sorted(counts.items(), key=lambda cell: (cell[1], cell[0]))
    hidden = [cell for cell in ordered if cell[1] < least]
    rest = ordered[len(hidden) :]
    while hidden and rest and sum(count for _, count in hidden) < least:
        hidden.append(rest.pop(0))
    cells = dict(reversed(rest))
    together = sum(count for _, count in hidden)
    if together >= least:
        cells[OTHER] = cells.get(OTHER, 0) + together
    return cells


def told_by(
    rows: Iterable[Mapping[str, object]], whole: Sequence[str], name: str, count: str, least: int
) -> list[dict[str, object]]:
    """The rows of a table of counts that may be told; `whole` are the columns that tell one whole from another."""
    wholes: dict[tuple[Hashable, ...], dict[str, int]] = {}
    for row in rows:
        key = tuple(row[column] for column in whole)
        wholes.setdefault(key, {})[str(row[name])] = int(str(row[count]))
    return [
        {**dict(zip(whole, key, strict=True)), name: cell, count: number}
        for key, counts in wholes.items()
        for cell, number in told(counts, least).items()
    ]
