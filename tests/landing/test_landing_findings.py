"""Columns that look personal are reported by name, proposed class and share; never by a value, and from few rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from landing_toy import DAY, FORMATS, a, counts, drop, later, let_in

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.landing import steps
from media_privacy_pipeline.landing.classify import looks_like_name

LOOKS: dict[str, Any] = {
    "mail": lambda n: f"person{n}@mail.example" if n % 2 else "none",
    "number": lambda n: f"+49 30 12345{n:02}",
    "address": lambda n: f"10.0.0.{n}",
    "card": lambda n: "4111 1111 1111 1111",
    "who": lambda n: ("Anna Berg", "Bo Ek", "José María Díaz", "Jean-Luc O'Neil")[n % 4],
    "trace": lambda n: f"{n:08x}-c0de",
    "mood": lambda n: ("fine", "low")[n % 2],
    "speed": lambda n: n + 0.5,
    "seen_at": lambda n: f"2026-03-01T10:00:{n:02}Z",
}
FOUND = {
    ("mail", "email", "direct_identifier"): 0.5,
    ("number", "phone", "direct_identifier"): 1,
    ("address", "ip", "direct_identifier"): 1,
    ("card", "card", "direct_identifier"): 1,
    ("who", "name", "direct_identifier"): 1,
    ("trace", "key", "pseudonym"): 1,
}


def rows(count: int = 40, first: int = 0) -> list[dict[str, Any]]:
    return [
        a("viewing_events", event_id=str(first + n), **{name: look(n) for name, look in LOOKS.items()})
        for n in range(count)
    ]


def found(session: Session) -> list[dict[str, Any]]:
    steps.classify(session, Span.of(DAY, DAY))
    table = session.folder("column_findings")
    sql = "select * from column_findings order by arrival_day, source, column_name, kind"
    return session.engine.fetch(sql, {"column_findings": table}).to_pylist()


@pytest.mark.parametrize("suffix", FORMATS)
def test_undeclared_columns_are_told_by_what_they_look_like(session: Session, landing: Path, suffix: str) -> None:
    drop(landing, "viewing_events", rows(), name=f"part.{suffix}")
    result = let_in(session, "viewing_events")
    told = {(row["column_name"], row["kind"], row["proposed_class"]): row["share"] for row in found(session)}
    assert told == FOUND
    assert str(result.metadata["looks_personal"]).startswith("address: ip; card: card; mail: email")
    kept = b"".join(path.read_bytes() for path in session.settings.home.rglob("*") if path.is_file())
    assert not [value for value in (b"person1@", b"Anna Berg", b"4111 1111", b"10.0.0.7") if value in kept]


def test_a_name_that_may_be_a_value_is_not_told(session: Session, landing: Path) -> None:
    drop(landing, "viewing_events", [a("viewing_events", **{"anna@mail.example": "bo@mail.example"})])
    let_in(session, "viewing_events")
    assert [(row["column_name"], row["kind"]) for row in found(session)] == [("other", "email")]


def test_a_declared_column_is_told_where_its_class_says_otherwise(session: Session, landing: Path) -> None:
    queries = [f"boats of person{n}@mail.example" for n in range(30)]
    drop(landing, "search_events", [a("search_events", event_id=q, query=q) for q in queries])
    drop(landing, "accounts", [a("accounts", account_id=str(n), email=f"p{n}@x.example") for n in range(30)])
    drop(landing, "titles", [a("titles", title_id=str(n), creator="Anna Berg") for n in range(30)])
    for source in ("search_events", "accounts", "titles"):
        let_in(session, source)
    told = {(row["source"], row["column_name"], row["kind"], row["declared"]) for row in found(session)}
    assert told == {
        ("search_events", "query", "email", True),
        ("search_events", "event_id", "email", True),
    }


def test_days_one_by_one_and_as_a_range_are_told_alike(
    session: Session, landing: Path, make_session: Any, tmp_path: Path
) -> None:
    for n in range(3):
        drop(landing, "viewing_events", rows(30, 100 * n) if n != 1 else [a("viewing_events")], later(n))
        let_in(session, "viewing_events", later(n))
    other = make_session(landing=landing, home=tmp_path / "other")
    let_in(other, "viewing_events", DAY, later(2))
    assert found(session) == found(other)
    assert {row["arrival_day"] for row in found(session)} == {DAY, later(2)}


def test_what_is_mended_is_no_longer_told(session: Session, landing: Path) -> None:
    drop(landing, "viewing_events", rows())
    let_in(session, "viewing_events")
    assert found(session)
    drop(landing, "viewing_events", [a("viewing_events", event_id=str(n)) for n in range(40)])
    let_in(session, "viewing_events")
    assert found(session) == []
    assert counts(session, "viewing_events")["accepted", ""] == 40


def test_no_more_rows_are_looked_at_than_the_policy_says(session: Session, landing: Path) -> None:
    policy = session.policy
    few = policy.classification.model_copy(update={"sample_rows": 50})
    vars(session)["policy"] = policy.model_copy(update={"classification": few})
    for name in ("a.jsonl", "b.csv", "c.parquet"):
        drop(landing, "viewing_events", rows(40, 100 * ord(name[0])), name=name)
    let_in(session, "viewing_events")
    assert {row["sampled"] for row in found(session)} == {50}


@pytest.mark.parametrize(
    ("text", "is_name"),
    [("Anna Berg", True), ("Émile Zola Jr.", True), ("anna berg", False), ("Anna", False), ("ANNA BERG", False),
     ("Anna 2", False), ("The Ship That Came Too Late", False), ("", False)],
)  # fmt: skip
def test_a_name_is_told_by_its_form(text: str, is_name: bool) -> None:
    assert looks_like_name(text) is is_name
