"""What looks like an e-mail, a card, an address or a telephone is told alike by DuckDB, by Spark and by Python."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from media_privacy_pipeline.engines import Engine
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.landing.classify import holds
from media_privacy_pipeline.screening_policy import Kind
from media_privacy_pipeline.sql.personal import finds, scrubbed, token

TEXTS = {
    Kind.email: (
        ["a@b.example", "x a.b+c%d@mail.example.org, y", "é@b.example anna@b.example", "a@b.example\n"],
        ["a@b", "@b.example", "a b.example", "a@.b", "a\uff20b.example", ""],
    ),
    Kind.card: (
        ["4111111111111111", "x4111 1111-1111 1111y", "378282246310005", "7  4222222222222", "1 2, 5500000000000004\n"],
        ["4111111111111112", "1234567890123", "411111111111", "41111111111111111111", "4111  1111 1111 1111", ""],
    ),
    Kind.ip: (
        ["1.2.3.4", "on 255.255.255.255.", "10.0.0.1:80", "::1 2001:db8::1", "1:2:3:4:5:6:7:8", "10.0.0.1.\n"],
        ["1.2.3", "1.2.3.4.5", "256.1.1.1", "12:30:45", "::", "x1:2:3:4:5:6:7:8", "std::dead", ""],
    ),
    Kind.phone: (
        ["+49 30 1234567", "call (212) 555-0100!", "212-555-0100", "0301/234567", "+15555550100\n"],
        ["1234567", "01.02.2024", "2024-03-01", "x0301234567", "03012345678901234", "+1 555", ""],
    ),
}  # fmt: skip
"""By kind: texts that hold one, and texts that do not."""

LETTERS = st.text(st.sampled_from("0123456789aé@.:+-/() \n"), max_size=40)


@pytest.mark.parametrize("kind", Kind)
def test_python_tells_what_holds_one(kind: Kind) -> None:
    yes, no = TEXTS[kind]
    assert [text for text in yes if not holds(kind, text)] == [text for text in no if holds(kind, text)] == []


def test_the_engines_tell_the_same_and_leave_none_behind(engine: Engine) -> None:
    texts = [text for yes, no in TEXTS.values() for text in [*yes, *no]]
    columns = [f"{finds(kind, 's')} as {kind}, {scrubbed(kind, 's')} as {kind}_out" for kind in Kind]
    found = engine.fetch(f"select n, s, {', '.join(columns)} from t order by n", {"t": numbered(texts)}).to_pylist()
    for row in found:
        for kind in Kind:
            assert row[kind] == holds(kind, row["s"]), (kind, row["s"])
            assert (token(kind) in row[f"{kind}_out"]) == row[kind]
            assert not holds(kind, row[f"{kind}_out"])
            assert row[kind] or row[f"{kind}_out"] == row["s"]


@given(st.lists(LETTERS, min_size=20, max_size=60))
@hypothesis_settings(max_examples=20)
def test_any_text_is_told_alike(texts: list[str]) -> None:
    engine = DuckDBEngine(Path("work"))
    columns = ", ".join(f"{finds(kind, 's')} as {kind}" for kind in Kind)
    for row in engine.fetch(f"select s, {columns} from t", {"t": numbered(texts)}).to_pylist():
        assert [row[kind] for kind in Kind] == [holds(kind, row["s"]) for kind in Kind]


@given(st.lists(LETTERS.map(str.strip), min_size=1, max_size=20))
def test_lines_hold_one_where_one_of_them_does(texts: list[str]) -> None:
    for kind in Kind:
        assert holds(kind, "\n".join(texts)) or not any(holds(kind, text) for text in texts)


@pytest.mark.parametrize("kind", Kind)
def test_lines_hold_one_wherever_it_stands(kind: Kind) -> None:
    yes, no = ([text.strip() for text in texts] for texts in TEXTS[kind])
    assert not holds(kind, "\n".join(no))
    for text in yes:
        for place in range(len(no) + 1):
            assert holds(kind, "\n".join([*no[:place], text, *no[place:]])), text


def numbered(texts: list[str]) -> pa.Table:
    return pa.table({"n": range(len(texts)), "s": texts})
