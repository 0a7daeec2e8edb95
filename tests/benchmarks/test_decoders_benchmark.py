"""The benchmark of the decoders runs and tells, at a size that is over in a moment."""

from __future__ import annotations

import pytest

from benchmarks.decoders import main, strings
from media_privacy_pipeline.consent.signals import decode_gpp, decode_tcf


def test_the_decoders_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--strings", "200"])
    told = capsys.readouterr().out
    assert "distinct strings of" in told
    assert "decode_many" in told


def test_its_strings_are_readable_but_for_the_cut_ones() -> None:
    texts, whole = strings(200)
    assert len(whole) == 140
    for text in whole:
        decode_tcf(text)
    for text in texts[8::10] + texts[9::10]:
        decode_gpp(text)
