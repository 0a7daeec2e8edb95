"""Privacy classes travel by lineage; no open table descends from a person's data unpaid: proved before anything runs.

The proof walks from every column of an open table, and from its rows, to all that they depend on: computed from,
filtered, joined, grouped or ordered by, in whatever model and under whatever name. A walk ends well in a public column,
in a paid release (`protected_by: dp`), or for `row_accounting` in the exact row counts that operations need.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from ..errors import UsageError
from .contracts import Access, Contract, PrivacyClass, ProtectedBy
from .lineage import ColumnRef, Lineage

ORDER = (
    PrivacyClass.public,
    PrivacyClass.behaviour,
    PrivacyClass.quasi_identifier,
    PrivacyClass.sensitive,
    PrivacyClass.pseudonym,
    PrivacyClass.direct_identifier,
)
"""From the least to the most protected."""

ACCOUNTING = "row_accounting"
ACCOUNTING_COLUMNS = {"arrival_day", "source", "stage", "reason", "rows"}
VAULT = "subjects"
_DOOR = ("landed_", "accepted_")
_ROWS = "*"


def most_protected(classes: Collection[PrivacyClass]) -> PrivacyClass:
    """The highest class; public where there is none."""
    return max(classes, key=ORDER.index, default=PrivacyClass.public)


@dataclass(frozen=True)
class Graph:
    """Contracts of the stored tables, and the lineage of each model down to the tables and views that it names."""

    contracts: Mapping[str, Contract]
    lineage: Mapping[str, Lineage]

    def declared(self, ref: ColumnRef) -> PrivacyClass | None:
        """The class in a column's contract, if any. What a paid release holds is public unless it says otherwise."""
        contract = self.contracts.get(ref.table)
        if contract is None:
            return None
        found = next(column.privacy for column in contract.columns if column.name == ref.column)
        if found is None and contract.meta.protected_by is not None:
            return PrivacyClass.public
        return found

    def privacy_class(self, ref: ColumnRef) -> PrivacyClass:
        """The declared class of a column, or the most protected of what it is computed from."""
        declared = self.declared(ref)
        if declared is not None:
            return declared
        behind = self.lineage[ref.table].columns[ref.column]
        return most_protected([self.privacy_class(origin) for origin in behind])

    def rows_class(self, table: str) -> PrivacyClass:
        """Class of the fact that a row is there: that of the table's most protected column."""
        return most_protected([self.privacy_class(ColumnRef(table, name)) for name in self.contracts[table].types])

    def behind(self, ref: ColumnRef) -> Iterator[ColumnRef]:
        """What a column, or the rows of a table (`*`), depend on, one model further up."""
        lineage = self.lineage[ref.table]
        if ref.column != _ROWS:
            yield from sorted(lineage.columns[ref.column])
        else:
            yield from sorted(lineage.conditions)
            yield from (ColumnRef(table, _ROWS) for table in sorted(lineage.tables))

    def stored(self, model: str) -> frozenset[str]:
        """Stored tables that a model reads, its views followed; none for a table that no model makes."""
        found: frozenset[str] = frozenset()
        for table in self.lineage[model].tables if model in self.lineage else ():
            found |= {table} if table in self.contracts else self.stored(table)
        return found

    def paths(self, table: str, stop: Collection[str]) -> Iterator[tuple[ColumnRef, ...]]:
        """One shortest path from a table's columns, then from its rows, to each end that they descend from.

        Ends are columns (and rows) of tables that no model makes; nothing is followed into the tables of `stop`.
        """
        starts = [ColumnRef(table, name) for name in [*self.contracts[table].types, _ROWS]]
        seen = set(starts)
        queue: list[tuple[ColumnRef, ...]] = [(start,) for start in starts]
        for path in queue:
            if path[-1].table not in self.lineage:
                yield path
                continue
            for ref in self.behind(path[-1]):
                if ref not in seen and ref.table not in stop:
                    seen.add(ref)
                    queue.append((*path, ref))


def check_privacy(graph: Graph, purposes: Collection[str]) -> None:
    """Prove a project private.

    Raises UsageError that names the table, the column, the path of the leak and the way out.
    """
    for contract in graph.contracts.values():
        _check_declared(contract, graph)
        _check_purpose(contract, purposes)
        _check_protection(contract, graph)
    for contract in graph.contracts.values():
        _check_identifiers(contract, graph)
        if contract.meta.access is Access.open:
            _check_open(contract, graph)


