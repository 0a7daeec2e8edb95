"""What the gate asks of other rooms: the two ledgers, who stands by their consent, and the model in service."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal

from ..engines import Session, Span
from ..errors import Refused

if TYPE_CHECKING:
    from ..privacy import Charge
    from .manifest import Spend


Code = Literal["file", "contract", "missing", "unpaid", "lineage", "consent", "audit", "stale", "empty"]
"""What can speak against a release."""

_YEAR = 365


@dataclass(frozen=True)
class Evidence:
    """Taken at the moment of publishing, from the ledgers themselves and not from tables made of them.

    charges: every charge of the budget ledger. watermark: which rows of the consent ledger the run could see.
    refusals: what the consent room itself holds against a release, in words. standing: for a purpose, the viewer keys
    of all who consent now.
    """

    charges: Sequence[Charge]
    watermark: Mapping[str, str | int]
    refusals: Mapping[Code, str]
    standing: Callable[[str], Collection[str]]


def gather(session: Session, span: Span) -> Evidence:
    """The evidence of this home as of the span's time."""
    from ..consent import ConsentLedger
    from ..consent.gate import check_source, check_used, standing
    from ..privacy.open import open_desk

    ledger = ConsentLedger(session.settings.consent_ledger, session.keyring)
    desk = open_desk(session)
    try:
        rows, head = ledger.watermark(span.as_of)
        return Evidence(
            charges=desk.ledger.charges(),
            watermark={"rows": rows, "seq": head.seq, "hash": head.hash},
            refusals={
                **_refusal("stale", lambda: check_source(session, span)),
                **_refusal("empty", lambda: check_used(session)),
            },
            standing=lambda purpose: standing(session, span.as_of, purpose).column("viewer_key").to_pylist(),
        )
    finally:
        ledger.close()
        desk.ledger.close()


def _refusal(code: Code, check: Callable[[], None]) -> dict[Code, str]:
    try:
        check()
    except Refused as refusal:
        return {code: str(refusal)}
    return {}


def spend_of(charges: Sequence[Charge], last: date, session: Session) -> Spend | None:
    """What charges cost one account in the budget's days that end with `last`; None where there are none."""
    from ..privacy.accountant import epsilon_of
    from ..privacy.standing import mu_together
    from .manifest import Spend

    budget = session.policy.releases.budget
    first = last - timedelta(days=budget.days - 1)
    counted = [charge for charge in charges if first <= charge.day <= last]
    if not counted:
        return None
    mu = mu_together(charge.spend for charge in counted)
    epsilon = epsilon_of(mu, budget.delta, sum(charge.spend.threshold_delta for charge in counted))
    period = "year" if budget.days == _YEAR else f"{budget.days} days"
    return Spend(unit=f"{budget.unit}-{period}", releases=len(counted), mu=mu, epsilon=epsilon, delta=budget.delta)


def code_version() -> str:
    """Version of the installed package."""
    return version("media-privacy-pipeline")


def champion(session: Session) -> str | None:
    """Name of the model in service: the digest that its folder is called by."""
    path = session.settings.models / "recommenders" / "CHAMPION"
    return path.read_text().strip() or None if path.exists() else None
