"""Nothing is handed over without a verified request of the person themselves (GDPR 12(6); case 56 of the spec)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from ...engines import Session
from ...errors import Refused

ACCESS = ("access", "portability")
"""The kinds of request that are answered with the person's data (GDPR 15 and 20)."""

_REQUEST = """
select r.account_id, r.profile_id, r.kind, r.received_at, r.verified
from accepted_subject_requests as r
join wanted as w on w.request_id = r.request_id
"""


@dataclass(frozen=True)
class Request:
    """The request that an answer is given to; `received_at` is naive UTC."""

    request_id: str
    kind: str
    received_at: datetime


def verified_request(
    session: Session, request_id: str, account_id: str, profile_id: str | None, kinds: tuple[str, ...] = ACCESS
) -> Request:
    """The verified request of one of these kinds by this person, from what the door accepted.

    A request that names no profile is the account holder's: it covers the account, and any one profile of it. One that
    names a profile covers that profile alone. Raises Refused that says which of this is not so.
    """
    asked = pa.table({"request_id": [request_id]})
    requests = session.folder("accepted_subject_requests")
    rows = session.engine.fetch(_REQUEST, {"accepted_subject_requests": requests, "wanted": asked}).to_pylist()
    problems = [(_problem(row, account_id, profile_id, kinds), row) for row in rows]
    for problem, row in problems:
        if problem is None:
            return Request(request_id, row["kind"], row["received_at"])
    told = problems[0][0] if problems else "no accepted request has this id: it did not arrive, or the door refused it"
    raise Refused(f"--request: {told}; nothing was written")


def _problem(row: dict[str, Any], account_id: str, profile_id: str | None, kinds: tuple[str, ...]) -> str | None:
    if row["account_id"] != account_id:
        return "it is a request of another account"
    if row["profile_id"] is not None and profile_id is None:
        return "it is a request of one profile, which covers no whole account: name the profile with --profile"
    if row["profile_id"] not in (None, profile_id):
        return "it is a request of another profile"
    if row["kind"] not in kinds:
        return f"it asks for {row['kind']}, not for {' or '.join(kinds)}"
    if not row["verified"]:
        return "it is not verified: nobody has shown that it comes from the person whose data it asks for"
    return None
