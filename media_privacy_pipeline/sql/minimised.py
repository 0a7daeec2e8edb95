"""What serves a purpose was made from that purpose's permitted tables: proved from lineage before anything runs.

A permitted table holds what the policy's map names, as coarse as it says, because its text is written from the map.
This proof closes the ways around it: a table that reads what the door let in, or what consent knows of people, and a
table that joins the rows of two purposes.
"""

from __future__ import annotations

from collections.abc import Collection

from ..errors import UsageError
from .contracts import Access, Contract, PrivacyClass
from .generalise import REGION_SIZES
from .privacy import Graph, paid, path_words

_RAW = ("landing", "landing_zone", "consent")
"""Groups whose tables hold people's data before any purpose was asked for."""
_DOOR = ("landed_", "accepted_")


def check_minimised(graph: Graph, permitted: Collection[str]) -> None:
    """Prove that no SELECT leads around the permitted tables.

    Raises UsageError that names the table, the path around, and what to read in its place.
    """
    for contract in graph.contracts.values():
        if contract.meta.group == "permitted" and contract.name not in {*permitted, REGION_SIZES}:
            raise UsageError(
                f"contract {contract.name}: the group permitted holds what the policy's map makes, and nothing else: "
                "name another group, or let a purpose see the columns (policy: purposes.*.columns)"
            )
        if contract.name in graph.lineage and contract.name not in permitted and not _is_machinery(contract):
            _check_purpose(contract, graph)
            _check_source(contract, graph)


def _is_machinery(contract: Contract) -> bool:
    """Whether a table only serves to decide what purposes may see, or holds counts and no row about a person."""
    own = contract.meta.group in (*_RAW, "permitted") and contract.meta.access is Access.internal
    return contract.meta.protected_by is not None or (own and contract.meta.purpose is None)


def _check_purpose(contract: Contract, graph: Graph) -> None:
    found = _purposes(contract.name, graph)
    if len(set(found.values())) > 1:
        listed = ", ".join(f"{table} ({purpose})" for table, purpose in sorted(found.items()))
        raise UsageError(
            f"table {contract.name}: it joins rows of several purposes: {listed}. What was agreed to for one purpose "
            "is used for that one: make a table for each"
        )
    for table, purpose in found.items():
        if contract.meta.purpose != purpose:
            raise UsageError(
                f"table {contract.name}: it descends from {table}, which holds what {purpose} may see: its contract "
                f"must say meta: {{purpose: {purpose}}}"
            )


def _purposes(name: str, graph: Graph) -> dict[str, str]:
    """The nearest tables with a purpose that a table descends from, each with its purpose."""
    found: dict[str, str] = {}
    seen, queue = {name}, [name]
    for table in queue:
        for read in graph.stored(table) - seen:
            seen.add(read)
            purpose = graph.contracts[read].meta.purpose
            if purpose is not None:
                found[read] = purpose
            elif graph.contracts[read].meta.protected_by is None:
                queue.append(read)
    return found


def _check_source(contract: Contract, graph: Graph) -> None:
    named = {other.name for other in graph.contracts.values() if other.meta.purpose is not None} - {contract.name}
    for path in graph.paths(contract.name, named | paid(graph)):
        end = path[-1]
        known = end.column != "*" and graph.privacy_class(end) is PrivacyClass.public
        if _is_raw(end.table, graph) and not known and not _about_titles(end.table, graph):
            raise UsageError(
                f"table {contract.name}: it reads people's data around the policy's map: {path_words(path)}. Read "
                "permitted_<purpose>_<table>, which holds what the purpose may see"
            )


def _is_raw(table: str, graph: Graph) -> bool:
    return table.startswith(_DOOR) or graph.contracts[table].meta.group in _RAW


def _about_titles(table: str, graph: Graph) -> bool:
    return graph.rows_class(table) is PrivacyClass.public
