"""The numbered cases that signals of devices and consent platforms show: strings, Global Privacy Control, proof."""

from __future__ import annotations

from typing import Any

from consent_cases import ADULT, ALL_FIVE, Case, P, at, only, said, signalled
from consent_policy import SIGNALS
from consent_world import t
from signal_writer import NEW, core, disclosed, header, publisher, tcf, usca, usnat, vendors

VENDOR = SIGNALS["signals"]["tcf_vendor_id"]
AD = "advertising"
ADS = (2, 3, 4, 7)
WITH, WITHOUT = vendors({VENDOR}), vendors(())
OWN_PERSONALISATION = tcf(core(), publisher(consents=(5, 6)))
SOLD, KEPT = f"{header(7, 8)}~{usnat(sale=2)}~{usca(sale=1)}", f"{header(7)}~{usnat(sale=2)}"


def vendor(*segments: str, **fields: Any) -> str:
    """A string that grants the vendor the purposes of advertising, but for what is changed."""
    return tcf(core(**{"consents": ADS, "vendor_consents": WITH} | fields), *segments)


def string(text: str, day: float, **more: Any) -> dict[str, Any]:
    """A consent platform's TCF or GPP string."""
    return signalled("gpp" if text.startswith("D") else "tcf", text, day, **more)


def ads(name: str, text: str, reason: str) -> Case:
    """Whether the vendor may advertise, by one string and nothing else."""
    return Case(name, [string(text, 0)], {"e": 5}, only(reason, purpose=AD), SIGNALS)


YES = said("granted", 6, AD, evidence_ref="confirmation")

