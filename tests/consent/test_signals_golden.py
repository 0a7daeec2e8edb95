"""The decoders read in a string what the IAB Tech Lab's own libraries read in it."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import datetime
from typing import Any

import pytest
from signal_vectors import vectors

from media_privacy_pipeline.consent.signals import decode_gpp, decode_tcf
from media_privacy_pipeline.consent.signals.tcf import Tcf
from media_privacy_pipeline.consent.signals.us_section import UsSection

_RENAMED = {
    "sensitive_data_processing": "sensitive_data",
    "known_child_sensitive_data_consents": "known_child",
    "mspa_version": "version",
}


def bits(mask: int) -> list[int]:
    return [n + 1 for n in range(mask.bit_length()) if mask >> n & 1]


def tcf_fields(tcf: Tcf) -> dict[str, Any]:
    fields = {name: getattr(tcf, name) for name in Tcf.__dataclass_fields__}
    publisher = fields.pop("publisher")
    for name in ("special_features", "consents", "interests"):
        fields[name] = bits(fields[name])
    fields["restrictions"] = [
        {"purpose": one.purpose, "kind": one.kind, "vendors": list(one.vendors)} for one in tcf.restrictions
    ]
    for name in ("vendor_consents", "vendor_interests", "disclosed"):
        fields[name] = list(fields[name] or ())
    fields["custom_purposes"] = publisher.custom_purposes if publisher else 0
    for name in ("consents", "interests"):
        fields[f"publisher_{name}"] = bits(getattr(publisher, name)) if publisher else []
        fields[f"custom_{name}"] = bits(getattr(publisher, f"custom_{name}")) if publisher else []
    return fields


@pytest.mark.parametrize("vector", vectors("tcf"), ids=lambda vector: vector["name"])
def test_a_tcf_string(vector: dict[str, Any]) -> None:
    expected = dict(vector["fields"])
    for time in ("created", "updated"):
        expected[time] = datetime.fromisoformat(expected[time])
    expected["restrictions"].sort(key=lambda one: (one["purpose"], one["kind"]))
    tcf = decode_tcf(vector["text"])
    found = tcf_fields(tcf)
    found["restrictions"].sort(key=lambda one: (one["purpose"], one["kind"]))
    assert found == expected
    assert (tcf.disclosed is not None) == ("vendorsDisclosed" in vector["segments"])
    assert (tcf.publisher is not None) == ("publisherTC" in vector["segments"])


def us_fields(section: UsSection) -> dict[str, Any]:
    fields = {"version": section.version, **section.values}
    for name in ("sensitive_data", "known_child"):
        if chosen := [int(choice) for choice in getattr(section, name)]:
            fields[name] = chosen
    return fields if section.gpc is None else {**fields, "gpc": section.gpc}


def expected_us(fields: dict[str, Any]) -> dict[str, Any]:
    expected = {}
    for name, value in fields.items():
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        key = _RENAMED.get(snake, snake)
        expected[key] = [value] if key == "known_child" and isinstance(value, int) else value
    expected.pop("gpc_segment_type", None)
    return expected


@pytest.mark.parametrize("vector", vectors("gpp"), ids=lambda vector: vector["name"])
def test_a_gpp_string(vector: dict[str, Any]) -> None:
    gpp = decode_gpp(vector["text"])
    us = {name: fields for name, fields in vector["fields"].items() if name not in ("uspv1", "tcfeuv2")}
    assert {section.name: us_fields(section) for section in gpp.us} == {
        name: expected_us(fields) for name, fields in us.items()
    }
    assert [section.id for section in gpp.us] == [section for section in vector["ids"] if section > 6]
    assert not gpp.unknown
    if usp := vector["fields"].get("uspv1"):
        answers = {"Y": True, "N": False, "-": None}
        assert gpp.usp is not None
        assert list(asdict(gpp.usp).values()) == [
            answers[usp[name]] for name in ("Notice", "OptOutSale", "LspaCovered")
        ]


def test_a_gpp_string_with_the_european_section() -> None:
    vector = next(vector for vector in vectors("gpp") if vector["name"] == "tcfeuv2")
    fields, tcf = vector["fields"]["tcfeuv2"], decode_gpp(vector["text"]).tcf
    assert tcf is not None
    assert bits(tcf.consents) == [n + 1 for n, held in enumerate(fields["PurposeConsents"]) if held] == [1, 4]
    assert list(tcf.vendor_consents) == fields["VendorConsents"]
    assert list(tcf.disclosed or ()) == fields["VendorsDisclosed"]
    assert tcf.publisher is not None
    assert bits(tcf.publisher.consents) == [8]


def test_every_section_has_a_vector() -> None:
    named = {name for vector in vectors("gpp") for name in vector["fields"]}
    assert len(named) == 23
    assert {"uspv1", "tcfeuv2"} < named
