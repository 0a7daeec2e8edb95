"""Global Privacy Control is heard with every event: only what says more than the ledger knows is written down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from .chain import Entry

Heard = tuple[str, str]
"""effective_at and recorded_at, as the ledger writes times."""


def news(entries: Iterable[Entry], known: Iterable[Sequence[str]]) -> Iterator[Entry]:
    """Those entries that hold from earlier on, or were recorded earlier, than all of the same account and purpose.

    `known` has account_ref, purpose, effective_at and recorded_at of what the ledger holds. An objection that is older
    in both is all that a decision needs: what is left out changes none, whenever it is asked for, and in whatever order
    days are taken in.
    """
    heard: dict[tuple[str, str], list[Heard]] = defaultdict(list)
    for account, purpose, effective, recorded in known:
        heard[account, purpose].append((effective, recorded))
    for entry in entries:
        before = heard[entry.account_ref, entry.purpose]
        if not any(at <= entry.effective_at and by <= entry.recorded_at for at, by in before):
            before.append((entry.effective_at, entry.recorded_at))
            yield entry
