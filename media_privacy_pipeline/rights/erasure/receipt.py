"""The receipt of one erasure request: what was done, signed. No id, name or pseudonym that anything else is kept under.

    HOME/receipts/<request>.json        <request> is a keyed hash of the request_id

It is made of the erasure's journal alone, and signed with a deterministic signature: made again, it is the same.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...consent.erasures import Erasure, tombstone
from ...durable import replace_text
from ...engines import Session
from ...errors import Refused
from ...keys import Keyring, pseudonym, signature_holds
from .journal import Journal

Receipt = dict[str, Any]
_FORMAT = 1


def path_of(session: Session, request: Erasure) -> Path:
    """Where the receipt of a request lies, or will."""
    return session.settings.receipts / f"{ref_of(session, request.request_id)}.json"


def ref_of(session: Session, request_id: str) -> str:
    """What a request is called in receipts: a keyed hash of its request_id."""
    return _ref(session.keyring, request_id)


def write(session: Session, journal: Journal, at: int) -> Path:
    """Write the receipt of the journal's request number `at`."""
    path = path_of(session, journal.requests[at])
    replace_text(path, text_of(signed(session.keyring, document(session.keyring, journal, at))))
    return path


def document(keyring: Keyring, journal: Journal, at: int) -> Receipt:
    """What the journal says of one request."""
    request, number = journal.requests[at], journal.of_request[at]
    touched = [entry for entry in journal.every("rewrite") if str(number) in entry["rows"]]
    zones: dict[str, int] = {}
    for entry in touched:
        zones[entry["zone"]] = zones.get(entry["zone"], 0) + entry["rows"][str(number)]
    keys, models = journal.entries["keys", ""], journal.entries["models", ""]
    flagged = sorted(name for name, people in models["flagged"].items() if number in people)
    clean = next(entry for entry in journal.every("scan") if number in entry["clean"])
    return {
        "format": _FORMAT,
        "kind": "erasure",
        "erasure": {
            "id": journal.erasure_id,
            "as_of": journal.as_of.isoformat(),
            "people": len(journal.people.persons),
        },
        "request": {
            "ref": _ref(keyring, request.request_id),
            "received_at": request.received_at.isoformat(),
            "scope": "account" if request.profile_id is None else "profile",
        },
        "subject": tombstone(keyring, request.subject),
        "rows_removed": dict(sorted(zones.items())),
        "files": [file for entry in touched for file in entry["files"]],
        "made_again": [entry["of"] for entry in journal.every("remade")],
        "keys_destroyed": keys["destroyed"].get(str(number), 0),
        "releases": {
            "current": clean["release"],
            "destroyed": [
                {name: entry[name] for name in ("release", "file", "sha256")}
                for entry in journal.every("retire")
                if number in entry["people"]
            ],
        },
        "models": {"flagged": flagged, "in_service": clean["model"]},
        "ledger": clean["ledger"],
        "scan": {"hits": 0, **clean["coverage"]},
    }


def signed(keyring: Keyring, receipt: Receipt) -> Receipt:
    """The receipt under the installation's Ed25519 signature."""
    value = keyring.sign(_canonical(receipt))
    return {**receipt, "signature": {"key": keyring.verifier_hex, "value": value}}


def verify(receipt: Receipt, verifier: str) -> None:
    """Raises Refused unless the key `verifier` (Ed25519, public, hexadecimal) signed exactly this."""
    signature = receipt.get("signature")
    if not isinstance(signature, dict) or signature.get("key") != verifier:
        raise Refused("the receipt is not signed with this key; give the public key of the installation that wrote it")
    unsigned = {name: value for name, value in receipt.items() if name != "signature"}
    if not signature_holds(verifier, str(signature.get("value")), _canonical(unsigned)):
        raise Refused("the receipt was changed after it was signed")


def read(path: Path) -> Receipt:
    """Read a receipt. Raises Refused for a file that is none."""
    try:
        receipt = json.loads(path.read_text())
    except FileNotFoundError:
        raise Refused(f"{path}: there is no such file") from None
    except (OSError, ValueError):
        raise Refused(f"{path}: cannot be read as a receipt") from None
    if not isinstance(receipt, dict) or receipt.get("kind") != "erasure" or receipt.get("format") != _FORMAT:
        raise Refused(f"{path}: not the receipt of an erasure")
    return receipt


def text_of(receipt: Receipt) -> str:
    """The file's text."""
    return json.dumps(receipt, indent=1, sort_keys=True) + "\n"


def _ref(keyring: Keyring, request_id: str) -> str:
    return pseudonym(keyring.derive("receipt"), request_id)


def _canonical(receipt: Receipt) -> bytes:
    return json.dumps(receipt, sort_keys=True, separators=(",", ":")).encode()
