"""Releases aggregates of people's data with differential privacy, pays for them from a budget, and keeps them.

Belongs here: bounding what an account contributes, noise, what a release costs, the ledger of charges, release-once.
Does not belong here: deciding who may be counted (consent), what is released and for how much (the policy's
`releases`), making pseudonyms (keys), or trying to break the promise (audit).
"""

from .contributions import Source
from .desk import Desk, Stored
from .ledger import BudgetLedger, Charge, Spend
from .release import release
from .vector import find_vector, part_sigma, release_vector

__all__ = [
    "BudgetLedger",
    "Charge",
    "Desk",
    "Source",
    "Spend",
    "Stored",
    "find_vector",
    "part_sigma",
    "release",
    "release_vector",
]
