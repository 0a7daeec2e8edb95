"""Strict reading of single fields: the value, None where it is absent, or the rule that it breaks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .refusal import Rule, Unusable

Fields = Mapping[str, Any]

_LONGEST = 700
"""Characters of an id: what OneTrust allows for an identifier."""
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}(?::?\d{2})?)?", re.ASCII
)
_SECONDS = (946_684_800, 32_503_680_000)
"""2000 and 3000: milliseconds of our time, or a sample's small number, are outside."""
_YEARS = range(1900, 3000)
LAST = datetime(2999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The last time that the door takes: what is to hold for ever ends here."""
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_STATE = re.compile(r"[A-Za-z0-9]{1,3}")


def of_object(value: Any) -> Fields:
    """An object. Raises Unusable for anything else."""
    if not isinstance(value, dict):
        raise Unusable(Rule.NOT_AN_OBJECT)
    return value


def field(fields: Fields, *spellings: str) -> Any:
    """The value of a field that has more than one spelling; null is absent. Two values are a contradiction."""
    found = [fields[name] for name in spellings if fields.get(name) is not None]
    if any(type(value) is not type(found[0]) or value != found[0] for value in found[1:]):
        raise Unusable(Rule.CONTRADICTORY_FIELD)
    return found[0] if found else None


def inner(fields: Fields, *spellings: str) -> Fields:
    """The object in a field; empty where it is absent."""
    value = field(fields, *spellings)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unusable(Rule.BAD_FIELD)
    return value


def items(fields: Fields, *spellings: str) -> list[Any]:
    """The array in a field; empty where it is absent."""
    value = field(fields, *spellings)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Unusable(Rule.BAD_FIELD)
    return value


def text(value: Any) -> str | None:
    """An id or word: printable text without space around it, or a whole number; None where there is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**18 else ""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
        raise Unusable(Rule.BAD_FIELD)
    return value.strip()


def account(value: Any) -> str | None:
    """An account or profile id. An e-mail address is none: it may reach no table of accounts' events."""
    found = text(value)
    if found is not None and _EMAIL.fullmatch(found):
        raise Unusable(Rule.EMAIL_AS_ACCOUNT)
    return found


def flag(value: Any) -> bool:
    """A boolean, also as a word; absent is false."""
    if value is None or value is False or value == "":
        return False
    if value is True:
        return True
    words = {"true": True, "false": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise Unusable(Rule.BAD_FIELD)


def instant(value: Any, *, capped: bool = False) -> datetime | None:
    """A time in ISO 8601 with a zone, in UTC; None where it is absent.

    The door takes the years 1900 to 2999; a later time is `LAST` where it is `capped`.
    """
    if value is None:
        return None
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Unusable(Rule.BAD_TIMESTAMP)
    moment, fraction, zone = found.groups()
    if zone is None:
        raise Unusable(Rule.NAIVE_TIMESTAMP)
    try:
        whole = datetime.fromisoformat(f"{moment}{zone.upper()}").astimezone(UTC)
    except ValueError:
        raise Unusable(Rule.BAD_TIMESTAMP) from None
    except OverflowError:
        # The last hours of 9999 west of Greenwich, or the first of year 1 east of it.
        whole = LAST if moment.startswith("9") else datetime.min.replace(tzinfo=UTC)
    if capped:
        whole = min(whole, LAST)
    if whole.year not in _YEARS:
        raise Unusable(Rule.BAD_TIMESTAMP)
    return whole.replace(microsecond=int((fraction or "0")[:6].ljust(6, "0")))


def seconds(value: Any) -> datetime | None:
    """A time in UNIX seconds; None where it is absent."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not _SECONDS[0] <= value < _SECONDS[1]:
        raise Unusable(Rule.BAD_TIMESTAMP)
    return datetime.fromtimestamp(value, UTC)


def region(country: Any, state: Any) -> str | None:
    """ISO 3166 code of a country, or of a part of it; None where the country is none."""
    if not isinstance(country, str) or not _COUNTRY.fullmatch(country):
        return None
    known = isinstance(state, str) and _STATE.fullmatch(state)
    return f"{country}-{state}".upper() if known else country.upper()
