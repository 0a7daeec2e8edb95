"""What a TCF string allows, to a vendor or to the publisher itself. Pure functions; the rules are IAB Europe's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from .tcf import PURPOSES, Tcf

NEVER_BY_INTEREST = frozenset({1, 3, 4, 5, 6})
"""Purposes for which a legitimate interest is no basis, whatever a string says."""

DISCLOSURE_REQUIRED = datetime(2026, 3, 1, tzinfo=UTC)
"""From here on a string without disclosed vendors speaks for no vendor: the framework's own deadline was 2026-02-28."""

_POLICY, _POLICY_REQUIRED = 4, datetime(2023, 10, 1, tzinfo=UTC)
# Version 2.2 came with policy 4: after the transition the framework holds strings of an older policy for invalid.


class Why(StrEnum):
    """Why a purpose is allowed or not."""

    CONSENT = "consent"
    LEGITIMATE_INTEREST = "legitimate_interest"
    NOT_GRANTED = "not_granted"
    RESTRICTED = "restricted"
    NOT_DISCLOSED = "not_disclosed"
    NO_PUBLISHER_SEGMENT = "no_publisher_segment"
    NO_PURPOSE = "no_purpose"
    OLD_POLICY = "old_policy"
    GLOBAL_SCOPE = "global_scope"


@dataclass(frozen=True, slots=True)
class Grants:
    """Purposes by basis, as masks with purpose 1 the lowest bit. `restricted` were taken away by the publisher; `none`
    says why there are none at all.
    """

    consent: int = 0
    interest: int = 0
    restricted: int = 0
    none: Why | None = None


@dataclass(frozen=True, slots=True)
class TcfState:
    """Whether all the purposes asked for are allowed, and why. A legitimate interest for one of them makes it the basis
    of all: who needs consent must look at `why`.
    """

    allowed: bool
    why: Why


def mask(purposes: Iterable[int]) -> int:
    """The mask of purpose numbers. ValueError for a number that TCF has no bit for."""
    bits = 0
    for purpose in purposes:
        if not 1 <= purpose <= PURPOSES:
            raise ValueError("TCF purposes are numbered from 1 to 24")
        bits |= 1 << purpose - 1
    return bits


_BY_CONSENT_ONLY = mask(NEVER_BY_INTEREST)


def own_grants(tcf: Tcf) -> Grants:
    """What the publisher may do itself: only what its own segment says, never what the vendors were granted."""
    if (invalid := _invalid(tcf)) is not None:
        return Grants(none=invalid)
    if tcf.publisher is None:
        return Grants(none=Why.NO_PUBLISHER_SEGMENT)
    return Grants(_informed(tcf, tcf.publisher.consents), tcf.publisher.interests & ~_BY_CONSENT_ONLY)


def vendor_grants(tcf: Tcf, vendor: int) -> Grants:
    """What a vendor may do: the purpose's bit and the vendor's bit on one basis, less the publisher's restrictions.

    The update counts for the deadline, not only the creation: whoever wrote the string then knew the rule.
    """
    if (invalid := _invalid(tcf)) is not None:
        return Grants(none=invalid)
    if tcf.disclosed is None:
        if tcf.updated >= DISCLOSURE_REQUIRED:
            return Grants(none=Why.NOT_DISCLOSED)
    elif vendor not in tcf.disclosed:
        return Grants(none=Why.NOT_DISCLOSED)
    consent = _informed(tcf, tcf.consents) if vendor in tcf.vendor_consents else 0
    interest = tcf.interests & ~_BY_CONSENT_ONLY if vendor in tcf.vendor_interests else 0
    before = consent | interest
    for restriction in tcf.restrictions:
        if vendor in restriction.vendors:
            bit = 1 << restriction.purpose - 1
            if restriction.kind != 1:
                consent &= ~bit
            if restriction.kind != 2:
                interest &= ~bit
    return Grants(consent, interest, before & ~(consent | interest))


def tcf_state(tcf: Tcf, purposes: Iterable[int], vendor: int | None = None) -> TcfState:
    """Whether every one of the purposes is allowed: to the vendor of that id, or to the publisher itself."""
    wanted = mask(purposes)
    if not wanted:
        return TcfState(False, Why.NO_PURPOSE)
    grants = own_grants(tcf) if vendor is None else vendor_grants(tcf, vendor)
    if grants.none is not None:
        return TcfState(False, grants.none)
    if wanted & ~(grants.consent | grants.interest):
        return TcfState(False, Why.RESTRICTED if wanted & grants.restricted else Why.NOT_GRANTED)
    return TcfState(True, Why.LEGITIMATE_INTEREST if wanted & ~grants.consent else Why.CONSENT)


def _invalid(tcf: Tcf) -> Why | None:
    """Why the framework holds a well-formed string for invalid; None where it does not."""
    if tcf.policy_version < _POLICY and tcf.updated >= _POLICY_REQUIRED:
        return Why.OLD_POLICY
    # The framework ended consent for every service at once in 2021: a string of global scope speaks for none.
    return None if tcf.is_service_specific else Why.GLOBAL_SCOPE


def _informed(tcf: Tcf, consents: int) -> int:
    # Nobody consents to what was not shown: the flag says that purpose 1 was not.
    return consents & ~1 if tcf.purpose_one_treatment else consents
