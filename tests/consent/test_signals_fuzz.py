"""Whatever text arrives, a decoder reads the whole of it or says Malformed, and grants nothing from what is broken."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signal_vectors import vectors
from signal_writer import ALPHABET

from media_privacy_pipeline.consent.signals import Malformed, Reason, decode_gpp, decode_many, decode_tcf, decode_usp
from media_privacy_pipeline.consent.signals.tcf_meaning import own_grants, vendor_grants

TEXTS = [vector["text"] for name in ("tcf", "gpp") for vector in vectors(name)]
CHARACTERS = ALPHABET + ".~"

random_text = st.one_of(
    st.text(),
    st.text(CHARACTERS),
    st.builds(str.__add__, st.sampled_from(["C", "CQ", "D", "DB", "DBAB", "DBACN", "1", "1Y"]), st.text(CHARACTERS)),
)


@st.composite
def spoiled(draw: st.DrawFn) -> str:
    """A golden string with characters replaced, inserted or taken away."""
    text = list(draw(st.sampled_from(TEXTS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text) - 1))
        text[at : at + draw(st.integers(0, 2))] = draw(st.text(CHARACTERS, max_size=2))
        text = text or ["C"]
    return "".join(text)


@st.composite
def flipped(draw: st.DrawFn) -> tuple[str, str]:
    """A golden TCF string, and the same with one bit of it flipped, though not one that says which segment it is in."""
    text = draw(st.sampled_from([vector["text"] for vector in vectors("tcf")]))
    at = draw(st.sampled_from([n for n, letter in enumerate(text) if "." not in text[max(0, n - 1) : n + 1]]))
    letter = ALPHABET[ALPHABET.index(text[at]) ^ 1 << draw(st.integers(0, 5))]
    return text, text[:at] + letter + text[at + 1 :]


@given(st.one_of(random_text, spoiled()))
def test_nothing_but_malformed_is_raised(text: str) -> None:
    for decode in (decode_tcf, decode_gpp, decode_usp):
        with suppress(Malformed):
            decode(text)


@given(st.lists(st.one_of(random_text, spoiled()), max_size=5))
def test_a_malformed_string_grants_nothing(texts: list[str]) -> None:
    for row in decode_many(texts, vendor=5).to_pylist():
        if row["malformed"] is not None:
            masks = [row[f"{who}_{basis}"] for who in ("own", "vendor") for basis in ("consent", "interest")]
            assert masks == [0, 0, 0, 0]
            assert {row["sale"], row["sharing"], row["targeted_advertising"]} == {"malformed"}


@given(flipped())
def test_a_flipped_bit_is_noticed_or_changes_what_is_read(pair: tuple[str, str]) -> None:
    text, changed = pair
    try:
        found = decode_tcf(changed)
    except Malformed:
        return
    assert found != decode_tcf(text)


@given(flipped())
def test_a_flipped_bit_grants_to_no_more_than_its_own_purpose_or_vendor(pair: tuple[str, str]) -> None:
    """A flip among the flags of purposes adds one purpose; nowhere does it slide the fields after it."""
    text, changed = pair
    try:
        found = decode_tcf(changed)
    except Malformed:
        return
    before = decode_tcf(text)
    assert (own_grants(found).consent & ~own_grants(before).consent).bit_count() <= 1
    if before.disclosed == found.disclosed and before.vendor_consents == found.vendor_consents:
        gained = vendor_grants(found, 5).consent & ~vendor_grants(before, 5).consent
        assert gained.bit_count() <= 1 or found.restrictions != before.restrictions or found.updated != before.updated


@pytest.mark.parametrize(
    "text", ["", ".", "~", "..", "D~", "DBAA~", "C", "\x00", "é", "C" * 70_000, "DBAB" + "A" * 500]
)
def test_odd_strings(text: str) -> None:
    for decode in (decode_tcf, decode_gpp, decode_usp):
        with pytest.raises(Malformed):
            decode(text)


@given(st.one_of(random_text, spoiled()))
def test_an_error_does_not_tell_the_string(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        decode_tcf("!" + text)
    assert str(caught.value) in {f"malformed consent string: {reason.value}" for reason in Reason}
    assert caught.value.args == (str(caught.value),)
