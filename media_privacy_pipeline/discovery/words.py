"""How text is cut into words: once, as SQL, so that whoever searches with plain SQL cuts as the index was cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import duckdb
import pyarrow as pa
import snowballstemmer

from ..errors import UsageError

# Scripts that put no space between words: each sign is a word, and a run of them is found by its signs.
_SIGNS = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
WORD = rf"[{_SIGNS}]|(?:[^\P{{L}}{_SIGNS}]|\p{{N}})+"
"""A word in RE2's syntax: letters and digits of one run, or one sign of a script without spaces."""


def cut(text: str) -> str:
    """The SQL that cuts a text expression into a list of words: without case, accents and punctuation."""
    return f"regexp_extract_all(lower(strip_accents({text})), '{WORD}')"


def words(texts: Iterable[str | None]) -> list[list[str]]:
    """Words of each text, in order; none for null."""
    given = pa.table({"text": pa.array(list(texts), pa.string())})  # noqa: F841 - the query names it
    with duckdb.connect() as connection:
        found = connection.sql(f"select coalesce({cut('text')}, []) from given").fetchall()
    return [row[0] for row in found]


def stems(vocabulary: Sequence[str], language: str) -> dict[str, str]:
    """Stem of each word, by Snowball's rules for a language; words of another script stay as they are.

    Raises UsageError for a language that Snowball has no rules for.
    """
    known = snowballstemmer.algorithms()
    if language not in known:
        raise UsageError(
            f"search_language is {language}: there are no rules for its stems; known are {', '.join(known)}"
        )
    stemmer = snowballstemmer.stemmer(language)
    return dict(zip(vocabulary, stemmer.stemWords(list(vocabulary)), strict=True))
