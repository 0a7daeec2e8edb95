"""How long what is stored is kept, and who may be handed what: the policy of the rights room."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

VPPA_DAYS = 365
"""18 USC 2710(e): at latest one year from the date that the information is no longer necessary for its purpose."""

Days = Annotated[int, Field(ge=0)]
_Year = Annotated[int, Field(ge=0, le=VPPA_DAYS)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UnneededDays(_Part):
    """Days for which an accepted event is kept once it is older than every purpose's window; a year is the most that
    the VPPA allows."""

    viewing_events: _Year
    search_events: _Year


class RetentionPolicy(_Part):
    """How long stored data is kept, in whole days that end with a run's as-of time, counted from when it happened.

    Permitted tables are kept for their purpose's window, quarantine for landing.quarantine_days, and restricted tables
    of superseded releases for published.retire_after_days: those windows stand where they are used.
    """

    unneeded_days: UnneededDays
    models_days: Days
    """A model out of service goes so long after the last arrival day that it learned from."""
    disclosures_days: Days
    """Who received a person's rows is kept, to be told to that person, for so long."""


class Recipient(_Part):
    """Somebody outside the house who may be handed published tables, and for what.

    `contact` is how the recipient is reached, `country` where it is (ISO 3166-1 alpha-2), `basis` why it may have the
    data, in words: what an access export and a record of processing say of it.
    """

    title: str
    contact: str
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    purposes: Annotated[tuple[str, ...], Field(min_length=1)]
    tables: Annotated[tuple[str, ...], Field(min_length=1)]
    basis: str


RecipientName = Annotated[str, Field(pattern="^[a-z0-9_-]{1,64}$")]
"""How a recipient is called in the policy, on forms (`evidence_ref: recipient:NAME ...`) and on the command line."""
