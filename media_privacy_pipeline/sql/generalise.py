"""How a purpose may see a column coarser than it is: what each generalisation suits, and the SQL that makes it.

Each leaves the column its name and, where it can, its type, so that what reads it need not know how fine it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import UsageError
from ..policy import TITLE_INTENT, Generalisation, MinimisationPolicy
from .contracts import Column

REGION_SIZES = "region_sizes"
"""Accounts of the newest snapshot by region: the table that `large_region` looks into."""

_DEVICES = {"screen": ("tv", "console"), "mobile": ("mobile", "tablet")}


Tests = tuple[str | dict[str, dict[str, Any]], ...]


@dataclass(frozen=True)
class _Rule:
    """What a generalisation suits, in code and in words; the SQL of a value; what the contract says of it."""

    suits: Callable[[Column], bool]
    needs: str
    sql: Callable[[str, MinimisationPolicy], str]
    words: str
    tests: Callable[[MinimisationPolicy], Tests] | None = None
    data_type: str | None = None


def _text(template: str) -> Callable[[str, MinimisationPolicy], str]:
    return lambda x, policy: template.format(x=x, least=policy.least_accounts_in_region)


def _is_time(column: Column) -> bool:
    return column.data_type == "timestamp"


def _test(column: Column, word: str) -> dict[str, Any]:
    return next((test[word] for test in column.data_tests if isinstance(test, dict) and word in test), {})


def _is_region(column: Column) -> bool:
    return column.data_type == "varchar" and _test(column, "regex").get("pattern", "").startswith("^([A-Z]{2}-")


def _is_device(column: Column) -> bool:
    known = set(_test(column, "accepted_values").get("values", ()))
    return column.data_type == "varchar" and {word for words in _DEVICES.values() for word in words} <= known


def _is_query(column: Column) -> bool:
    return column.data_type == "varchar" and column.name == "query"


def _may_be_null(column: Column) -> bool:
    return column.data_type == "varchar" and "not_null" not in column.data_tests


def _is_year(column: Column) -> bool:
    return column.data_type == "integer" and column.name.endswith("_year")


def _device_class() -> str:
    listed = {name: ", ".join(f"'{word}'" for word in words) for name, words in _DEVICES.items()}
    whens = " ".join(f"when {{x}} in ({words}) then '{name}'" for name, words in listed.items())
    return f"case {whens} else 'other' end"


def _intent(x: str, policy: MinimisationPolicy) -> str:
    """The first intent of whose phrases one is in the text as whole words; a title's whole name comes before all."""
    whens = [f"when intent_title.name is not null then '{TITLE_INTENT}'"]
    for intent, phrases in policy.search_intents.items():
        # Phrases are letters, digits and blanks alone: the policy refuses any other.
        whens.append(f"when regexp_matches(lower({x}), '{_EDGE}({'|'.join(phrases)}){_EDGE}') then '{intent}'")
    return f"cast(case {' '.join(whens)} else '{OTHER_INTENT}' end as varchar)"


OTHER_INTENT = "other"
_EDGE = r"(^|$|[^\p{L}\p{N}])"

_RULES: dict[Generalisation, _Rule] = {
    Generalisation.hour: _Rule(
        _is_time, "a timestamp", _text("cast(date_trunc('hour', {x}) as timestamp)"), "cut to the hour"
    ),
    Generalisation.daypart: _Rule(
        _is_time,
        "a timestamp",
        _text(
            "cast(date_trunc('day', {x}) as timestamp)"
            " + cast(extract(hour from {x}) // 6 * 6 as integer) * interval '1' hour"
        ),
        "cut to the part of the day (night, morning, afternoon, evening: six hours each)",
    ),
    Generalisation.day: _Rule(
        _is_time, "a timestamp", _text("cast(date_trunc('day', {x}) as timestamp)"), "cut to the day"
    ),
    Generalisation.large_region: _Rule(
        _is_region,
        "a region (ISO 3166-2)",
        _text("cast(case when s.accounts >= {least} then {x} else left({x}, 2) end as varchar)"),
        "the country alone where the region has fewer than {least} accounts",
        lambda _: ("not_null", {"regex": {"pattern": "^([A-Z]{2}(-[A-Z0-9]{1,3})?)$"}}),
    ),
    Generalisation.device_class: _Rule(
        _is_device,
        "a kind of device",
        _text(_device_class()),
        "as a class: screen (tv, console), mobile (phone, tablet), other",
        lambda _: ("not_null", {"accepted_values": {"values": [*_DEVICES, "other"]}}),
    ),
    Generalisation.decade: _Rule(_is_year, "a year", _text("cast({x} // 10 * 10 as integer)"), "cut to the decade"),
    Generalisation.intent: _Rule(
        _is_query,
        "what was typed into the search",
        _intent,
        "as one of the policy's intents, title where it is a title's name, other for all else",
        lambda policy: (
            "not_null",
            {"accepted_values": {"values": [TITLE_INTENT, *policy.search_intents, OTHER_INTENT]}},
        ),
    ),
    Generalisation.presence: _Rule(
        _may_be_null,
        "a column that may be empty",
        _text("({x} is not null)"),
        "whether there was one",
        lambda _: ("not_null",),
        "boolean",
    ),
}


def generalised(column: Column, how: Generalisation, policy: MinimisationPolicy, where: str) -> Column:
    """The contract of a column as a purpose sees it under the policy's rules of minimisation.

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
    changes: dict[str, Any] = {"description": f"{column.description}; {words(how, policy)}"}
    if rule.tests is not None:
        changes["data_tests"] = rule.tests(policy)
    if rule.data_type is not None:
        changes["data_type"] = rule.data_type
    return column.model_copy(update=changes)


def value(name: str, how: Generalisation, policy: MinimisationPolicy) -> str:
    """DuckDB text of a column of the row `e` as a purpose sees it, under its own name."""
    if how is Generalisation.keep:
        return f"e.{name}"
    return f"{_RULES[how].sql(f'e.{name}', policy)} as {name}"


def words(how: Generalisation, policy: MinimisationPolicy) -> str:
    """How fine it is, for people."""
    if how is Generalisation.keep:
        return "as it is"
    return _RULES[how].words.format(least=policy.least_accounts_in_region)


def joined(columns: dict[str, Generalisation]) -> list[str]:
    """The joins that the values of a table's columns need: to the sizes of regions, to the names of titles."""
    joins = []
    for name, how in columns.items():
        if how is Generalisation.large_region:
            joins.append(f"left join {REGION_SIZES} as s\n    on s.region = e.{name}")
        if how is Generalisation.intent:
            joins.append(f"left join title_names as intent_title\n    on intent_title.name = lower(trim(e.{name}))")
    return joins


def with_named(columns: dict[str, Generalisation]) -> str:
    """The common table expressions that those joins need, each beginning with a comma."""
    return _TITLE_NAMES if Generalisation.intent in columns.values() else ""


_TITLE_NAMES = """,

title_names as (
    select distinct lower(trim(t.title)) as name
    from accepted_titles as t
)"""
