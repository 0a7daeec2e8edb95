"""What is asked for comes first: by its name, other names, part of a word, with a typo, by genre, maker or story."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from catalogue_toy import ROWS, indexed
from hypothesis import given, settings
from hypothesis import strategies as st

from media_privacy_pipeline.discovery import search
from media_privacy_pipeline.discovery.query import LONGEST
from media_privacy_pipeline.errors import UsageError


@pytest.fixture(scope="module")
def toy() -> Iterator[duckdb.DuckDBPyConnection]:
    with indexed() as connection:
        yield connection


def first(toy: duckdb.DuckDBPyConnection, query: str) -> str | None:
    return next((hit.title_id for hit in search(toy, query)), None)


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("alien", "a"),
        ("aliens", "b"),
        ("ALIENS!", "b"),
        ("the city of lost children", "c"),
        ("cite des enfants perdus", "c"),
        ("la Cité des Enfants perdus", "c"),
        ("seven", "d"),
        ("se7en", "d"),
        ("seven brothers", "e"),
        ("toy stroy", "f"),
        ("tyo story", "f"),
        ("toystory", "f"),
        ("toy st ory", "f"),
        ("toys", "f"),
        ("troy", "g"),
        ("神隠し", "h"),
        ("宮崎", "h"),
        ("сталкер", "i"),
        ("тарковский", "i"),
        ("whale", "j"),
        ("nature docu", "j"),
        ("detective", "d"),
        ("james camreon", "b"),
        ("2", "k"),
    ],
)
def test_what_is_asked_for_comes_first(toy: duckdb.DuckDBPyConnection, query: str, title: str) -> None:
    assert first(toy, query) == title


def test_a_genre_goes_by_names_that_no_title_has(toy: duckdb.DuckDBPyConnection) -> None:
    assert {hit.title_id for hit in search(toy, "space opera")[:3]} == {"a", "b", "i"}


@pytest.mark.parametrize("query", ["", " ", "?!", "\0", "\u202e", "zzzzzzzz"])
def test_what_says_nothing_finds_nothing(toy: duckdb.DuckDBPyConnection, query: str) -> None:
    assert search(toy, query) == []


def test_a_query_without_end_is_read_to_its_longest(toy: duckdb.DuckDBPyConnection) -> None:
    assert search(toy, "toy story " * 10_000) == search(toy, ("toy story " * 10_000)[:LONGEST])
    assert search(toy, " " * LONGEST + "troy") == []


@given(st.text(max_size=60))
@settings(max_examples=25)
def test_no_query_breaks_it_and_the_best_come_first(toy: duckdb.DuckDBPyConnection, query: str) -> None:
    scores = [hit.score for hit in search(toy, query)]
    assert scores == sorted(scores, reverse=True)
    assert all(score > 0 for score in scores)


def test_as_many_as_are_asked_for(toy: duckdb.DuckDBPyConnection) -> None:
    assert len(search(toy, "film")) == 9
    assert search(toy, "film", 4) == search(toy, "film")[:4]
    with pytest.raises(UsageError, match="ask for one title or more"):
        search(toy, "film", 0)


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_a_catalogue_may_be_as_small_as_it_likes(rows: int) -> None:
    with indexed(ROWS[:rows]) as connection:
        assert [hit.title_id for hit in search(connection, "alien")] == [str(row[0]) for row in ROWS[:rows]]
