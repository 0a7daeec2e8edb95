"""Plays that a recommendation led to, as one vector an account, of L2 norm 1 at most, however much was played.

Why plays and not the lists themselves: a list is made by a model that learned from everybody, so that one account
moves the lists of others, and no bound on its own list bounds what it does to their sum. What an account played depends
on that account alone; for its own rows the bound holds.

Each account's plays are worth 1 together. In each facet the parts of a title add up to 1: the account's exposures there
are not below 0 and add up to 1, and their L2 norm is 1 at most. The facets stand one after the other, each times
1 / sqrt(facets).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..interactions import positions
from .plan import FACETS, Plan

SCALE = 1 / len(FACETS) ** 0.5
_BLOCK = 8_192


def contributions(plan: Plan, plays: pa.Table) -> Iterator[NDArray[np.float64]]:
    """Blocks of rows, one an account: shape (accounts, plan's groups). At least one block, without rows if need be.

    `plays` has account_key, title_id and plays, one row a pair. Titles that the plan lacks are worth nothing.
    """
    place = positions(plan.names, np.array(plays.column("title_id").to_pylist(), np.str_))
    kept = np.flatnonzero(place >= 0)
    shares, width = plan.shares(), len(plan.groups)
    if not len(kept):
        yield np.zeros((0, width))
        return
    owner = plays.column("account_key").combine_chunks().take(pa.array(kept))
    account = pc.index_in(owner, pc.unique(owner)).to_numpy()
    worth = plays.column("plays").to_numpy()[kept].astype(np.float64)
    worth /= np.bincount(account, worth)[account]
    order = np.argsort(account, kind="stable")
    account, worth, place = account[order], worth[order], place[kept][order]
    accounts = int(account[-1]) + 1
    for first in range(0, accounts, _BLOCK):
        last = min(first + _BLOCK, accounts)
        own = slice(*np.searchsorted(account, [first, last]))
        table = np.zeros((last - first, width))
        np.add.at(table, account[own] - first, shares[place[own]] * (worth[own, None] * SCALE))
        yield table
