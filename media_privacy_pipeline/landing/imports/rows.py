"""What an import makes of a document: rows of the landing zone, and counts of what was left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from ...import_policy import Meaning, PlatformImports
from .refusal import Rule, Unusable

Row = dict[str, Any]


class Note(StrEnum):
    """Why something that a good document says was not taken as it stands. Each is counted by purpose."""

    UNMAPPED_PURPOSE = "unmapped_purpose"
    """The policy does not list the purpose: nothing is written."""
    OTHER_PURPOSE = "other_purpose"
    """The policy says that the purpose is none of this pipeline's: nothing is written."""
    NO_CHANGE = "no_change"
    """The state says nothing of the purpose: nothing is written."""
    UNKNOWN_STATE = "unknown_state"
    """The policy does not list the state: written as a denial."""
    GRANT_NOT_TAKEN = "grant_not_taken"
    """A grant that something else in the document speaks against: written as a denial."""
    GRANT_ON_OTHER_BASIS = "grant_on_other_basis"
    """Allowed under a basis that is no consent: nothing is written."""
    WIDENED_RESTRICTION = "widened_restriction"
    """A restriction of a purpose that the policy does not list: written as one of every purpose."""


@dataclass
class Taken:
    """Rows by input of the landing zone, and what was not taken as it stands; `unmapped` counts purposes by name."""

    consent_events: list[Row] = field(default_factory=list)
    subject_requests: list[Row] = field(default_factory=list)
    notes: Counter[Note] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)

    def add(self, other: Taken) -> None:
        """Take in what another document said."""
        self.consent_events += other.consent_events
        self.subject_requests += other.subject_requests
        self.notes += other.notes
        self.unmapped += other.unmapped

    def meaning(self, state: str, states: Mapping[str, Meaning]) -> Meaning:
        """What a state says of a purpose. One that the policy does not list is a denial: it may be a withdrawal."""
        found = states.get(state)
        if found is None:
            self.notes[Note.UNKNOWN_STATE] += 1
            return "denied"
        if found == "no_change":
            self.notes[Note.NO_CHANGE] += 1
        return found

    def purpose(self, policy: PlatformImports, *names: str | None) -> str | None:
        """Our purpose for one of theirs, by any of its names; None, and a note, where there is none.

        Raises Unusable where two names are mapped differently.
        """
        listed = [name for name in names if name is not None and name in policy.purposes]
        if not listed:
            self.notes[Note.UNMAPPED_PURPOSE] += 1
            self.unmapped[next(name for name in names if name is not None)] += 1
            return None
        found = {policy.purposes[name] for name in listed}
        if len(found) > 1:
            raise Unusable(Rule.AMBIGUOUS_PURPOSE)
        (ours,) = found
        if ours is None:
            self.notes[Note.OTHER_PURPOSE] += 1
        return ours


def row_id(platform: str, *parts: str) -> str:
    """Id of a row: the same for the same document and purpose, whenever and in whatever file it comes."""
    return f"{platform}-{sha256(repr(parts).encode()).hexdigest()[:40]}"


def moment(time: datetime) -> str:
    """A UTC time as the rows have it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
