"""Many strings become one row per distinct string, in columns for SQL."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from signal_writer import NEW, core, disclosed, header, publisher, tcf, usca, usnat, vendors

from media_privacy_pipeline.consent.signals import batch, decode_many

TCF = tcf(core(created=NEW, consents={1, 5}, vendor_consents=vendors({7})), disclosed({7}), publisher({1, 10}, {1, 7}))
GPP = f"{header(2, 7, 99)}~{TCF}~{usnat(sale=1, gpc=False)}~A"


def test_a_tcf_string_becomes_masks() -> None:
    (row,) = decode_many([TCF], vendor=7).to_pylist()
    assert (row["kind"], row["malformed"], row["updated"]) == ("tcf", None, datetime(2026, 3, 1, tzinfo=UTC))
    assert (row["own_consent"], row["own_interest"]) == (0b10_0000_0001, 0b100_0000)
    assert (row["vendor_consent"], row["vendor_interest"]) == (0b1_0001, 0)
    assert row["sale"] == "silent"


def test_without_a_vendor_no_vendor_is_granted_anything() -> None:
    (row,) = decode_many([TCF]).to_pylist()
    assert (row["vendor_consent"], row["vendor_interest"]) == (0, 0)


def test_a_gpp_string_has_its_european_part_and_its_answers() -> None:
    (row,) = decode_many([GPP], vendor=7).to_pylist()
    assert (row["kind"], row["malformed"], row["has_unknown_section"]) == ("gpp", None, True)
    assert row["vendor_consent"] == 0b1_0001
    assert (row["sale"], row["gpc"], row["known_child"]) == ("opted_out", False, "not_applicable")


def test_a_string_without_a_tcf_part_has_no_masks() -> None:
    rows = decode_many(["1YYN", "1YNN", f"{header(8)}~{usca()}"]).to_pylist()
    assert [row["own_consent"] for row in rows] == [None, None, None]
    assert [row["sale"] for row in rows] == ["opted_out", "not_opted_out", "not_opted_out"]
    assert [row["targeted_advertising"] for row in rows] == ["opted_out", "silent", "silent"]


def test_a_malformed_string_has_a_reason_and_denies() -> None:
    for row in decode_many([TCF[:30], GPP[:-1], "1Y", ""]).to_pylist():
        assert row["malformed"] in ("truncated", "empty")
        assert [row["own_consent"], row["vendor_consent"], row["sale"]] == [0, 0, "malformed"]


def test_each_distinct_string_has_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "_BATCH", 2)
    table = decode_many([TCF, None, GPP, TCF, "1YNN", GPP])
    assert table["signal_value"].to_pylist() == [TCF, GPP, "1YNN"]
    assert table.schema == batch.COLUMNS


def test_no_strings_are_an_empty_table() -> None:
    assert decode_many([]).schema == batch.COLUMNS
