"""Policies for the tests: the packaged one, every purpose seeing titles, and two purposes of legitimate interest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from media_privacy_pipeline.policy import PACKAGED

STRICT: dict[str, Any] = {}
LENIENT = {"accept_history_grants": True, "min_notice_version": 2}
SIGNALS: dict[str, Any] = {
    "signals": {"tcf_vendor_id": 7, "tcf_vendor_purposes": ["advertising"], "confirmed_override": True}
}
POLICIES = {"strict": STRICT, "lenient": LENIENT, "signals": SIGNALS}


def write_policy(folder: Path, changes: dict[str, Any]) -> Path:
    """A policy file whose `consent` part is changed so, and whose `signals` part as its own entry says."""
    document = yaml.safe_load(PACKAGED.read_text())
    document["signals"] |= changes.get("signals", {})
    document["consent"] |= {name: value for name, value in changes.items() if name != "signals"}
    for purpose in document["purposes"].values():
        purpose["columns"].setdefault("viewing_events", {"title_id": "keep"})
    interest = {
        "title": "Finding fraud",
        "basis": "legitimate_interest",
        "data_uses": ["essential.fraud_detection"],
        "window_days": 90,
        "columns": {"viewing_events": {"title_id": "keep"}, "search_events": {"country": "keep"}},
    }
    document["purposes"] |= {"noticed": {**interest, "notice_given": True}, "unnoticed": interest}
    path = folder / "policy.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path
