"""Which expectations a table has: from its contract's columns, grain and data_tests, and the hand-written ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..errors import UsageError
from ..sql import Contract, Project
from .handwritten import handwritten
from .spec import ExpectationSpec, Kind, Severity, quoted


def expectations_of(project: Project, table: str) -> tuple[ExpectationSpec, ...]:
    """The suite of one table. Raises UsageError for a table without a contract or a test that nobody knows."""
    if table not in project.contracts:
        raise UsageError(f"{table}: no such table; known are {', '.join(sorted(project.contracts))}")
    return suite_of(project.contracts[table], project.contracts)


def suite_of(contract: Contract, contracts: Mapping[str, Contract]) -> tuple[ExpectationSpec, ...]:
    """The suite of a contract that may differ from the project's own, as a published table's does."""
    specs = [*_generated(contract), *handwritten(contract, contracts)]
    unique = {spec.name: spec for spec in specs}
    if len(unique) < len(specs):
        names = sorted({spec.name for spec in specs if [s.name for s in specs].count(spec.name) > 1})
        raise UsageError(f"{contract.name}: the same test is declared twice: {', '.join(names)}")
    return tuple(unique.values())


def _generated(contract: Contract) -> Iterator[ExpectationSpec]:
    yield ExpectationSpec(
        "schema", "schema", {}, meaning="The files hold the columns and types of the contract, and no others."
    )
    grain = contract.meta.grain
    if len(grain) > 1:
        yield ExpectationSpec("grain", "unique_together", {"column_list": list(grain)}, meaning="One row per grain.")
    for column in contract.columns:
        tests = [_split(test) for test in column.data_tests]
        if grain == (column.name,) and not any(word == "unique" for word, _ in tests):
            tests.append(("unique", {}))
        for word, arguments in tests:
            if word not in _WORDS:
                raise UsageError(
                    f"{contract.name}.{column.name}: the test {word} is unknown; known are {', '.join(sorted(_WORDS))}"
                )
            severity: Severity = "warn" if arguments.pop("severity", "error") == "warn" else "error"
            kind, kwargs = _WORDS[word](contract.name, column.name, arguments)
            meaning = _meaning(column.name, kwargs) if kind == "query" else ""
            yield ExpectationSpec(f"{column.name}_{word}", kind, kwargs, severity, meaning)


def _meaning(column: str, kwargs: Mapping[str, Any]) -> str:
    return f"Every {column} is found in {kwargs['inputs'][0]}."


def _split(test: str | Mapping[str, Mapping[str, Any]]) -> tuple[str, dict[str, Any]]:
    if isinstance(test, str):
        return test, {}
    ((word, arguments),) = test.items()
    return word, dict(arguments or {})


def _relationship(table: str, column: str, arguments: dict[str, Any]) -> tuple[Kind, dict[str, Any]]:
    child, to, key = quoted(column), arguments["to"], arguments["field"]
    sql = f"""
        select cast(count(*) filter (
                   where child.{child} is not null and parent.found is null) as bigint) as unexpected,
               cast(count(*) as bigint) as total
        from {table} as child
        left join (select distinct {quoted(key)} as found from {to}) as parent on child.{child} = parent.found"""
    return "query", {"sql": sql, "inputs": [to]}


_WORDS: dict[str, Callable[[str, str, dict[str, Any]], tuple[Kind, dict[str, Any]]]] = {
    "not_null": lambda _, column, __: ("not_null", {"column": column}),
    "unique": lambda _, column, __: ("unique", {"column": column}),
    "accepted_values": lambda _, column, a: ("in_set", {"column": column, "value_set": list(a["values"])}),
    "range": lambda _, column, a: (
        "between",
        {"column": column, "min_value": a.get("min"), "max_value": a.get("max")},
    ),
    "regex": lambda _, column, a: ("regex", {"column": column, "regex": a["pattern"]}),
    "relationships": _relationship,
}
