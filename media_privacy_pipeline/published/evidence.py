"""What the gate asks of other rooms: the two ledgers, who stands by their consent, and the model in service."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING

from ..engines import Session, Span

if TYPE_CHECKING:
    from ..privacy import Charge
    from .manifest import Spend


_YEAR = 365


@dataclass(frozen=True)
class Evidence:
    """Taken at the moment of publishing, from the ledgers themselves and not from tables made of them.

    charges: every charge of the budget ledger. watermark: which rows of the consent ledger the run could see.
    newest_consent: when the last of them was recorded. standing: for a purpose, the viewer keys of all who consent now.
    """

    charges: Sequence[Charge]
    watermark: Mapping[str, str | int]
    newest_consent: datetime | None
    standing: Callable[[str], Collection[str]]


def gather(session: Session, span: Span) -> Evidence:
    """The evidence of this home as of the span's time."""
    from ..consent import ConsentLedger
    from ..consent.standing import standing_viewers
    from ..privacy.open import open_desk

    ledger = ConsentLedger(session.settings.consent_ledger, session.keyring)
    desk = open_desk(session)
    try:
        rows, head = ledger.watermark(span.as_of)
        return Evidence(
            charges=desk.ledger.charges(),
            watermark={"rows": rows, "seq": head.seq, "hash": head.hash},
            newest_consent=ledger.newest(span.as_of),
            standing=lambda purpose: standing_viewers(session, purpose, span.as_of),
        )
    finally:
        ledger.close()
        desk.ledger.close()


def spend_of(charges: Sequence[Charge], last: date, session: Session) -> Spend | None:
    """What charges cost one account in the budget's days that end with `last`; None where there are none."""
    from ..privacy.accountant import compose, epsilon_of
    from .manifest import Spend

    budget = session.policy.releases.budget
    first = last - timedelta(days=budget.days - 1)
    counted = [charge for charge in charges if first <= charge.day <= last]
    if not counted:
        return None
    mu = compose(charge.spend.mu for charge in counted)
    epsilon = epsilon_of(mu, budget.delta)
    period = "year" if budget.days == _YEAR else f"{budget.days} days"
    return Spend(unit=f"{budget.unit}-{period}", releases=len(counted), mu=mu, epsilon=epsilon, delta=budget.delta)


def code_version() -> str:
    """Version of the installed package."""
    return version("media-privacy-pipeline")


def champion(session: Session) -> str | None:
    """Name of the model in service: the digest that its folder is called by."""
    path = session.settings.models / "ials" / "CHAMPION"
    return path.read_text().strip() or None if path.exists() else None
