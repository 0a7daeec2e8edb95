"""The desk of an installation."""

from __future__ import annotations

from ..engines import Session
from .desk import Desk
from .ledger import BudgetLedger
from .odometers import Odometers

PURPOSE = "analytics"
"""The purpose whose account_key tables and odometers know accounts by."""


def open_desk(session: Session) -> Desk:
    """The ledger and the store of releases of a session's home, under its policy's budget."""
    ledger = BudgetLedger(session.settings.budget_ledger, session.policy.releases.budget)
    return Desk(ledger, session.settings.home / "privacy" / "releases", odometers=odometers_of(session))


def odometers_of(session: Session) -> Odometers:
    """What accounts owe on their allowances, in a session's home."""
    return Odometers(session.settings.odometers, session.keyring)
