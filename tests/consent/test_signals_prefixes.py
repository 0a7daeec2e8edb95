"""A string that was cut is malformed, unless nothing but padding was lost.

One cut cannot be seen: exactly between two segments, where what is left is itself a whole string. It is shown here that
such a cut takes away the publisher's and, since disclosed vendors are mandatory, the vendors' grants, and adds none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from signal_vectors import vectors
from signal_writer import NEW, core, disclosed, publisher, tcf, vendors

from media_privacy_pipeline.consent.signals import Gpp, Malformed, Tcf, Usp, decode_gpp, decode_tcf, decode_usp
from media_privacy_pipeline.consent.signals.tcf_meaning import own_grants, vendor_grants
from media_privacy_pipeline.landing.simulate.strings import tcf as simulated_tcf
from media_privacy_pipeline.landing.simulate.strings import usnat as simulated_usnat

Decode = Callable[[str], Tcf | Gpp | Usp]

STRINGS: list[tuple[Decode, str]] = [
    *((decode_tcf, vector["text"]) for vector in vectors("tcf")),
    *((decode_gpp, vector["text"]) for vector in vectors("gpp")),
    (decode_tcf, simulated_tcf(1_767_225_600, (1, 5, 10), vendors=True)),
    (decode_gpp, simulated_usnat(opted_out=True, gpc=True)),
    (decode_usp, "1YNN"),
]


def readable_prefixes(decode: Decode, text: str) -> Iterator[tuple[int, Tcf | Gpp | Usp]]:
    for end in range(len(text)):
        try:
            yield end, decode(text[:end])
        except Malformed:
            continue


@pytest.mark.parametrize(("decode", "text"), STRINGS, ids=lambda value: value[:24] if isinstance(value, str) else "")
def test_a_proper_prefix_is_malformed_or_lost_padding_only(decode: Decode, text: str) -> None:
    whole = decode(text)
    last = max(text.rfind("."), text.rfind("~"))
    for end, found in readable_prefixes(decode, text):
        if found == whole:
            assert end > last
            assert set(text[end:]) == {"A"}
        else:
            # The end of a segment, or padding before it.
            assert text[end:].lstrip("A")[:1] == "."


@pytest.mark.parametrize("order", [0, 1])
def test_a_cut_between_segments_grants_nothing_new(order: int) -> None:
    granted = core(created=NEW, consents={2}, interests={7}, vendor_consents=vendors({4, 7}))
    rest = [disclosed({7}), publisher({2}, {9})]
    text = tcf(granted, *(rest if order else rest[::-1]))
    whole = decode_tcf(text)
    cuts = list(readable_prefixes(decode_tcf, text))
    assert cuts
    for _, cut in cuts:
        assert isinstance(cut, Tcf)
        own, all_own = own_grants(cut), own_grants(whole)
        assert not own.consent & ~all_own.consent
        assert not own.interest & ~all_own.interest
        for vendor in range(1, 21):
            assert not vendor_grants(cut, vendor).consent & ~vendor_grants(whole, vendor).consent
