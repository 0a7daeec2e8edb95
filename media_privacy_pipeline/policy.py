"""What is allowed: purposes, windows, generalisations, budgets and thresholds, read from policy.yaml and checked."""

from __future__ import annotations

import json
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .audit_policy import AuditPolicy
from .calendar_policy import CalendarPolicy
from .consent_policy import ConsentPolicy, SignalPolicy, SubjectPolicy
from .errors import UsageError
from .exact_policy import ExactName, ExactTable, check_exact
from .import_policy import Imports
from .release_policy import Releases
from .rights_policy import Recipient, RecipientName, RetentionPolicy
from .screening_policy import Classification

PACKAGED = Path(__file__).with_name("policy.yaml")

# libyaml's safe loader takes a fifth of the time, and every command and step reads the policy.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Days = Annotated[int, Field(ge=0)]


class Basis(StrEnum):
    """Legal basis of a purpose (GDPR 6(1))."""

    consent = "consent"
    legitimate_interest = "legitimate_interest"
    contract = "contract"
    legal = "legal"


class Generalisation(StrEnum):
    """How fine a purpose sees a column; sql/generalise.py says which columns each suits, and what it makes of them."""

    keep = "keep"
    hour = "hour"
    daypart = "daypart"
    day = "day"
    large_region = "large_region"
    device_class = "device_class"
    decade = "decade"
    intent = "intent"
    presence = "presence"


TITLE_INTENT = "title"
"""The intent of a search for a title by its whole name."""
_OTHER_INTENT = "other"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LandingPolicy(_Part):
    """What the door tolerates."""

    lateness_days: Annotated[int, Field(ge=1)]
    quarantine_days: Days
    max_skew_seconds: Annotated[int, Field(ge=0)]
    private_app_versions: tuple[str, ...] = ()


class PublishedPolicy(_Part):
    """How long restricted tables live, the least count of people that is told, and whose keys may override the gate
    (Ed25519, in hexadecimal)."""

    retire_after_days: Days
    restricted_expires_days: Days
    min_cell_size: Annotated[int, Field(ge=1)]
    override_keys: tuple[Annotated[str, Field(pattern="^[0-9a-f]{64}$")], ...] = ()


_Phrase = Annotated[str, Field(pattern=r"^[^\W_]+( [^\W_]+)*$", max_length=64)]


