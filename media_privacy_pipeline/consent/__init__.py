"""What viewers allow: the ledger of their choices, the vault of who they are, and the decision for every event.

Belongs here: reading consent strings (signals), turning consent events and requests into ledger rows, deciding as of a
time what each purpose may use and why not, and writing the permitted tables. Does not belong here: reading the landing
zone, carrying out erasure (rights), or anything that a permitted table is used for.
"""

from .chain import Entry, Head, Verdict
from .gate import check_source, check_used, source_age, standing, standing_people
from .ledger import ConsentLedger

__all__ = [
    "ConsentLedger",
    "Entry",
    "Head",
    "Verdict",
    "check_source",
    "check_used",
    "source_age",
    "standing",
    "standing_people",
]