def _check_declared(contract: Contract, graph: Graph) -> None:
    if contract.name not in graph.lineage:
        for column in contract.columns:
            if graph.declared(ColumnRef(contract.name, column.name)) is None:
                raise UsageError(
                    f"contract {contract.name}: no model makes this table, so lineage cannot tell the privacy class of "
                    f"{column.name}: add meta: {{privacy: ...}}"
                )


def _check_purpose(contract: Contract, purposes: Collection[str]) -> None:
    purpose = contract.meta.purpose
    if contract.meta.access is Access.restricted and purpose is None:
        raise UsageError(f"contract {contract.name}: a restricted table names the purpose it serves: add meta.purpose")
    if purpose is not None and purpose not in purposes:
        raise UsageError(f"contract {contract.name}: meta.purpose {purpose} is none of {', '.join(purposes)}")


def _check_protection(contract: Contract, graph: Graph) -> None:
    match contract.meta.protected_by:
        case ProtectedBy.dp if contract.name in graph.lineage:
            raise UsageError(
                f"contract {contract.name}: protected_by dp, but a SELECT pays for nothing: take the mark off, "
                f"or let the privacy room release the table"
            )
        case ProtectedBy.suppression if contract.meta.access is Access.open:
            raise UsageError(
                f"contract {contract.name}: exact counts are never open: who knows enough of the others finds a person "
                f"in them. Release them with noise (releases.tables)"
            )
        case ProtectedBy.accounting if set(contract.types) != ACCOUNTING_COLUMNS:
            columns = ", ".join(sorted(ACCOUNTING_COLUMNS))
            raise UsageError(f"contract {contract.name}: protected_by accounting is for exactly the columns {columns}")
        case ProtectedBy.accounting if contract.name == ACCOUNTING:
            _check_accounting(contract, graph)
        case ProtectedBy.accounting if contract.meta.access is not Access.internal:
            raise UsageError(
                f"contract {contract.name}: protected_by accounting: only {ACCOUNTING} leaves the house; what it reads "
                f"is internal"
            )


def _check_accounting(contract: Contract, graph: Graph) -> None:
    """The published row accounting is put together from counts alone, never from rows about people."""
    for table in sorted(graph.stored(ACCOUNTING)):
        if graph.contracts[table].meta.protected_by is not ProtectedBy.accounting:
            raise UsageError(
                f"table {contract.name}: reads {table}, which holds no row accounting: count it in a step of its own "
                f"and mark what that stores protected_by accounting"
            )


def _check_identifiers(contract: Contract, graph: Graph) -> None:
    """Who a person is stays at the door and in the vault."""
    if contract.name.startswith((*_DOOR, VAULT)) and contract.meta.access is Access.internal:
        return
    for path in graph.paths(contract.name, ()):
        end = path[-1]
        if end.column != _ROWS and graph.declared(end) is PrivacyClass.direct_identifier:
            raise UsageError(
                f"table {contract.name}: a direct identifier reaches it: {path_words(path)}. They stay in the internal "
                f"accepted_* tables and in {VAULT}: leave the column out"
            )


def _check_open(contract: Contract, graph: Graph) -> None:
    if contract.meta.protected_by is not None:
        return
    for path in graph.paths(contract.name, paid(graph)):
        end = path[-1]
        kind = graph.rows_class(end.table) if end.column == _ROWS else graph.privacy_class(end)
        if graph.contracts[end.table].meta.protected_by is ProtectedBy.accounting:
            kind = PrivacyClass.behaviour
        if kind is not PrivacyClass.public:
            what = "its rows depend on" if path[0].column == _ROWS else f"its column {path[0].column} descends from"
            raise UsageError(
                f"open table {contract.name}: {what} {_name(end)} ({kind}), which nobody paid for: {path_words(path)}. "
                f"Read a differentially private release instead (privacy.release, protected_by: dp), "
                f"or make the table internal"
            )


def paid(graph: Graph) -> frozenset[str]:
    """Tables that open tables may read: paid releases, and the published row accounting."""
    return frozenset(
        contract.name
        for contract in graph.contracts.values()
        if contract.meta.protected_by is ProtectedBy.dp or contract.name == ACCOUNTING
    )


def _name(ref: ColumnRef) -> str:
    return f"the rows of {ref.table}" if ref.column == _ROWS else str(ref)


def path_words(path: tuple[ColumnRef, ...]) -> str:
    """A path of the proof, from what was asked about to where it ends."""
    return " <- ".join(map(_name, path))