class MinimisationPolicy(_Part):
    """Below which size a place tells who a person is: accounts of the newest snapshot that live in a region; and what a
    search may be known to be about, in place of what was typed.

    `search_intents`: by intent the phrases, in lower case, of which one must stand in the text as whole words; of
    several intents that fit the first counts.
    """

    least_accounts_in_region: Annotated[int, Field(ge=1)]
    search_intents: dict[_Phrase, Annotated[tuple[_Phrase, ...], Field(min_length=1)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _in_lower_case(self) -> Self:
        for intent, phrases in self.search_intents.items():
            if intent in (TITLE_INTENT, _OTHER_INTENT):
                raise ValueError(f"search_intents: {intent} stands for itself: it takes no phrases")
            for phrase in (intent, *phrases):
                if phrase != phrase.lower():
                    raise ValueError(f"search_intents: {phrase!r} must be in lower case")
        return self


class ServingPolicy(_Part):
    """What people are offered, and by what.

    `models`: `any` lets the best recommender serve; `private` the factors of `releases.factors` alone, and where these
    do not beat noisy popularity, the open counts. `blocked_titles` are offered to nobody: by id, as in the catalogue.
    """

    models: Literal["any", "private"] = "any"
    blocked_titles: tuple[Annotated[str, Field(min_length=1)], ...] = ()


class Contact(_Part):
    """Somebody who answers for the processing (GDPR 30(1)(a))."""

    name: Annotated[str, Field(min_length=1)]
    contact: Annotated[str, Field(min_length=1)]


class Controller(Contact):
    """Who decides why and how people's data are processed, and what else the record must name (GDPR 30(1)).

    `transfers` are the third countries that data go to, with the safeguard; none where there are none.
    """

    protection_officer: Contact | None = None
    transfers: tuple[str, ...] = ()


class Reason(_Part):
    """Why columns are held that no purpose sees: what for, and on which legal basis."""

    title: str
    basis: Basis


class Purpose(_Part):
    """One purpose: its basis, its words, its window (days) and the columns that it may see.

    `notice_given` is what a legitimate interest rests on; `separate_form_days` asks for a consent given on a form of
    its own (VPPA) that is no older. `windows` are shorter ones of single inputs, in days. `final_when_closed`: what it
    uses of a day is decided for the last time when the day closes, for its releases are drawn once; otherwise every day
    of the window is decided anew on each run.
    """

    title: str
    basis: Basis
    data_uses: tuple[str, ...]
    tcf_purposes: tuple[Annotated[int, Field(ge=1, le=24)], ...] = ()
    window_days: Days
    windows: dict[Literal["viewing_events", "search_events"], Days] = Field(default_factory=dict)
    parent: str | None = None
    notice_given: bool = False
    separate_form_days: Days | None = None
    final_when_closed: bool = False
    columns: dict[str, dict[str, Generalisation]]

    def window_of(self, source: str) -> int:
        """Days for which it may use an event of an input: its window, or a shorter one of the input's own."""
        return min([self.window_days, *(days for name, days in self.windows.items() if name == source)])


class Policy(_Part):
    """The whole policy. Raises UsageError from `load` where a field is missing, unknown or out of range."""

    version: Literal[1]
    landing: LandingPolicy
    subjects: SubjectPolicy
    consent: ConsentPolicy
    signals: SignalPolicy
    minimisation: MinimisationPolicy
    classification: Classification
    controller: Controller
    kept_for: dict[str, Reason]
    purposes: dict[str, Purpose]
    releases: Releases
    published: PublishedPolicy
    retention: RetentionPolicy
    recipients: dict[RecipientName, Recipient] = {}
    imports: Imports = Imports()
    audit: AuditPolicy = AuditPolicy()
    exact_tables: dict[ExactName, ExactTable] = {}
    serving: ServingPolicy = ServingPolicy()
    calendar: CalendarPolicy = CalendarPolicy()

    @model_validator(mode="after")
    def _known_purposes(self) -> Self:
        purposes = {name: purpose.columns for name, purpose in self.purposes.items()}
        if self.serving.models == "private" and self.releases.factors is None:
            raise ValueError("serving.models: private needs releases.factors, which pays for the factors that serve")
        check_exact(self.exact_tables, purposes, self.published.min_cell_size)
        for name, recipient in self.recipients.items():
            if exact := sorted(self.exact_tables.keys() & set(recipient.tables)):
                raise ValueError(f"recipients.{name}.tables: exact tables stay in the house, and {exact[0]} is one")
        lists = {f"subjects.{name}": value for name, value in self.subjects if isinstance(value, frozenset)}
        lists["consent.sale_purposes"] = self.consent.sale_purposes
        lists |= {f"recipients.{name}.purposes": frozenset(each.purposes) for name, each in self.recipients.items()}
        lists["signals.tcf_vendor_purposes"] = self.signals.tcf_vendor_purposes
        lists |= {f"signals.us_opt_outs.{question}": names for question, names in self.signals.us_opt_outs.items()}
        for where, names in lists.items():
            for name in sorted(names - self.purposes.keys()):
                raise ValueError(f"{where} names the unknown purpose {name!r}")
        for where, name in self.imports.mapped():
            if name not in self.purposes:
                raise ValueError(f"{where} names the unknown purpose {name!r}")
        for name, purpose in self.purposes.items():
            seen = {name}
            while (parent := purpose.parent) is not None:
                if parent not in self.purposes:
                    raise ValueError(f"purposes.{name} has the unknown parent {parent!r}")
                if parent in seen:
                    raise ValueError(f"purposes.{name} descends from itself")
                seen.add(parent)
                purpose = self.purposes[parent]
        return self

    @cached_property
    def digest(self) -> str:
        """Identity of what the policy says, for fingerprints and manifests."""
        # Sets have another order in every process: sorted, they have one.
        said = json.dumps(self.model_dump(), default=sorted, sort_keys=True)
        return sha256(said.encode()).hexdigest()[:32]

    def known_purpose(self, name: str) -> Purpose:
        """A purpose by name. Raises UsageError that names those there are."""
        if name not in self.purposes:
            raise UsageError(f"the policy knows no purpose {name!r}; it knows {', '.join(self.purposes)}")
        return self.purposes[name]

    def kept_days(self, source: Literal["viewing_events", "search_events"]) -> int:
        """Days for which an accepted event is kept: the longest window of the purposes that see it, and then some.

        VPPA, 18 USC 2710(e): what no window reaches is no longer necessary for the purposes it was collected for, and
        goes at latest a year after that.
        """
        windows = [purpose.window_of(source) for purpose in self.purposes.values() if purpose.columns.get(source)]
        unneeded: int = getattr(self.retention.unneeded_days, source)
        return max(windows, default=0) + unneeded

    def denied_by(self, purpose: str) -> tuple[str, ...]:
        """A purpose and its ancestors: a denial of any of them denies it."""
        chain, current = [purpose], self.purposes[purpose]
        while current.parent is not None:
            chain.append(current.parent)
            current = self.purposes[current.parent]
        return tuple(chain)


def load(path: Path | None = None) -> Policy:
    """Read a policy file; the packaged one where no path is given.

    Raises UsageError that names the file, the field and the rule that it breaks.
    """
    source = path or PACKAGED
    try:
        document: Any = yaml.load(source.read_text(), Loader=_Loader)  # noqa: S506 - a safe loader either way
    except OSError as error:
        raise UsageError(f"{source}: cannot read the policy: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{source}: the policy is not YAML: {error}") from None
    try:
        return Policy.model_validate(document)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'policy'}: {e['msg']}" for e in error.errors())
        raise UsageError(f"{source}: {problems}") from None
