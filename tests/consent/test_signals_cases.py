"""Cases 23 to 30 of the consent specification, by their numbers, on strings written for them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from signal_writer import NEW, OLD, base64, core, disclosed, header, number, publisher, tcf, usca, usnat, vendors

from media_privacy_pipeline.consent.signals import (
    Malformed,
    Reason,
    TcfState,
    UsAnswer,
    Why,
    decode_gpp,
    decode_tcf,
    tcf_state,
    us_state,
)

VENDOR = 7
WITH, WITHOUT = vendors({VENDOR}), vendors(())
BY_CONSENT, BY_INTEREST = TcfState(True, Why.CONSENT), TcfState(True, Why.LEGITIMATE_INTEREST)


def state(*segments: str, purposes: tuple[int, ...] = (2,), vendor: int | None = VENDOR) -> TcfState:
    return tcf_state(decode_tcf(tcf(*segments)), purposes, vendor)


def test_23_an_opt_out_in_any_section_denies() -> None:
    gpp = decode_gpp(f"{header(7, 8)}~{usnat(sale=2)}~{usca(sale=1)}")
    assert us_state(gpp, "sale") is UsAnswer.OPTED_OUT
    assert us_state(gpp, "sale").denies


@pytest.mark.parametrize(
    ("section", "answer"),
    [
        (usnat(sale=0), UsAnswer.NOT_APPLICABLE),
        (usnat(sale=0, notice=0), UsAnswer.NOT_APPLICABLE),
        (usnat(sale=2, notice=0), UsAnswer.NOT_APPLICABLE),
        (usnat(sale=2, notice=2), UsAnswer.NO_NOTICE),
        (usnat(sale=2, general=2), UsAnswer.NO_NOTICE),
    ],
)
def test_24_a_choice_that_does_not_apply_or_had_no_notice_denies(section: str, answer: UsAnswer) -> None:
    gpp = decode_gpp(f"{header(7)}~{section}")
    assert {us_state(gpp, question) for question in ("sale", "sharing", "targeted_advertising")} == {answer}
    assert answer.denies


def test_24_a_choice_with_its_notice_is_not_an_opt_out() -> None:
    gpp = decode_gpp(f"{header(7)}~{usnat(sale=2)}")
    assert us_state(gpp, "sale") is UsAnswer.NOT_OPTED_OUT
    assert not us_state(gpp, "sale").denies


def test_24_a_section_that_does_not_apply_is_not_mended_by_one_that_does() -> None:
    assert us_state(decode_gpp(f"{header(7, 8)}~{usnat(sale=2)}~{usca(sale=0)}"), "sale").denies


@pytest.mark.parametrize("sale", [0, 2])
def test_global_privacy_control_denies_whatever_the_choice(sale: int) -> None:
    assert us_state(decode_gpp(f"{header(7)}~{usnat(sale=sale, gpc=True)}"), "sale") is UsAnswer.GPC


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (tcf(core())[:40], Reason.TRUNCATED),
        (tcf(core())[:20] + "!" + tcf(core())[21:], Reason.BAD_CHARACTER),
        (tcf(core(version=1)), Reason.TCF_V1),
    ],
)
def test_25_a_string_that_cannot_be_read_is_malformed(text: str, reason: Reason) -> None:
    with pytest.raises(Malformed) as caught:
        decode_tcf(text)
    assert caught.value.reason is reason


def test_25_a_wrong_number_of_sections_is_malformed() -> None:
    for text in (f"{header(7, 8)}~{usnat()}", f"{header(7)}~{usnat()}~{usca()}", header(7)):
        with pytest.raises(Malformed) as caught:
            decode_gpp(text)
        assert caught.value.reason is Reason.WRONG_SECTION_COUNT


def test_26_a_vendor_without_its_bit_is_denied() -> None:
    bits = core(consents={1, 2}, vendor_consents=WITHOUT)
    assert state(bits, publisher()) == TcfState(False, Why.NOT_GRANTED)


def test_26_the_publishers_own_use_is_allowed_by_its_segment_only() -> None:
    bits = core(consents={1, 2}, vendor_consents=WITHOUT)
    assert state(bits, publisher({1, 2}), vendor=None) == BY_CONSENT
    assert state(bits, publisher(), vendor=None) == TcfState(False, Why.NOT_GRANTED)
    assert state(bits, vendor=None) == TcfState(False, Why.NO_PUBLISHER_SEGMENT)


@pytest.mark.parametrize("purpose", [1, 3, 4, 5, 6])
def test_27_some_purposes_have_no_legitimate_interest(purpose: int) -> None:
    bits = core(interests={purpose}, vendor_interests=WITH)
    assert not state(bits, purposes=(purpose,)).allowed
    assert not state(bits, publisher((), {purpose}), purposes=(purpose,), vendor=None).allowed


def test_27_others_have() -> None:
    assert state(core(interests={2}, vendor_interests=WITH)) == BY_INTEREST


def restricted(kind: int, *, consent: bool, interest: bool) -> TcfState:
    spans = [(3, 3), (5, 9)]
    consents = {"consents": {2}, "vendor_consents": WITH} if consent else {}
    interests = {"interests": {2}, "vendor_interests": WITH} if interest else {}
    return state(core(restrictions=[(2, kind, spans)], **consents, **interests))


def test_28_a_forbidden_purpose_is_denied_whatever_the_bits() -> None:
    assert restricted(0, consent=True, interest=True) == TcfState(False, Why.RESTRICTED)


def test_29_required_consent_needs_consent() -> None:
    assert restricted(1, consent=True, interest=False) == BY_CONSENT
    assert restricted(1, consent=True, interest=True) == BY_CONSENT
    assert restricted(1, consent=False, interest=True) == TcfState(False, Why.RESTRICTED)


def test_29_required_consent_needs_both_bits() -> None:
    both = [(2, 1, [(7, 7)])]
    assert not state(core(consents={2}, vendor_consents=WITHOUT, restrictions=both)).allowed
    assert not state(core(consents=(), vendor_consents=WITH, restrictions=both)).allowed


def test_a_required_legitimate_interest_needs_one() -> None:
    assert restricted(2, consent=False, interest=True) == BY_INTEREST
    assert restricted(2, consent=True, interest=False) == TcfState(False, Why.RESTRICTED)


def test_a_restriction_of_others_does_not_matter() -> None:
    bits = core(consents={2}, vendor_consents=WITH, restrictions=[(2, 0, [(1, 6), (8, 20)]), (3, 0, [(7, 7)])])
    assert state(bits) == BY_CONSENT


def test_30_a_new_string_without_disclosed_vendors_speaks_for_no_vendor() -> None:
    granted = {"consents": {2}, "vendor_consents": WITH}
    assert state(core(created=OLD, **granted)) == BY_CONSENT
    assert state(core(created=NEW, **granted)) == TcfState(False, Why.NOT_DISCLOSED)
    assert not state(core(created=OLD, updated=NEW, **granted)).allowed
    assert state(core(created=NEW, **granted), disclosed({VENDOR})) == BY_CONSENT


def test_30_a_vendor_that_was_not_disclosed_is_denied() -> None:
    for created in (OLD, NEW):
        bits = core(created=created, consents={2}, vendor_consents=WITH)
        assert state(bits, disclosed({VENDOR + 1})) == TcfState(False, Why.NOT_DISCLOSED)


def test_30_the_publishers_own_use_needs_no_disclosed_vendors() -> None:
    assert state(core(created=NEW), publisher({2}), vendor=None) == BY_CONSENT


def test_a_string_of_an_outlived_policy_grants_nothing() -> None:
    granted = {"consents": {2}, "vendor_consents": WITH}
    for policy, created, allowed in ((3, OLD, False), (4, OLD, True), (3, datetime(2023, 9, 30, tzinfo=UTC), True)):
        bits = core(created=created, policy=policy, **granted)
        assert state(bits).allowed is allowed
        assert state(bits, publisher({2}), vendor=None).allowed is allowed


def test_a_string_of_global_scope_grants_nothing() -> None:
    bits = core(consents={2}, vendor_consents=WITH, service_specific=False)
    assert state(bits) == TcfState(False, Why.GLOBAL_SCOPE)
    assert state(bits, publisher({2}), vendor=None) == TcfState(False, Why.GLOBAL_SCOPE)


def test_all_purposes_must_be_allowed() -> None:
    bits = core(consents={2}, interests={7}, vendor_consents=WITH, vendor_interests=WITH)
    assert state(bits, purposes=(2, 7)) == BY_INTEREST
    assert state(bits, purposes=(2, 9)) == TcfState(False, Why.NOT_GRANTED)
    assert state(bits, purposes=()) == TcfState(False, Why.NO_PURPOSE)


def test_nobody_consents_to_a_purpose_one_that_was_not_shown() -> None:
    bits = core(consents={1, 2}, vendor_consents=WITH, purpose_one_treatment=True)
    assert not state(bits, purposes=(1,)).allowed
    assert not state(bits, publisher({1}), purposes=(1,), vendor=None).allowed
    assert state(bits) == BY_CONSENT


def test_an_unknown_section_grants_nothing_and_silences_nobody() -> None:
    gpp = decode_gpp(f"{header(7, 99)}~{usnat(sale=1)}~{base64(number(2, 6))}")
    assert gpp.unknown == (99,)
    assert us_state(gpp, "sale") is UsAnswer.OPTED_OUT
    assert us_state(decode_gpp(f"{header(99)}~B"), "sale") is UsAnswer.SILENT
