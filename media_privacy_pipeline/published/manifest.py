"""The manifest of a release: everything that a reader or an auditor needs to know of it, signed."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import Refused
from ..keys import Keyring, signature_holds
from ..sql import Access, PrivacyClass


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileEntry(_Part):
    """One Parquet file; its path is relative to HOME/published and may lie under an older release."""

    path: str
    sha256: str
    bytes: int
    rows: int
    day: date | None = None
    content: str
    """Keyed digest of the rows: what tells that a table did not change, and to nobody else anything."""
    source: str
    """SHA-256 of the lake's files that the rows came from."""


class ColumnEntry(_Part):
    """One column as readers see it."""

    name: str
    type: str
    privacy: PrivacyClass
    description: str


class Spend(_Part):
    """What a table has cost one account in the year that ends with its last day."""

    unit: str
    releases: int
    mu: float
    epsilon: float
    delta: float


class TableEntry(_Part):
    """One table of a release."""

    access: Access
    purpose: str | None = None
    protected_by: str | None = None
    contract_version: int
    contract_digest: str
    columns: tuple[ColumnEntry, ...]
    rows: int
    files: tuple[FileEntry, ...]
    privacy: Spend | None = None
    expires_at: datetime | None = None


class Approval(_Part):
    """One person's signature under an override."""

    key: str
    signature: str


class Override(_Part):
    """Two people's decision to release in spite of named reasons of the gate."""

    release_id: str
    reasons: tuple[str, ...]
    justification: str
    approvals: tuple[Approval, ...]


class Signature(_Part):
    """Ed25519 over the canonical manifest without this field; both in hexadecimal."""

    key: str
    value: str


class Manifest(_Part):
    """A release. Times are naive UTC. `previous` is the release that readers used when this one was placed."""

    format: int = 1
    release_id: str
    as_of: datetime
    first_day: date
    last_day: date
    previous: str | None
    policy: str
    code: str
    model: str | None
    consent_watermark: dict[str, str | int]
    privacy: Spend | None = None
    tables: dict[str, TableEntry]
    left_out: dict[str, str]
    overrides: tuple[Override, ...] = ()
    signature: Signature | None = None

    def canonical(self) -> bytes:
        """What is signed: compact JSON with sorted keys, without the signature."""
        document = self.model_dump(mode="json", exclude={"signature"})
        return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()

    def signed(self, keyring: Keyring) -> Manifest:
        """This manifest under the installation's signature."""
        value = keyring.sign(self.canonical())
        return self.model_copy(update={"signature": Signature(key=keyring.verifier_hex, value=value)})

    def verify(self, verifier: str) -> None:
        """Raises Refused unless the key `verifier` (hexadecimal) signed exactly this."""
        if self.signature is None or self.signature.key != verifier:
            raise Refused(
                f"release {self.release_id}: its manifest is not signed with this key file; restore the one that was"
            )
        if not signature_holds(self.signature.key, self.signature.value, self.canonical()):
            raise Refused(f"release {self.release_id}: its manifest was changed after it was signed; restore it")

    def text(self) -> str:
        """The file's text."""
        return json.dumps(self.model_dump(mode="json"), indent=1, sort_keys=True) + "\n"


def read_manifest(path: Path) -> Manifest:
    """Read a manifest. Raises Refused for one that is missing or not of this form."""
    try:
        return parsed(path.read_bytes(), str(path))
    except FileNotFoundError:
        raise Refused(f"{path}: there is no such manifest") from None


def parsed(text: bytes, where: str) -> Manifest:
    """A manifest's text. Raises Refused for one that is not of this form, naming where it is."""
    try:
        return Manifest.model_validate_json(text)
    except (ValidationError, ValueError):
        raise Refused(f"{where}: not a manifest, or damaged") from None
