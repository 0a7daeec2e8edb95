"""How a purpose may see a column coarser than it is: what each generalisation suits, and the SQL that makes it.

Each leaves the column its name and, where it can, its type, so that what reads it need not know how fine it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import UsageError
from ..policy import Generalisation
from .contracts import Column

REGION_SIZES = "region_sizes"
"""Accounts of the newest snapshot by region: the table that `large_region` looks into."""

_DEVICES = {"screen": ("tv", "console"), "mobile": ("mobile", "tablet")}


@dataclass(frozen=True)
class _Rule:
    """What a generalisation suits, in code and in words; the SQL of a value `{x}`; what the contract says of it."""

    suits: Callable[[Column], bool]
    needs: str
    text: str
    words: str
    tests: tuple[str | dict[str, dict[str, Any]], ...] | None = None


def _is_time(column: Column) -> bool:
    return column.data_type == "timestamp"


def _test(column: Column, word: str) -> dict[str, Any]:
    return next((test[word] for test in column.data_tests if isinstance(test, dict) and word in test), {})


def _is_region(column: Column) -> bool:
    return column.data_type == "varchar" and _test(column, "regex").get("pattern", "").startswith("^([A-Z]{2}-")


def _is_device(column: Column) -> bool:
    known = set(_test(column, "accepted_values").get("values", ()))
    return column.data_type == "varchar" and {word for words in _DEVICES.values() for word in words} <= known


def _is_year(column: Column) -> bool:
    return column.data_type == "integer" and column.name.endswith("_year")


def _device_class() -> str:
    listed = {name: ", ".join(f"'{word}'" for word in words) for name, words in _DEVICES.items()}
    whens = " ".join(f"when {{x}} in ({words}) then '{name}'" for name, words in listed.items())
    return f"case {whens} else 'other' end"


_RULES: dict[Generalisation, _Rule] = {
    Generalisation.hour: _Rule(
        _is_time, "a timestamp", "cast(date_trunc('hour', {x}) as timestamp)", "cut to the hour"
    ),
    Generalisation.daypart: _Rule(
        _is_time,
        "a timestamp",
        "cast(date_trunc('day', {x}) as timestamp)"
        " + cast(extract(hour from {x}) // 6 * 6 as integer) * interval '1' hour",
        "cut to the part of the day (night, morning, afternoon, evening: six hours each)",
    ),
    Generalisation.day: _Rule(_is_time, "a timestamp", "cast(date_trunc('day', {x}) as timestamp)", "cut to the day"),
    Generalisation.large_region: _Rule(
        _is_region,
        "a region (ISO 3166-2)",
        "cast(case when s.accounts >= {least} then {x} else left({x}, 2) end as varchar)",
        "the country alone where the region has fewer than {least} accounts",
        ("not_null", {"regex": {"pattern": "^([A-Z]{2}(-[A-Z0-9]{1,3})?)$"}}),
    ),
    Generalisation.device_class: _Rule(
        _is_device,
        "a kind of device",
        _device_class(),
        "as a class: screen (tv, console), mobile (phone, tablet), other",
        ("not_null", {"accepted_values": {"values": [*_DEVICES, "other"]}}),
    ),
    Generalisation.decade: _Rule(_is_year, "a year", "cast({x} // 10 * 10 as integer)", "cut to the decade"),
}


def generalised(column: Column, how: Generalisation, least: int, where: str) -> Column:
    """The contract of a column as a purpose sees it; `least` is the policy's least_accounts_in_region.

    Raises UsageError that begins with `where` for a generalisation that does not suit the column.
    """
    if how is Generalisation.keep:
        return column
    rule = _RULES[how]
    if not rule.suits(column):
        fitting = [word.value for word, each in _RULES.items() if each.suits(column)]
        instead = f"write keep, {', '.join(fitting)}" if fitting else "write keep"
        raise UsageError(
            f"{where}: {how.value} is for {rule.needs}, and this is {column.data_type} ({column.description}): "
            f"{instead}, or leave it out"
        )
    changes: dict[str, Any] = {"description": f"{column.description}; {rule.words.format(least=least)}"}
    if rule.tests is not None:
        changes["data_tests"] = rule.tests
    return column.model_copy(update=changes)


def value(name: str, how: Generalisation, least: int) -> str:
    """DuckDB text of a column of the row `e` as a purpose sees it, under its own name."""
    if how is Generalisation.keep:
        return f"e.{name}"
    return f"{_RULES[how].text.format(x=f'e.{name}', least=least)} as {name}"


def words(how: Generalisation, least: int) -> str:
    """How fine it is, for people."""
    return "as it is" if how is Generalisation.keep else _RULES[how].words.format(least=least)


def joined(columns: dict[str, Generalisation]) -> str | None:
    """The join that the values of a table's columns need, if any: to the sizes of regions."""
    regions = [name for name, how in columns.items() if how is Generalisation.large_region]
    return f"left join {REGION_SIZES} as s\n    on s.region = e.{regions[0]}" if regions else None
