"""Lists counted into one vector an account, of L2 norm 1 at most, whoever is in the account and however long they are.

A place at rank r of a list is worth 1 / log2(r + 1) (Singh and Joachims 2018), over the sum of the list's places, so
that a list is worth 1; the profiles of an account that have one share the account's one. In each facet the parts of a
title add up to 1: the account's exposures there are not below 0 and add up to 1, and their L2 norm is 1 at most. The
facets stand one after the other, each times 1 / sqrt(facets).
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


def contributions(plan: Plan, lists: pa.Table, accounts: pa.Table) -> Iterator[NDArray[np.float64]]:
    """Blocks of rows, one an account: shape (accounts, plan's groups). At least one block, without rows if need be.

    `lists` has viewer_key, rank and title_id; `accounts` each viewer's account_key. Who has no account row is left out:
    it is not known whose account they are. Titles that the plan lacks are worth nothing.
    """
    account_of = accounts.group_by(["viewer_key", "account_key"]).aggregate([])
    at = pc.index_in(lists.column("viewer_key"), account_of.column("viewer_key"))
    place = positions(plan.names, np.array(lists.column("title_id").to_pylist(), np.str_))
    kept = np.flatnonzero(pc.is_valid(at).to_numpy() & (place >= 0))
    shares, width = plan.shares(), len(plan.groups)
    if not len(kept):
        yield np.zeros((0, width))
        return
    viewer = pc.fill_null(at, -1).to_numpy()[kept]
    _, viewer = np.unique(viewer, return_inverse=True)
    owner = account_of.column("account_key").take(at.take(pa.array(kept)))
    worth = 1 / np.log2(lists.column("rank").to_numpy()[kept] + 1.0)
    worth /= np.bincount(viewer, worth)[viewer]
    account = pc.index_in(owner, pc.unique(owner)).to_numpy()
    profiles = np.bincount(np.unique(np.stack([account, viewer]), axis=1)[0])
    worth /= profiles[account]
    order = np.argsort(account, kind="stable")
    account, worth, place = account[order], worth[order], place[kept][order]
    for first in range(0, len(profiles), _BLOCK):
        last = min(first + _BLOCK, len(profiles))
        own = slice(*np.searchsorted(account, [first, last]))
        table = np.zeros((last - first, width))
        np.add.at(table, account[own] - first, shares[place[own]] * (worth[own, None] * SCALE))
        yield table
