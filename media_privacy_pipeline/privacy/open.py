"""The desk of an installation."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from ..engines import Session
from .desk import Desk
from .ledger import BudgetLedger
from .noise_on_executors import noise_of
from .odometers import Odometers

PURPOSE = "analytics"
"""The purpose whose account_key tables and odometers know accounts by."""


def open_desk(session: Session) -> Desk:
    """The ledger and the store of releases of a session's home, under its policy's budget."""
    ledger = BudgetLedger(session.settings.budget_ledger, session.policy.releases.budget)

    def sign(message: bytes) -> dict[str, str]:
        return {"key": session.keyring.verifier_hex, "value": session.keyring.sign(message)}

    return Desk(ledger, _folder(session), noise_of(session), sign=sign, odometers=odometers_of(session))


def odometers_of(session: Session) -> Odometers:
    """What accounts owe on their allowances, in a session's home."""
    return Odometers(session.settings.odometers, session.keyring)


def certificate_of(session: Session, name: str, day: date) -> Path:
    """Where the certificate of a released day is, if it has one."""
    return _folder(session) / name / f"{day.isoformat()}.json"


def _folder(session: Session) -> Path:
    return session.settings.home / "privacy" / "releases"
