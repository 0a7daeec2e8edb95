"""One Ketch webhook message: a consent as consent events, a data subject's request as subject requests.

Sources: docs/consent-imports.md.
"""

from __future__ import annotations

from typing import Any

from ...import_policy import KetchImports
from .fields import Fields, account, inner, items, of_object, seconds, text
from .refusal import Rule, Unusable
from .rows import Note, Row, Taken, moment, row_id

_CONSENT = "ConsentRequest"
_REQUESTS = {"AccessRequest": "access", "DeleteRequest": "erasure", "RestrictProcessingRequest": "restriction"}
# The consent's own page names both.
_VERSIONS = {_CONSENT: ("consent/v1", "dsr/v1")}
_DSR_VERSIONS = ("dsr/v1",)
_JURISDICTION = 40


def said(message: Any, policy: KetchImports) -> Taken:
    """Rows of one message. Raises Unusable for one of another kind or environment, or not of the documented form;
    nothing of it is taken then.
    """
    message = of_object(message)
    kind = message.get("kind")
    if not isinstance(kind, str) or kind not in (_CONSENT, *_REQUESTS):
        raise Unusable(Rule.UNSUPPORTED_KIND)
    if message.get("apiVersion") not in _VERSIONS.get(kind, _DSR_VERSIONS):
        raise Unusable(Rule.UNKNOWN_VERSION)
    metadata, request = inner(message, "metadata"), of_object(message.get("request"))
    uid = text(metadata.get("uid"))
    if uid is None:
        raise Unusable(Rule.MISSING_ID)
    if text(request.get("environment")) not in policy.environments:
        raise Unusable(Rule.TEST_DATA)
    holder = _identity(request, policy.account)
    if holder is None:
        raise Unusable(Rule.MISSING_ACCOUNT)
    profile = None if policy.profile is None else _identity(request, policy.profile)
    who = {"account_id": holder, "profile_id": profile}
    identity = (text(metadata.get("tenant")) or "", uid)
    return (_consent if kind == _CONSENT else _request)(request, policy, who, identity, kind)


def _consent(request: Fields, policy: KetchImports, who: Row, identity: tuple[str, str], _: str) -> Taken:
    collected = seconds(request.get("collectedAt"))
    if collected is None:
        raise Unusable(Rule.MISSING_TIME)
    purposes, bases = inner(request, "purposes"), inner(request, "legalBasis")
    if not purposes:
        raise Unusable(Rule.NO_PURPOSES)
    common = {
        **who,
        "signal": "import",
        "effective_at": moment(collected),
        "recorded_at": moment(collected),
        "jurisdiction": _jurisdiction(request),
        "evidence_ref": f"ketch:consent:{identity[1]}",
    }
    taken = Taken()
    for code, value in purposes.items():
        theirs, state = text(code), text(str(value).lower() if isinstance(value, bool) else value)
        basis = text(bases.get(code))
        if theirs is None:
            raise Unusable(Rule.MISSING_ID)
        if state is None:
            raise Unusable(Rule.MISSING_STATE)
        ours = taken.purpose(policy, theirs)
        if ours is None or (meaning := taken.meaning(state, policy.states)) == "no_change":
            continue
        if meaning == "granted" and basis not in policy.grant_bases:
            taken.notes[Note.GRANT_ON_OTHER_BASIS] += 1
            continue
        row = {"consent_event_id": row_id("ketch", *identity, theirs, ours), "purpose": ours, "state": meaning}
        taken.consent_events.append({**common, **row})
    return taken


def _request(request: Fields, policy: KetchImports, who: Row, identity: tuple[str, str], kind: str) -> Taken:
    submitted = seconds(request.get("submittedTimestamp"))
    if submitted is None:
        raise Unusable(Rule.MISSING_TIME)
    common = {**who, "received_at": moment(submitted), "verified": _verified(request, policy)}
    taken = Taken()

    def ask(kind: str, purpose: str | None = None) -> None:
        row = {"request_id": row_id("ketch", *identity, kind, purpose or ""), "kind": kind, "purpose": purpose}
        taken.subject_requests.append({**common, **row})

    if kind != "RestrictProcessingRequest":
        ask(_REQUESTS[kind])
        return taken
    named = [text(code) for code in items(request, "purposes")]
    codes = [code for code in named if code is not None]
    # What was asked for must not be done by less: of a purpose that nobody mapped, everything is restricted.
    if len(codes) < len(named) or any(code not in policy.purposes for code in codes):
        taken.notes[Note.WIDENED_RESTRICTION] += 1
        ask("restriction")
        return taken
    if not codes:
        ask("restriction")
    for ours in dict.fromkeys(taken.purpose(policy, code) for code in codes):
        if ours is not None:
            ask("objection", ours)
    return taken


def _identity(request: Fields, space: str) -> str | None:
    """The id in an identity space."""
    found = set()
    for identity in map(of_object, items(request, "identities")):
        if identity.get("identitySpace") != space:
            continue
        if identity.get("identityFormat", "raw") not in ("raw", None, ""):
            raise Unusable(Rule.HASHED_IDENTITY)
        found.add(account(identity.get("identityValue")))
    found.discard(None)
    if len(found) > 1:
        raise Unusable(Rule.AMBIGUOUS_ACCOUNT)
    return next(iter(found), None)


def _verified(request: Fields, policy: KetchImports) -> bool:
    if policy.requests_verified:
        return True
    return policy.verified_variable is not None and inner(request, "context").get(policy.verified_variable) is True


def _jurisdiction(request: Fields) -> str | None:
    code = text(request.get("jurisdiction"))
    return code if code is not None and code.isascii() and len(code) <= _JURISDICTION else None
