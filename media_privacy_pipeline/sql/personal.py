"""What an e-mail address, a payment card, an IP address and a telephone number look like: one form for SQL and Python.

The patterns mean the same in RE2 (DuckDB), Java (Spark) and Python: letters and digits of ASCII, classes in brackets,
counts with an end, no backslash, no look-around, no group that is referred to. A test is exact about where a value
begins and ends; what replaces it is not, and may take more of a text in which the test found something, never less.
"""

from __future__ import annotations

from ..screening_policy import Kind

_OCTET = "(25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})"
_IPV4 = f"{_OCTET}([.]{_OCTET}){{3}}"
_HEX = "[0-9A-Fa-f]{1,4}"
_IPV6 = f"(({_HEX}:){{7}}{_HEX}|({_HEX}:){{1,6}}(:{_HEX}){{1,6}})"
_PHONE = (
    "([+][1-9]([ ()./-]{0,2}[0-9]){7,14}"  # international
    "|0[1-9]([ ()./-]{0,2}[0-9]){7,12}"  # with the zero that begins a national number
    "|[(]?[2-9][0-9]{2}[)]?[ .-][0-9]{3}[ .-][0-9]{4})"  # North American
)

EMAIL = "[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}[.][A-Za-z]{2,24}"
IPV4 = f"(^|[^0-9.]){_IPV4}([^0-9.]|[.]?$|[.][^0-9])"
IPV6 = f"(^|[^0-9A-Za-z:]){_IPV6}([^0-9A-Za-z:]|$)"
PHONE = f"(^|[^0-9A-Za-z+]){_PHONE}([^0-9A-Za-z]|$)"
CARD_RUN = "[0-9]([ -]?[0-9]){12,}"
"""Digits with at most one blank or hyphen between them, thirteen or more: a card where 13 to 19 of them begin with 2 to
6 and their check digit is right (ISO/IEC 7812-1, Luhn)."""

_REPLACED = {Kind.email: EMAIL, Kind.card: CARD_RUN, Kind.ip: f"({_IPV4}|{_IPV6})", Kind.phone: _PHONE}

PLAIN, DOUBLED = "0123456789", "0516273849"
"""Where a digit stands tells what it counts in Luhn's sum: itself, or the digits of its double."""


def token(kind: Kind) -> str:
    """What stands in the place of a value that was scrubbed."""
    return f"[{kind.value}]"


def finds(kind: Kind, x: str) -> str:
    """DuckDB text: whether a text holds one. A cheap look comes first, for most texts hold none."""
    match kind:
        case Kind.email:
            return f"(contains({x}, '@') and regexp_matches({x}, '{EMAIL}'))"
        case Kind.ip:
            v4 = f"contains({x}, '.') and regexp_matches({x}, '{IPV4}')"
            return f"({v4} or contains({x}, ':') and regexp_matches({x}, '{IPV6}'))"
        case Kind.phone:
            return f"regexp_matches({x}, '{PHONE}')"
        case Kind.card:
            return f"(regexp_matches({x}, '{CARD_RUN}') and {_holds_card(x)})"


def scrubbed(kind: Kind, x: str) -> str:
    """DuckDB text: the text with a token in the place of each value."""
    replaced = f"cast(regexp_replace({x}, '{_REPLACED[kind]}', '{token(kind)}', 'g') as varchar)"
    return f"case when {finds(kind, x)} then {replaced} else {x} end"


def _holds_card(x: str) -> str:
    runs = f"regexp_replace({x}, '[^0-9 -]+|[ -]{{2,}}', '|', 'g')"
    digits = f"string_split(regexp_replace({runs}, '[ -]', '', 'g'), '|')"
    places = [
        f"strpos('{PLAIN if place % 2 else DOUBLED}', substr(lpad(q, 19, '0'), {place}, 1))" for place in range(1, 20)
    ]
    is_card = f"length(q) between 13 and 19 and left(q, 1) between '2' and '6' and ({' + '.join(places)} - 19) % 10 = 0"
    return f"array_length(list_filter({digits}, lambda q: {is_card})) > 0"
