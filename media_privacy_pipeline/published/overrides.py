"""An override: two people sign, each with a key of their own, that a release goes out in spite of named reasons."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from ..errors import Refused
from ..keys import signature_holds
from .manifest import Approval, Override

FILE = "override.json"
_APPROVERS = 2


def message_of(release_id: str, reasons: Collection[str], justification: str) -> bytes:
    """What each of the two signs."""
    said = {"release_id": release_id, "reasons": sorted(reasons), "justification": justification}
    return b"media-privacy override\n" + json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


def approve(key: Ed25519PrivateKey, release_id: str, reasons: Collection[str], justification: str) -> Approval:
    """One person's approval."""
    public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return Approval(key=public.hex(), signature=key.sign(message_of(release_id, reasons, justification)).hex())


def read_override(folder: Path) -> Override | None:
    """The override laid into a candidate's folder, if any. Raises Refused for one that cannot be read."""
    path = folder / FILE
    if not path.exists():
        return None
    try:
        return Override.model_validate_json(path.read_text())
    except ValidationError:
        raise Refused(f"{path}: not an override") from None


def excused(override: Override | None, release_id: str, trusted: Collection[str]) -> frozenset[str]:
    """The reasons that an override takes away.

    Raises Refused unless it names this release and two different trusted keys signed it.
    """
    if override is None:
        return frozenset()
    if override.release_id != release_id:
        raise Refused(f"the override is for release {override.release_id}, and this is {release_id}")
    message = message_of(override.release_id, override.reasons, override.justification)
    good = {
        approval.key.lower()
        for approval in override.approvals
        if approval.key.lower() in trusted and signature_holds(approval.key, approval.signature, message)
    }
    if len(good) < _APPROVERS:
        raise Refused(
            f"the override of release {release_id} has {len(good)} good signatures of keys in published.override_keys; "
            f"two different ones are needed"
        )
    return frozenset(override.reasons)
