"""What sections say about children, sensitive data and control signals, and that each question finds its fields."""

from __future__ import annotations

import pytest
from signal_writer import header, usca, usin, usnat

from media_privacy_pipeline.consent.signals import (
    UsAnswer,
    decode_gpp,
    decode_usp,
    known_child,
    sensitive_data,
    us_state,
)
from media_privacy_pipeline.consent.signals.gpp_sections import LAYOUTS
from media_privacy_pipeline.consent.signals.us_meaning import gpc, usp_answer
from media_privacy_pipeline.consent.signals.us_section import Choice


@pytest.mark.parametrize("fields", [fields for layout in LAYOUTS.values() for fields in layout.versions.values()])
def test_every_opt_out_has_its_notice(fields: tuple[tuple[str, int], ...]) -> None:
    names = {name for name, _ in fields}
    for question in ("sale", "sharing", "targeted_advertising"):
        if f"{question}_opt_out" in names:
            assert f"{question}_opt_out_notice" in names
    assert {"sale_opt_out", "mspa_covered_transaction"} <= names


NOT_APPLICABLE, NO_CONSENT, CONSENT = Choice


@pytest.mark.parametrize(
    ("bands", "choice"),
    [((0, 0), NOT_APPLICABLE), ((0, 2), CONSENT), ((2, 2), CONSENT), ((2, 1), NO_CONSENT), ((0, 1), NO_CONSENT)],
)
def test_a_known_child_needs_consent_in_every_band_that_applies(bands: tuple[int, int], choice: Choice) -> None:
    assert known_child(decode_gpp(f"{header(8)}~{usca(child=bands)}")) is choice


@pytest.mark.parametrize(
    ("kinds", "choice"), [((), NOT_APPLICABLE), ((2,), CONSENT), ((0, 2, 1), NO_CONSENT), ((1,), NO_CONSENT)]
)
def test_sensitive_data_needs_consent_for_every_kind_that_applies(kinds: tuple[int, ...], choice: Choice) -> None:
    assert sensitive_data(decode_gpp(f"{header(25)}~{usin(*kinds)}")) is choice


def test_global_privacy_control_is_true_false_or_not_said() -> None:
    assert gpc(decode_gpp(f"{header(7, 8)}~{usnat(gpc=False)}~{usca(gpc=True)}")) is True
    assert gpc(decode_gpp(f"{header(7, 8)}~{usnat(gpc=False)}~{usca()}")) is False
    assert gpc(decode_gpp(f"{header(7)}~{usnat()}")) is None


def test_a_gpp_string_without_sections_is_silent() -> None:
    assert us_state(decode_gpp(header()), "sale") is UsAnswer.SILENT


def test_a_section_without_a_field_is_silent_on_it() -> None:
    assert us_state(decode_gpp(f"{header(8)}~{usca()}"), "targeted_advertising") is UsAnswer.SILENT


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1YYN", UsAnswer.OPTED_OUT),
        ("1NNN", UsAnswer.NO_NOTICE),
        ("1Y-N", UsAnswer.NOT_APPLICABLE),
        ("1-NN", UsAnswer.NOT_APPLICABLE),
        ("1---", UsAnswer.NOT_APPLICABLE),
        ("1YNN", UsAnswer.NOT_OPTED_OUT),
    ],
)
def test_us_privacy(text: str, answer: UsAnswer) -> None:
    assert usp_answer(decode_usp(text), "sale") is answer
    assert us_state(decode_gpp(f"{header(6)}~{text}"), "sale") is answer
