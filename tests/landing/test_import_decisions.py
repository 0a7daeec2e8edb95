"""From a receipt to a decision: what it says is allowed, and nothing else; and the same receipt is one ledger row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from import_toy import ANALYTICS, MAILS, PERSONAL, consent, public, purpose, receipt, request, sent, signed, write

from media_privacy_pipeline.consent import steps as consents
from media_privacy_pipeline.consent.asking import decide
from media_privacy_pipeline.consent.record import opened
from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.landing import steps as door
from media_privacy_pipeline.landing.imports import Verifier, import_consents
from media_privacy_pipeline.landing.sources import SOURCES
from media_privacy_pipeline.policy import PACKAGED

KEY = ec.generate_private_key(ec.SECP256R1())
DAY, NEXT = date(2026, 3, 5), date(2026, 3, 6)
DAYS = ("2026-02-28", "2026-03-02", "2026-03-04")
BEFORE = "not_consented_at_event"


@pytest.fixture
def session(make_session: Callable[..., Session], tmp_path: Path) -> Session:
    """A landing zone in which five accounts watch on three days; the first is before anybody said anything."""
    document = yaml.safe_load(PACKAGED.read_text())
    document["imports"]["onetrust"] |= {
        "purposes": {ANALYTICS: "analytics", PERSONAL: "personalisation", MAILS: None},
        "account": ["dataElements.AccountId", "identifier"],
    }
    document["imports"]["ketch"] |= {
        "purposes": {"analytics": "analytics", "personalization": "personalisation"},
        "requests_verified": True,
    }
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(document))
    events = [
        {"event_id": f"acc-{n}@{day}", "account_id": f"acc-{n}", "title_id": "t", "started_at": f"{day}T12:00:00Z"}
        for n in range(1, 6)
        for day in DAYS
    ]
    write(tmp_path / "landing" / "viewing_events" / f"day={DAY}" / "part-0.jsonl", *events)
    return make_session(landing=tmp_path / "landing", policy=tmp_path / "policy.yaml")


def bring(session: Session, platform: Any, path: Path, day: date = DAY) -> Any:
    verifier = Verifier(public(path.parent / "key.pem", KEY)) if platform == "onetrust" else None
    words = session.policy.imports
    return import_consents(platform, path, session.settings.landing, day=day, policy=words, verifier=verifier)


def ledger(session: Session, last: date = DAY) -> list[dict[str, Any]]:
    """Let everything in, bring the ledger up to it, and give its rows."""
    span = Span.of(DAY, last)
    for source in SOURCES:
        door.accept(session, span, source)
    for step in (consents.update_ledger, consents.identify, consents.timeline):
        step(session, span)
    with opened(session) as found:
        rows: list[dict[str, Any]] = found.rows(span.as_of).to_pylist()
    return rows


def decided(session: Session, purpose: str, folder: Path, last: date = DAY) -> dict[str, tuple[str, ...]]:
    """Reasons (empty: allowed) of an account's three events, in order."""
    folder.mkdir()
    rows = [
        row
        for file in decide(session, Span.of(DAY, last).as_of, purpose, folder)
        for row in pq.read_table(file).to_pylist()
    ]
    reasons = {row["event_id"]: row["reason"] for row in rows}
    return {f"acc-{n}": tuple(reasons[f"acc-{n}@{day}"] for day in DAYS) for n in range(1, 6)}


def test_a_decision_allows_exactly_what_the_receipts_say(session: Session, tmp_path: Path) -> None:
    of_four = {"dataElements": {"AccountId": "acc-4"}}
    write(
        tmp_path / "receipts" / "plain.json",
        receipt(purpose(expiryDate="2026-03-04T00:00:00Z"), purpose("WITHDRAWN", PERSONAL), purpose(theirs=MAILS)),
        receipt(purpose("WITHDRAWN"), id="later", interactionDate="2026-03-03T00:00:00Z", **of_four),
        receipt(id="first", **of_four),
        receipt(id="tried out", test=True, dataElements={"AccountId": "acc-5"}),
    )
    write(tmp_path / "receipts" / "signed.jsonl", signed(sent(), KEY))
    staging = consent({"personalization": "granted"}, environment="staging")
    write(tmp_path / "messages.jsonl", consent(), staging)
    bring(session, "onetrust", tmp_path / "receipts")
    bring(session, "ketch", tmp_path / "messages.jsonl")
    assert {row["signal"] for row in ledger(session)} == {"import"}
    assert decided(session, "analytics", tmp_path / "analytics") == {
        "acc-1": (BEFORE, "expired", "expired"),  # granted on the 1st, until the 4th
        "acc-2": (BEFORE, "", ""),  # the signed one
        "acc-3": (BEFORE, "", ""),  # Ketch's
        "acc-4": (BEFORE, "withdrawn", "withdrawn"),  # on the 3rd
        "acc-5": ("unknown",) * 3,
    }
    assert decided(session, "personalisation", tmp_path / "personalisation") == {
        "acc-1": (BEFORE, "withdrawn", "withdrawn"),
        "acc-2": ("unknown",) * 3,
        "acc-3": (BEFORE, "denied", "denied"),
        "acc-4": ("unknown",) * 3,
        "acc-5": ("unknown",) * 3,
    }


def test_a_receipt_that_comes_again_is_one_ledger_row(session: Session, tmp_path: Path) -> None:
    path = write(tmp_path / "receipts" / "a.jsonl", signed(sent(), KEY))
    bring(session, "onetrust", path)
    first = ledger(session)
    assert len(first) == 1
    (again,) = bring(session, "onetrust", path, NEXT).drops
    assert not again.written
    # A longer export, of another day, that has the same receipt in the plain.
    write(path, sent(), sent({"Id": PERSONAL, "TransactionType": "CONFIRMED"}, jti="new"))
    bring(session, "onetrust", path, NEXT)
    there = ledger(session, NEXT)
    assert (len(there), there[0]) == (2, first[0])
    assert decided(session, "personalisation", tmp_path / "personalisation", NEXT)["acc-2"] == (BEFORE, "", "")


def test_a_request_of_ketch_is_heard(session: Session, tmp_path: Path) -> None:
    restricted = request("RestrictProcessingRequest", purposes=["analytics"])
    write(tmp_path / "messages.jsonl", consent({"analytics": "granted", "personalization": "granted"}), restricted)
    bring(session, "ketch", tmp_path / "messages.jsonl")
    ledger(session)
    assert decided(session, "analytics", tmp_path / "analytics")["acc-3"] == (BEFORE, "objected", "objected")
    assert decided(session, "personalisation", tmp_path / "personalisation")["acc-3"] == (BEFORE, "", "")
