"""What is collected, in full: from the contracts, the policy and the lineage, and nothing else (GDPR 13 and 14)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..keeping import EVENT_TIMES
from ..policy import Generalisation, Policy
from ..sql import Access, Column, Contract, PrivacyClass, Project, ProtectedBy
from ..sql.collected import collected, kept_for, seen_by
from ..sql.generalise import words
from ..sql.lineage import ColumnRef
from ..sql.permitted import permitted_name
from ..sql.reach import decided_by, reach


@dataclass(frozen=True)
class Use:
    """One purpose's sight of a column: how fine, on which basis, and how many days back."""

    purpose: str
    title: str
    basis: str
    fineness: str
    days: int


@dataclass(frozen=True)
class Kept:
    """Why a column is held beside what purposes see."""

    reason: str
    title: str
    basis: str


@dataclass(frozen=True)
class CollectedColumn:
    """One column: what it is, who sees it why, where it ends up and which tables' rows it helps to choose."""

    name: str
    data_type: str
    privacy: str
    meaning: str
    uses: tuple[Use, ...]
    kept: Kept | None
    reaches: tuple[str, ...]
    decides: tuple[str, ...]
    searched_for: dict[str, str]


@dataclass(frozen=True)
class CollectedTable:
    """One input of the landing zone as it is stored. `personal` is false for what is about titles alone."""

    source: str
    description: str
    personal: bool
    held: str
    columns: tuple[CollectedColumn, ...]


@dataclass(frozen=True)
class Recipient:
    """A table that leaves the pipeline's own hands: who may read it, what protects it, how long it stays, the purposes
    whose permitted tables it is computed from, and the collected columns."""

    table: str
    description: str
    access: str
    in_words: str
    readers: str
    protection: str
    stays: str
    purposes: tuple[str, ...]
    holds: tuple[str, ...]


def collected_tables(project: Project) -> list[CollectedTable]:
    """Every input, in the order of the contracts, with each of its columns."""
    reached, decided = reach(project), decided_by(project)

    def column(source: str, contract: Contract, each: Column) -> CollectedColumn:
        ref = ColumnRef(contract.name, each.name)
        policy, reason = project.policy, kept_for(contract, each)
        kept = policy.kept_for[reason] if reason is not None else None
        return CollectedColumn(
            name=each.name,
            data_type=each.data_type,
            privacy=project.privacy_class(contract.name, each.name).value,
            meaning=each.description,
            uses=tuple(_use(policy, purpose, source, each.name) for purpose in seen_by(policy, source, each.name)),
            kept=Kept(reason, kept.title, kept.basis.value) if kept is not None and reason is not None else None,
            reaches=tuple(sorted(reached.get(ref, ()))),
            decides=tuple(sorted(decided.get(ref, ()))),
            searched_for={k.value: a.value for k, a in policy.classification.of(source).get(each.name, {}).items()},
        )

    return [
        CollectedTable(
            source,
            contract.description.strip(),
            any(each.privacy is not PrivacyClass.public for each in contract.columns),
            held(project.policy, source),
            tuple(column(source, contract, each) for each in contract.columns),
        )
        for source, contract in collected(project.contracts).items()
    ]


def held(policy: Policy, source: str) -> str:
    """How long the rows of an input are held."""
    if source == "titles":
        return "while the title is in the newest catalogue"
    if source == "accounts":
        return "while the account is in the newest snapshot, and until its holder asks for erasure"
    if source in EVENT_TIMES:
        return f"{policy.kept_days(source)} days after it happened, and no longer than the person wants"
    return "until the person asks for erasure"


def recipients(project: Project, tables: Iterable[CollectedTable]) -> list[Recipient]:
    """Every table that others may read, and which collected columns are computed into it."""
    columns = [(f"{table.source}.{each.name}", each) for table in tables for each in table.columns]
    served = _served(project)
    return [
        Recipient(
            table=contract.name,
            description=" ".join(contract.description.split()),
            access=contract.meta.access.value,
            in_words=_in_words(contract),
            readers=_readers(project, contract),
            protection=_protection(contract),
            stays=_stays(project.policy, contract),
            purposes=tuple(purpose for purpose in project.policy.purposes if contract.name in served[purpose]),
            holds=tuple(name for name, each in columns if contract.name in each.reaches),
        )
        for contract in project.contracts.values()
        if contract.meta.access is not Access.internal
    ]


def _served(project: Project) -> dict[str, set[str]]:
    """The tables that what each purpose may see is computed into."""
    reached, found = reach(project), {purpose: set[str]() for purpose in project.policy.purposes}
    for purpose, rule in project.policy.purposes.items():
        permitted = {permitted_name(purpose, source) for source in rule.columns}
        for column, tables in reached.items():
            if column.table in permitted:
                found[purpose] |= tables
    return found


def _use(policy: Policy, purpose: str, source: str, column: str) -> Use:
    rule = policy.purposes[purpose]
    how: Generalisation = rule.columns[source][column]
    fineness = words(how, policy.minimisation)
    return Use(purpose, rule.title, rule.basis.value, fineness, rule.window_of(source))


def _readers(project: Project, contract: Contract) -> str:
    if contract.meta.access is Access.open:
        return "everyone"
    purpose = contract.meta.purpose or ""
    return f"the team that serves the purpose {purpose}: {project.policy.purposes[purpose].title.lower()}"


def _in_words(contract: Contract) -> str:
    match contract.meta.protected_by:
        case ProtectedBy.dp:
            return "counted with noise, for everyone"
        case ProtectedBy.accounting:
            return "counted as rows, for everyone"
        case ProtectedBy.suppression:
            return "counted exactly, small counts together, for those whose purpose it serves"
    if contract.meta.access is Access.restricted:
        return "under a pseudonym, for those who agreed"
    return "for everyone"


def _protection(contract: Contract) -> str:
    match contract.meta.protected_by:
        case ProtectedBy.dp:
            return "noise of differential privacy, so that nobody in particular can be told from it"
        case ProtectedBy.accounting:
            return "counts of rows alone"
        case ProtectedBy.suppression:
            return "encrypted; exact counts of at least k accounts, decided once a period, without noise"
    if contract.meta.access is Access.restricted:
        return "encrypted; a pseudonym of this purpose alone stands for the person; only who agrees is in it"
    return "holds nothing about people"


def _stays(policy: Policy, contract: Contract) -> str:
    if contract.meta.access is Access.restricted:
        published = policy.published
        return (
            f"{published.restricted_expires_days} days; {published.retire_after_days} days once a newer release is out"
        )
    private = " (it was private for everyone when it was made)" if contract.meta.protected_by is ProtectedBy.dp else ""
    return f"for good{private}"
