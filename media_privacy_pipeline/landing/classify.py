"""Columns whose values look personal: told from a sample, reported by name, proposed class and share, never by a value.

A name is told by its form alone, two to four capitalised words without a digit, and only where most values have it.
So names in lower case, single names and scripts without capitals are missed, and titles of works are taken for names:
it is a hint to look, and nothing is scrubbed for it. A key is told by hardly any value coming twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from ..screening_policy import Classification, Kind
from ..sql import Contract, PrivacyClass
from ..sql.personal import CARD_RUN, DOUBLED, EMAIL, IPV4, IPV6, PHONE, PLAIN
from ..sql.privacy import ORDER
from .drops import Drop
from .forms import Form
from .sampling import sample
from .undeclared import OTHER

_FEWEST_FOR_SHAPE = 20
"""Values that a name or a key is told from at least: fewer are distinct, or alike, by chance."""
_WORD = re.compile(r"[^\W\d_]+(['\u2019.-][^\W\d_]+)*[.]?")
_NUMBER_OR_TIME = re.compile(r"-?[0-9]+[.][0-9]+|[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?")
_NO_DIGIT = re.compile("[^0-9 -]+|[ -]{2,}")
_EMAIL, _PHONE = re.compile(EMAIL), re.compile(PHONE)
_IP = {".": re.compile(IPV4), ":": re.compile(IPV6)}
_CARD = re.compile(CARD_RUN)


class Finding(NamedTuple):
    """A column that looks personal on a day: of `sampled` values, so many `matching` ones look like `kind`."""

    arrival_day: date
    source: str
    column_name: str
    declared: bool
    kind: str
    proposed_class: str
    sampled: int
    matching: int
    share: float


def holds(kind: Kind, text: str) -> bool:
    """Whether a text holds a value of a kind: what sql.personal.finds asks in SQL.

    Lines hold one where one of them does: so many texts can be asked at once, whether any of them is worth a look.
    """
    match kind:
        case Kind.email:
            return "@" in text and _EMAIL.search(text) is not None
        case Kind.ip:
            return any(mark in text and pattern.search(text) is not None for mark, pattern in _IP.items())
        case Kind.card:
            return _CARD.search(text) is not None and any(map(_is_card, _digits(text)))
    return _PHONE.search(text) is not None


def looks_like_name(text: str) -> bool:
    """Two to four words that begin with a capital and have no other, as names of people are mostly written."""
    words = text.split(" ")
    return 2 <= len(words) <= 4 and len(text) <= 60 and all(map(_is_name_word, words))


def findings(
    day: date,
    source: str,
    files: Sequence[tuple[Drop, Form]],
    undeclared: Collection[str],
    accepted: Contract,
    policy: Classification,
) -> Iterator[Finding]:
    """What the columns of a day's files look like, in the order of their names.

    Undeclared columns are told by the names under which they are counted; declared ones are those of text whose class
    is less protected than what was found in them.
    """
    texts = {column.name: column for column in accepted.columns if column.data_type == "varchar"}
    declared = {name: column.privacy for name, column in texts.items() if column.privacy in _MAY_CONTRADICT}

    def wanted(name: str) -> bool:
        return name in declared or bool(undeclared and name not in accepted.types)

    values: dict[tuple[str, bool], list[str]] = {}
    for name, found in sample(files, wanted, policy.sample_rows).items():
        known = name in declared
        shown = name if known or name in undeclared else OTHER
        values.setdefault((shown, known), []).extend(found)
    for (name, known), found in sorted(values.items()):
        for kind, proposed, matching in _looks(found, policy):
            old = declared[name] if known else None
            if old is None or ORDER.index(proposed) > ORDER.index(old):
                share = round(matching / len(found), 3)
                yield Finding(day, source, name, known, kind, proposed.value, len(found), matching, share)


_MAY_CONTRADICT = frozenset(ORDER) - {PrivacyClass.public, PrivacyClass.direct_identifier}


def _looks(values: Sequence[str], policy: Classification) -> Iterator[tuple[str, PrivacyClass, int]]:
    # Most columns have few values, and most hold nothing: each is looked at once, and only for kinds that all of them
    # together hold.
    counted, identified = Counter(values), False
    every = "\n".join(counted)
    tests: list[tuple[str, Callable[[str], bool], float]] = [
        (kind.value, lambda text, kind=kind: holds(kind, text), policy.least_share)  # type: ignore[misc]
        for kind in Kind
        if holds(kind, every)
    ]
    if len(values) >= _FEWEST_FOR_SHAPE:
        tests.append(("name", looks_like_name, policy.name_share))
    for kind, test, least in tests:
        matching = sum(times for text, times in counted.items() if test(text))
        if matching and matching / len(values) >= least:
            identified = True
            yield kind, PrivacyClass.direct_identifier, matching
    distinct = len(counted)
    if (
        not identified
        and len(values) >= _FEWEST_FOR_SHAPE
        and distinct / len(values) >= policy.near_unique
        and not all(map(_NUMBER_OR_TIME.fullmatch, values))
    ):
        yield "key", PrivacyClass.pseudonym, distinct


def _digits(text: str) -> list[str]:
    return [run.replace(" ", "").replace("-", "") for run in _NO_DIGIT.split(text)]


def _is_card(digits: str) -> bool:
    if not 13 <= len(digits) <= 19 or not "2" <= digits[0] <= "6":
        return False
    padded = digits.rjust(19, "0")
    return sum((PLAIN if place % 2 else DOUBLED).index(padded[place - 1]) for place in range(1, 20)) % 10 == 0


def _is_name_word(word: str) -> bool:
    return word[:1].isupper() and _WORD.fullmatch(word) is not None and not word[1:].isupper()
