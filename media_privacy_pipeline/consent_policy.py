"""Whose choice counts: how signals and the ledger are read, and who is off limits whatever they chose."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

UsQuestion = Literal["sale", "sharing", "targeted_advertising", "sensitive_data", "known_child"]
"""What a section of a GPP string answers (IAB Tech Lab, US sections)."""

Days = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SubjectPolicy(_Part):
    """Who and what is off limits, for which purposes."""

    minor_age: Annotated[int, Field(ge=0, le=21)]
    kids_profiles_are_private_for: frozenset[str]
    unknown_age_is_minor_for: frozenset[str]
    private_sessions_denied_for: frozenset[str]
    hidden_titles_denied_for: frozenset[str]
    guest_profiles: tuple[Annotated[str, Field(pattern="^[^|]+$")], ...] = ()

    @property
    def parameters(self) -> dict[str, str | int]:
        """What the model `subjects` is told, beside the as-of time."""
        return {"minor_age": self.minor_age, "guest_profiles": "|" + "|".join(self.guest_profiles) + "|"}


class ConsentPolicy(_Part):
    """How the ledger is read."""

    max_source_age_days: Days
    accept_history_grants: bool
    min_notice_version: int | None
    closing_lag_days: Days
    empty_release_wanted: bool
    reconsent_days: Days
    sale_purposes: frozenset[str] = frozenset()


class SignalPolicy(_Part):
    """What a signal of the consent platform, or of a device, says about which purpose.

    `tcf_vendor_id` is this service's id on the Global Vendor List, for the `tcf_vendor_purposes`; every other purpose
    with `tcf_purposes` is the publisher's own. `us_opt_outs` names what each question of a GPP or US Privacy string
    ends. `proof_required`: grants by these signals need an evidence_ref. `confirmed_override`: whether a viewer's own
    proven grant after a Global Privacy Control signal outweighs it (11 CCR 7025(c)(3)).
    """

    tcf_vendor_id: Annotated[int, Field(ge=1)] | None
    tcf_vendor_purposes: frozenset[str]
    us_opt_outs: dict[UsQuestion, frozenset[str]]
    proof_required: frozenset[Literal["ui", "vppa", "parent", "agent", "import"]]
    confirmed_override: bool

    @model_validator(mode="after")
    def _has_vendor(self) -> Self:
        if self.tcf_vendor_purposes and self.tcf_vendor_id is None:
            raise ValueError("tcf_vendor_purposes are named and no tcf_vendor_id is")
        return self
