"""Names are found in bytes, however many there are, and nothing is found that is not there."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.rights.erasure.needles import Grade, grade_of, needles

_LETTERS = st.text("ab01-", min_size=8, max_size=12)


@given(st.lists(_LETTERS, min_size=1, max_size=6, unique=True), st.lists(st.text("ab01- \x00", max_size=30)))
def test_raw_search_finds_what_a_plain_search_finds(names: list[str], pieces: list[str]) -> None:
    text = "|".join([*pieces, *names[::2]]).encode()
    wanted = needles({name: n for n, name in enumerate(names)}, {}, [])
    assert wanted.raw(text) == {n for n, name in enumerate(names) if name.encode() in text}


@pytest.mark.parametrize(
    ("name", "grade"),
    [
        ("household-7", Grade.distinctive), ("a9f31c20", Grade.distinctive), ("10203040506", Grade.opaque),
        ("abc1234", Grade.word), ("a1", Grade.opaque), ("314", Grade.opaque),
    ],
)  # fmt: skip
def test_how_a_name_can_be_told_depends_on_the_name(name: str, grade: Grade) -> None:
    assert grade_of(name) is grade


def test_an_id_that_is_part_of_anothers_is_looked_for_as_a_word() -> None:
    wanted = needles({}, {"account-1": 0, "account-22": 1}, ["account-12", "account-9"])
    assert wanted.grades == {"account-1": Grade.word, "account-22": Grade.distinctive}
    assert wanted.text(b'{"id": "account-12"}') == set()
    assert wanted.text(b'{"id": "account-1"}') == {0}
    assert wanted.text(b"xaccount-22x") == {1}


def test_opaque_ids_are_found_as_values_alone() -> None:
    wanted = needles({}, {"314": 0, "a1": 1}, [])
    assert wanted.text(b"<td>314</td> a1") == set()
    assert wanted.whole(pa.array(["31", "a1", None])) == {1}
    assert wanted.whole(pa.array([str(n) for n in range(2_000)])) == {0}
