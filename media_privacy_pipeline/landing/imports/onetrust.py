"""One OneTrust consent receipt as consent events: the Receipts V2 API's form, and that of the Consent Receipts API.

The second is what a collection point sends and what the signed receipt holds; the two spell fields differently.
Sources: docs/consent-imports.md.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from ...import_policy import Meaning, OneTrustImports
from .fields import LAST, Fields, account, field, flag, inner, instant, items, of_object, region, seconds, text
from .refusal import Rule, Unusable
from .rows import Note, Taken, moment, row_id

PAGE = "content"
"""Key of the array in a page of the Receipts V2 API."""
TOKEN = "receipt"  # noqa: S105 - the name of a field
"""Key of the signed receipt in the Consent Receipts API's answer."""
_LONGEST_LIFE = timedelta(days=36_525)
_VERSION_LIMIT = 10**9


def consents(receipt: Any, policy: OneTrustImports) -> Taken:
    """One row of `consent_events` for each purpose that the policy maps and whose state says something.

    Raises Unusable for a receipt that is marked as a test, is of nobody with an account, or does not have the
    documented form; nothing of it is taken then.
    """
    receipt = of_object(receipt)
    if flag(receipt.get("test")):
        raise Unusable(Rule.TEST_DATA)
    if flag(receipt.get("isAnonymous")):
        raise Unusable(Rule.ANONYMOUS_SUBJECT)
    holder = _at(receipt, policy.account)
    if holder is None:
        raise Unusable(Rule.MISSING_ACCOUNT)
    said_at, written_at = _times(receipt)
    name = next(filter(None, (text(receipt.get(key)) for key in ("id", "receiptId", "jti"))), None)
    identity = name or sha256(json.dumps(receipt, sort_keys=True).encode()).hexdigest()
    common = {
        "account_id": holder,
        "profile_id": None if policy.profile is None else _at(receipt, (policy.profile,)),
        "signal": "import",
        "effective_at": moment(said_at),
        "recorded_at": moment(written_at),
        "evidence_ref": f"onetrust:receipt:{identity}",
    }
    purposes = items(receipt, "purposes")
    if not purposes:
        raise Unusable(Rule.NO_PURPOSES)
    taken, seen = Taken(), Counter[str]()
    for purpose in map(of_object, purposes):
        theirs = text(field(purpose, "id", "Id"))
        state = text(field(purpose, "transactionType", "TransactionType"))
        if theirs is None:
            raise Unusable(Rule.MISSING_ID)
        if state is None:
            raise Unusable(Rule.MISSING_STATE)
        seen[theirs] += 1
        expires_at = _expiry(receipt, purpose, said_at)
        notice = _notice(purpose, receipt)
        ours = taken.purpose(policy, theirs, text(purpose.get("name")))
        if ours is None or (meaning := taken.meaning(state, policy.states)) == "no_change":
            continue
        meaning = _doubted(meaning, receipt, purpose, taken)
        row = {
            "consent_event_id": row_id("onetrust", identity, theirs, str(seen[theirs]), ours),
            "purpose": ours,
            "state": meaning,
            # The end of a denial would bring back the grant before it.
            "expires_at": moment(expires_at) if meaning == "granted" and expires_at is not None else None,
            "notice_version": notice,
            "jurisdiction": _place(receipt, theirs),
        }
        taken.consent_events.append({**common, **row})
    return taken


def _doubted(meaning: Meaning, receipt: Fields, purpose: Fields, taken: Taken) -> Meaning:
    """A grant of somebody who unsubscribes from everything, or of a purpose that is asleep until a day, is none."""
    unsubscribes = flag(receipt.get("unsubscribeAll"))
    if meaning == "granted" and (unsubscribes or purpose.get("reactivationDate") is not None):
        taken.notes[Note.GRANT_NOT_TAKEN] += 1
        return "denied"
    return meaning


def _at(receipt: Fields, places: Sequence[str]) -> str | None:
    """The id at the first place that holds one."""
    for place in places:
        outer, dot, name = place.partition(".")
        value = inner(receipt, outer).get(name) if dot else receipt.get(outer)
        if (found := account(value)) is not None:
            return found
    return None


def _times(receipt: Fields) -> tuple[datetime, datetime]:
    """When the person chose, and when the platform wrote it down."""
    interaction = instant(receipt.get("interactionDate"))
    created = instant(receipt.get("consentCreationDate"))
    # A token's own time, where it is one as RFC 7519 has it; the platform also writes it as text without a zone.
    issued = seconds(receipt["iat"]) if isinstance(receipt.get("iat"), int) else None
    said_at, written_at = interaction or created or issued, created or issued or interaction
    if said_at is None or written_at is None:
        raise Unusable(Rule.MISSING_TIME)
    return said_at, written_at


def _expiry(receipt: Fields, purpose: Fields, said_at: datetime) -> datetime | None:
    """The first end that is named: the purpose's date, its life span (seconds) or the token's `exp`."""
    ends = []
    if (date := field(purpose, "expiryDate", "ExpiryDate")) is not None:
        ends.append(instant(date, capped=True))
    span = purpose.get("consentLifeSpan")
    if isinstance(span, int) and not isinstance(span, bool) and 0 < span < _LONGEST_LIFE.total_seconds():
        ends.append(said_at + timedelta(seconds=span))
    if receipt.get("exp") is not None:
        ends.append(_numeric_date(receipt["exp"]))
    return min((end for end in ends if end is not None), default=None)


def _numeric_date(value: Any) -> datetime:
    """A NumericDate (RFC 7519, 2), which may have a fraction."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise Unusable(Rule.BAD_TIMESTAMP)
    return datetime.fromtimestamp(min(value, LAST.timestamp()), UTC)


def _notice(purpose: Fields, receipt: Fields) -> int | None:
    """The lowest version of the notices that were shown; None where one has no whole number, or there is none."""
    shown = items(purpose, "PrivacyNotices", "privacyNotices") or items(receipt, "privacyNotices", "PrivacyNotices")
    versions = [field(of_object(notice), "Version", "version") for notice in shown]
    if not all(isinstance(v, int) and not isinstance(v, bool) and 0 <= v < _VERSION_LIMIT for v in versions):
        return None
    return min(versions, default=None)


def _place(receipt: Fields, purpose: str) -> str | None:
    """Where the choice was made, unless the receipt says so of other purposes only."""
    place = inner(receipt, "geolocation", "geoLocation")
    only = items(place, "purposeIds")
    return region(place.get("country"), place.get("state")) if not only or purpose in only else None
