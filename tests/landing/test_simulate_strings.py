"""Consent strings of the simulator are whole: read bit by bit after the IAB's layouts, they say what was meant."""

from __future__ import annotations

from base64 import urlsafe_b64decode

from media_privacy_pipeline.landing.simulate.strings import tcf, usnat


def bits(segment: str) -> str:
    data = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    return "".join(f"{octet:08b}" for octet in data)


def test_a_tcf_string_says_its_version_time_and_purposes() -> None:
    core, disclosed, publisher = (bits(part) for part in tcf(1_767_225_600, (1, 5, 10), vendors=True).split("."))
    assert int(core[:6], 2) == 2
    assert int(core[6:42], 2) == int(core[42:78], 2) == 17_672_256_000
    granted = core[152:176]
    assert [n + 1 for n, bit in enumerate(granted) if bit == "1"] == [1, 5, 10]
    assert core[213:230] == f"{4:016b}0"
    assert core[230:234] == "1111"
    assert disclosed[:3] == "001"
    assert publisher[:3] == "011"
    assert publisher[3:27] == granted


def test_a_tcf_string_without_vendors_denies_all_of_them() -> None:
    assert bits(tcf(1_767_225_600, (1,), vendors=False).split(".")[0])[230:234] == "0000"


def test_a_usnat_string_says_whether_sale_was_opted_out_of() -> None:
    for opted_out, value in ((True, 1), (False, 2)):
        header, section = usnat(opted_out=opted_out, gpc=True).split("~")
        core, signal = section.split(".")
        assert header == "DBABLA"
        assert int(bits(core)[:6], 2) == 1
        assert int(bits(core)[18:20], 2) == value
        assert bits(signal)[:3] == "011"
