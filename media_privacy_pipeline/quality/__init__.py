"""Great Expectations over our tables: suites from the contracts, plus what contracts cannot say; counts, never values.

Belongs here: which expectations a table has (known without importing Great Expectations), how they are counted within
bounded memory, and the Data Docs. Does not belong here: what to do when one fails; the gate (published) and the asset
checks (orchestration) decide that.
"""

from .spec import ExpectationSpec
from .suites import expectations_of

__all__ = ["ExpectationSpec", "expectations_of"]