CASES = [
    Case("19 gpc on the device of a grant",
         [said("granted", 0, device_id="d"), said("granted", 0, AD, device_id="d"),
          said("granted", 0, "disclosure", signal="vppa", device_id="d"), signalled("gpc", "1", 1, device_id="d")],
         {"same": at(5, device_id="d"), "other": at(5, device_id="x")},
         {10: {(event, purpose): reason for event in ("same", "other")
               for purpose, reason in ((P, ""), (AD, "objected"), ("disclosure", "objected"))}}),
    Case("20 a later grant does not answer gpc", [signalled("gpc", "1", 1, device_id="d"), YES],
         {"e": at(7, device_id="d")}, only("objected", purpose=AD)),
    Case("20 a proven grant does where the policy accepts it", [signalled("gpc", "1", 1, device_id="d"), YES],
         {"before": at(5, device_id="d"), "after": at(7, device_id="d")},
         {10: {("before", AD): "objected", ("after", AD): ""}}, SIGNALS),
    Case("20 an unproven one does not",
         [signalled("gpc", "1", 1, device_id="d"), said("granted", 6, AD)], {"e": at(7, device_id="d")},
         only("objected", purpose=AD), SIGNALS),
    Case("20 gpc again after the confirmation is confirmed already",
         [signalled("gpc", "1", 1, device_id="d"), YES, signalled("gpc", "1", 7, device_id="d")],
         {"e": at(8, device_id="d")}, only("", purpose=AD), SIGNALS),
    Case("20 the confirmation ends with the next no",
         [signalled("gpc", "1", 1, device_id="d"), YES, said("withdrawn", 7, AD), said("granted", 8, AD)],
         {"e": at(9, device_id="d")}, only("objected", purpose=AD), SIGNALS),
    Case("20 a confirmation for one purpose is none for another",
         [*ALL_FIVE, signalled("gpc", "1", 1), YES], {"e": 7},
         {10: {("e", AD): "", ("e", "disclosure"): "objected"}}, SIGNALS),
    Case("22 gpc absent is no grant", [signalled("gpc", "0", 0), said("granted", 0, AD, signal="gpc")], {"e": 5},
         only("unknown", purpose=AD)),
    Case("22 gpc from the player itself", [said("granted", 0, AD), said("granted", 0)],
         {"before": 2, "sent": at(3, gpc=True, device_id="d"), "after": 4, "not sent": at(5, gpc=False)},
         {10: {("before", AD): "objected", ("sent", AD): "objected", ("after", AD): "objected",
               ("not sent", AD): "objected", ("after", P): ""}}),
    Case("23 an opt-out in any section", [*ALL_FIVE, string(SOLD, 1)], {"e": 5},
         {10: {("e", AD): "objected", ("e", "disclosure"): "objected", ("e", P): ""}}),
    Case("23 an opt-out lifted by a later string of the device",
         [*ALL_FIVE, string(SOLD, 1, device_id="tv"), string(KEPT, 4, device_id="tv")],
         {"e3": at(3, device_id="tv"), "e5": at(5, device_id="tv"), "other": at(3, device_id="phone")},
         {10: {("e3", AD): "objected", ("e5", AD): "", ("other", AD): ""}}),
    Case("23 no opt-out is no grant", [string(KEPT, 0)], {"e": 5}, only("unknown", purpose=AD)),
    Case("24 a choice that does not apply", [*ALL_FIVE, string(f"{header(7)}~{usnat(sale=0)}", 1)], {"e": 5},
         {10: {("e", AD): "denied", ("e", "disclosure"): "denied", ("e", P): ""}}),
    Case("24 a choice without notice", [*ALL_FIVE, string(f"{header(7)}~{usnat(sale=2, notice=2)}", 1)], {"e": 5},
         only("denied", purpose=AD)),
    Case("25 a string that cannot be read",
         [said("granted", 0), said("granted", 0, AD), said("granted", 0, "fairness_audit")], {"e2": 2, "e5": 5},
         {10: {("e2", P): "malformed", ("e5", P): "malformed", ("e5", AD): "malformed", ("e5", "fairness_audit"): ""}},
         malformed=[{"signal": "tcf", "effective_at": t(3)}]),
    Case("25 a good string after one that cannot be read", [string(OWN_PERSONALISATION, 4)], {"e": 5},
         only(""), malformed=[{"signal": "tcf", "effective_at": t(3)}]),
    ads("26 purpose and vendor", vendor(disclosed({VENDOR})), ""),
    ads("26 vendor bit 0", vendor(disclosed({VENDOR}), vendor_consents=WITHOUT), "denied"),
    Case("26 own use by the publisher segment", [string(OWN_PERSONALISATION, 0)], {"e": 5},
         {10: {("e", P): "", ("e", "training"): "denied", ("e", AD): "denied", ("e", "fairness_audit"): "unknown"}}),
    Case("26 the vendors' bits are nothing to the publisher", [string(tcf(core(consents=(5, 6))), 0)], {"e": 5},
         only("denied")),
    Case("26 half of the purposes is none of them", [string(tcf(core(), publisher(consents=(5,))), 0)], {"e": 5},
         only("denied")),
    ads("27 only a legitimate interest", vendor(disclosed({VENDOR}), consents=(), interests=ADS,
                                                vendor_consents=WITHOUT, vendor_interests=WITH), "denied"),
    ads("28 forbidden by the publisher", vendor(disclosed({VENDOR}), restrictions=((2, 0, ((VENDOR, VENDOR),)),)),
        "denied"),
    ads("29 consent required and there", vendor(disclosed({VENDOR}), restrictions=((2, 1, ((VENDOR, VENDOR),)),)), ""),
    ads("29 consent required and only an interest",
        vendor(disclosed({VENDOR}), consents=(3, 4, 7), interests=(2,), vendor_interests=WITH,
               restrictions=((2, 1, ((VENDOR, VENDOR),)),)), "denied"),
    ads("30 no disclosed vendors", vendor(created=NEW), "denied"),
    ads("30 disclosed vendors", vendor(disclosed({VENDOR}), created=NEW), ""),
    Case("35 a parent's word needs proof", [said("granted", 0, signal="parent")], {"e": 5}, only("unknown")),
    Case("35 a parent's proven word", [said("granted", 0, signal="parent", evidence_ref="form")], {"e": 5}, only("")),
    Case("35 a parent's no needs none", [said("granted", 0), said("denied", 1, signal="parent")], {"e": 5},
         only("denied")),
    Case("56 an agent opts out and may not opt in unproven",
         [said("granted", 0, AD, signal="agent"), said("granted", 0), said("objected", 1, signal="agent")], {"e": 5},
         {10: {("e", AD): "unknown", ("e", P): "objected"}}),
    Case("41 a string is heard by the purposes that rest on it and no others",
         [said("granted", 0, "disclosure", signal="vppa"), string(OWN_PERSONALISATION, 1)], {"e": 5},
         only("", purpose="disclosure")),
]  # fmt: skip

LINKED = Case(
    "21 gpc on a device that another account is seen on later",
    [said("granted", 0, AD)],
    {"before": at(3, device_id="shared browser"), "linked": at(6, device_id="shared browser"), "later": at(7)},
    {10: {("before", AD): "objected", ("linked", AD): "objected", ("later", AD): "objected"}},
)
"""The browser sent it on day 5 under another account; this one is seen on it on day 6."""

BROWSER = Case("21 the account that the device was named with", [signalled("gpc", "1", 5, device_id="shared browser")],
               {"e": 6}, {10: {("e", P): "unknown"}}, accounts=[ADULT])  # fmt: skip
CASES += [LINKED, BROWSER]
