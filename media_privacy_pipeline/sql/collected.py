"""Every column that is collected is declared: what it means, how close it is to a person, and what it is held for.

GDPR 5(1)(b) and (c): data are collected for stated purposes and no more than these need. A column that the door stores
is seen by a purpose of the policy, or names one of the policy's reasons (`kept_for`), or is about titles alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..errors import UsageError
from ..policy import Policy
from .contracts import Column, Contract, PrivacyClass

_LANDED, _ACCEPTED = "landed_", "accepted_"


def collected(contracts: Mapping[str, Contract]) -> dict[str, Contract]:
    """Contract of each table that the door stores rows of, by the name of its input."""
    return {name.removeprefix(_ACCEPTED): each for name, each in contracts.items() if name.startswith(_ACCEPTED)}


def seen_by(policy: Policy, source: str, column: str) -> Iterator[str]:
    """The purposes whose map names a column of an input."""
    return (name for name, purpose in policy.purposes.items() if column in purpose.columns.get(source, {}))


def kept_for(contract: Contract, column: Column) -> str | None:
    """The policy's reason for holding a column beside what purposes see: its own, or else its table's."""
    return column.meta.kept_for or contract.meta.kept_for


def check_collected(contracts: Mapping[str, Contract], policy: Policy) -> None:
    """Hold the contracts of the door to what the policy says of every column.

    Raises UsageError that names the contract and the column, and says what to add.
    """
    for source, contract in collected(contracts).items():
        for column in contract.columns:
            _check_column(source, contract, column, policy)
        for column in getattr(contracts.get(f"{_LANDED}{source}"), "columns", ()):
            own = column.name.startswith("_") or column.name == "arrival_day"
            if not own and column.name not in contract.types:
                raise UsageError(
                    f"contract {_LANDED}{source}: the column {column.name} is read and nothing says what for: declare "
                    f"it in {contract.name}, or take it off the list"
                )


def _check_column(source: str, contract: Contract, column: Column, policy: Policy) -> None:
    where = f"contract {contract.name}: the column {column.name}"
    if column.privacy is None:
        raise UsageError(f"{where} is stored and has no privacy class: add meta: {{privacy: ...}}")
    if not column.description.strip():
        raise UsageError(f"{where} is stored and nothing says what it means: add a description")
    reason = kept_for(contract, column)
    if reason is not None and reason not in policy.kept_for:
        raise UsageError(f"{where} is kept for {reason!r}, which is none of the policy's: {', '.join(policy.kept_for)}")
    if column.privacy is not PrivacyClass.public and reason is None and not any(seen_by(policy, source, column.name)):
        raise UsageError(
            f"{where} is stored and no purpose sees it: let one (policy: purposes.*.columns.{source}), or say why it "
            f"is held: meta: {{kept_for: ...}}, one of {', '.join(policy.kept_for)}; or do not collect it"
        )
