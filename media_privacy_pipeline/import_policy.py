"""What the words of consent platforms mean here: whose purpose is which of ours, and what a state says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Meaning = Literal["granted", "denied", "withdrawn", "objected", "no_change"]
"""What a platform's state says of a purpose; `no_change` leaves what was said before as it is."""
Name = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlatformImports(_Part):
    """One platform's words.

    purposes: their purpose (id, name or code) to ours; null for one that is known and none of this pipeline's. What is
    not listed is counted and never taken. No two of theirs may be one of ours: a later grant of one would lift the
    denial of the other. states: what each of their states means; one that is not listed is taken as a denial.
    """

    purposes: dict[Name, str | None] = {}
    states: dict[Name, Meaning] = {}

    @model_validator(mode="after")
    def _one_to_one(self) -> Self:
        taken: dict[str, str] = {}
        for theirs, ours in self.purposes.items():
            if ours is None:
                continue
            if ours in taken:
                raise ValueError(
                    f"purposes maps two of theirs, {taken[ours]!r} and {theirs!r}, to {ours!r}: a grant of one would "
                    "lift a denial of the other"
                )
            taken[ours] = theirs
        return self


class OneTrustImports(PlatformImports):
    """OneTrust's receipts.

    account: where the account id stands, the first place that holds one counts; profile: where the profile id stands,
    if anywhere. A place is a field of the receipt, or an element of a field, such as `dataElements.AccountId`.
    """

    account: Annotated[tuple[Name, ...], Field(min_length=1)] = ("dataSubjectIdentifier", "identifier")
    profile: Name | None = None


class KetchImports(PlatformImports):
    """Ketch's webhooks.

    account, profile: codes of the identity spaces that hold these ids. environments: the others are for tests.
    grant_bases: the legal bases under which `granted` is a person's own yes; under any other it is what holds until
    they say no. requests_verified: whether Ketch checks who somebody is before it sends a request; otherwise
    verified_variable may name the context variable that is true where it did.
    """

    account: Name = "account_id"
    profile: Name | None = None
    environments: frozenset[str] = frozenset({"production"})
    grant_bases: frozenset[str] = frozenset({"consent_optin"})
    requests_verified: bool = False
    verified_variable: Name | None = None


class Imports(_Part):
    """Every platform that consents can be imported from."""

    onetrust: OneTrustImports = OneTrustImports()
    ketch: KetchImports = KetchImports()

    def mapped(self) -> Iterator[tuple[str, str]]:
        """Where each of our purposes is named, and the purpose."""
        for platform, part in self:
            for theirs, ours in part.purposes.items():
                if ours is not None:
                    yield f"imports.{platform}.purposes.{theirs}", ours
