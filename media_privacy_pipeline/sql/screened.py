"""What landed, searched for what has no place in its column: views that follow from the policy, from one template.

`screened_<input>` has the columns of `landed_<input>`, scrubbed where the policy says scrub, and `_found`, the reason
for which a row is refused where it says quarantine. The door's rules read it in place of what landed, so that
everything after it, digests of rows included, is of what is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..errors import UsageError
from ..policy import Policy
from ..screening_policy import Action, Kind
from .contracts import Column, Contract, PrivacyClass
from .personal import finds, scrubbed, token

_ABOUT_PEOPLE = ("viewing_events", "search_events", "accounts", "consent_events", "subject_requests")
_ALWAYS_HEARD = ("consent_events", "subject_requests")
_JOINED_BY = frozenset({"account_id", "profile_id", "device_id", "session_id"})

Rules = Mapping[str, Mapping[Kind, Action]]


def screened_name(source: str) -> str:
    """Name of the view of an input's searched rows."""
    return f"screened_{source}"


def scrubs_name(source: str) -> str:
    """Name of the model that counts accepted rows of an input that were scrubbed."""
    return f"int_landing__{source}_scrubbed"


def screened_models(policy: Policy, contracts: Mapping[str, Contract]) -> dict[str, str]:
    """SELECT text of every view by name, and of the counts of what was scrubbed, in DuckDB's dialect.

    A project without the contract of an input has none of its views. Raises UsageError for a policy that names an
    unknown input or column, or an action that a column does not bear.
    """
    made: dict[str, str] = {}
    for source in policy.classification.columns:
        if source not in _ABOUT_PEOPLE:
            known = ", ".join(_ABOUT_PEOPLE)
            raise UsageError(f"policy: classification.columns names {source!r}: inputs about people are {known}")
    for source in _ABOUT_PEOPLE:
        if f"landed_{source}" in contracts and f"accepted_{source}" in contracts:
            rules = policy.classification.of(source)
            _check(source, rules, contracts[f"accepted_{source}"])
            made[screened_name(source)] = _view(source, rules, contracts[f"landed_{source}"])
            if reasons := _reasons(rules):
                by_day = contracts[f"accepted_{source}"].meta.partition_by is not None
                made[scrubs_name(source)] = _counts(source, reasons, by_day=by_day)
    return made


def _check(source: str, rules: Rules, accepted: Contract) -> None:
    columns = {column.name: column for column in accepted.columns}
    for name, kinds in rules.items():
        where = f"policy: classification.columns.{source}.{name}"
        if name not in columns or columns[name].data_type != "varchar":
            raise UsageError(f"{where}: accepted_{source} has no such column of text")
        if columns[name].privacy is PrivacyClass.direct_identifier:
            raise UsageError(f"{where}: declared a direct identifier, so that what is looked for is what it holds")
        for action in kinds.values():
            _check_action(where, source, columns[name], action, accepted)


def _check_action(where: str, source: str, column: Column, action: Action, accepted: Contract) -> None:
    key = column.name in _JOINED_BY or column.name in accepted.meta.grain
    if source in _ALWAYS_HEARD and (key or action is Action.quarantine):
        raise UsageError(
            f"{where}: a choice or a request is heard whatever else its row holds: write scrub, and leave out the "
            "columns that rows are joined by"
        )
    if action is Action.scrub and key:
        raise UsageError(
            f"{where}: rows are joined by it, and two people whose ids were scrubbed would be one: write quarantine"
        )
    if action is Action.scrub and _has_domain(column):
        raise UsageError(
            f"{where}: what is none of its known values is never stored, so that there is nothing to scrub: write "
            "quarantine, or leave it out"
        )


def _has_domain(column: Column) -> bool:
    words = (word for test in column.data_tests if isinstance(test, dict) for word in test)
    return any(word in ("accepted_values", "regex") for word in words)


def _view(source: str, rules: Rules, landed: Contract) -> str:
    below, steps = f"landed_{source}", []
    for kind in Kind:
        scrubs = {name for name, kinds in rules.items() if kinds.get(kind) is Action.scrub}
        if scrubs:
            columns = [f"{scrubbed(kind, name)} as {name}" if name in scrubs else name for name in landed.types]
            steps.append(f"without_{kind.value} as (\n    select\n        {_listed(columns)}\n    from {below}\n)")
            below = f"without_{kind.value}"
    found = [
        f"when {finds(kind, name)} then 'personal_value_in_{name}'"
        for name, kinds in rules.items()
        for kind, action in kinds.items()
        if action is Action.quarantine
    ]
    reason = f"case {' '.join(found)} end" if found else "cast(null as varchar)"
    return (
        f"with {', '.join(steps)}\n\n" if steps else ""
    ) + f"select\n    {', '.join(landed.types)},\n    {reason} as _found\nfrom {below}\n"


def _listed(columns: list[str]) -> str:
    return ",\n        ".join(columns)


def _reasons(rules: Rules) -> dict[str, tuple[str, Kind]]:
    """What is counted, by the reason under which it is, with its column and kind."""

    def pairs() -> Iterator[tuple[str, Kind]]:
        for name, kinds in rules.items():
            yield from ((name, kind) for kind, action in kinds.items() if action is Action.scrub)

    return {f"scrubbed_{kind.value}_in_{name}": (name, kind) for name, kind in pairs()}


def _counts(source: str, reasons: Mapping[str, tuple[str, Kind]], *, by_day: bool) -> str:
    counts = [
        f"count(*) filter (where contains({name}, '{token(kind)}')) as {reason}"
        for reason, (name, kind) in reasons.items()
    ]
    if by_day:
        return f"select arrival_day, {', '.join(counts)} from accepted_{source} group by arrival_day\n"
    return f"select {', '.join(counts)} from accepted_{source}\n"
