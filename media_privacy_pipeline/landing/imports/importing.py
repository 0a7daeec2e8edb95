"""An import from end to end: documents in, one drop for each input of the landing zone out, every document counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from ...errors import UsageError
from ...import_policy import Imports
from ..undeclared import OTHER, printable
from . import ketch, onetrust
from .documents import Document, documents, files_of
from .drop import Dropped, drop
from .jwt import Verifier
from .refusal import Refusal, Rule, Unusable
from .rows import Taken

Platform = Literal["onetrust", "ketch"]
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class Imported:
    """What became of every document. Counts and names of purposes only, no value of a person.

    documents = imported + len(refused), where a file that cannot be read counts as one. `consents` are rows by state,
    `requests` rows by kind, before repeats are left out; `unmapped` counts the purposes that the policy does not list.
    """

    platform: Platform
    documents: int
    imported: int
    refused: tuple[Refusal, ...]
    consents: Mapping[str, int]
    requests: Mapping[str, int]
    notes: Mapping[str, int]
    unmapped: Mapping[str, int]
    drops: tuple[Dropped, ...]


def import_consents(
    platform: Platform, path: Path, out: Path, *, day: date, policy: Imports, verifier: Verifier | None = None
) -> Imported:
    """Read the platform's documents in a file or folder and write their rows into the landing zone `out`, on a day.

    `verifier` checks OneTrust's signed receipts, which are refused without one. Raises UsageError where there is
    nothing to read, where the policy maps no purpose of the platform, and where `out` cannot be written.
    """
    part = policy.onetrust if platform == "onetrust" else policy.ketch
    if not part.purposes:
        raise UsageError(
            f"the policy maps no purpose of {platform}: say in imports.{platform}.purposes which of theirs is which of "
            "ours, and name the file with --policy"
        )
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: not a folder; a landing zone is one")
    read = _reader(platform, policy, verifier)
    page = onetrust.PAGE if platform == "onetrust" else None
    taken, refused, good = Taken(), list[Refusal](), 0
    for document in _documents(files_of(path), page):
        if isinstance(document, Refusal):
            refused.append(document)
            continue
        try:
            found = read(document.said)
        except Unusable as error:
            refused.append(Refusal(document.file, document.place, error.rule))
            continue
        taken.add(found)
        good += 1
    inputs = {"consent_events": taken.consent_events, "subject_requests": taken.subject_requests}
    drops = tuple(drop(out, source, day, platform, rows) for source, rows in inputs.items() if rows)
    return Imported(
        platform,
        good + len(refused),
        good,
        tuple(refused),
        _counts(row["state"] for row in taken.consent_events),
        _counts(row["kind"] for row in taken.subject_requests),
        _counts(note.value for note in taken.notes.elements()),
        _names(taken.unmapped),
        drops,
    )


def _documents(files: list[Path], page: str | None) -> Iterator[Document | Refusal]:
    for file in files:
        yield from documents(file, page)


def _reader(platform: Platform, policy: Imports, verifier: Verifier | None) -> Callable[[Any], Taken]:
    if platform == "ketch":
        return lambda said: ketch.said(said, policy.ketch)

    def read(said: Any) -> Taken:
        if isinstance(said, dict) and isinstance(said.get(onetrust.TOKEN), str):
            said = said[onetrust.TOKEN]
        if isinstance(said, str):
            if verifier is None:
                raise Unusable(Rule.UNVERIFIED_JWT)
            said = verifier.payload(said)
        return onetrust.consents(said, policy.onetrust)

    return read


def _counts(words: Iterator[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))


def _names(purposes: Mapping[str, int]) -> dict[str, int]:
    """Counts by name, where it looks like a purpose's: a broken export may hold something of a person there."""
    plain = {name: n for name, n in purposes.items() if _UUID.fullmatch(name)}
    shown = dict(sorted(plain.items(), key=lambda item: (-item[1], item[0]))[:20])
    words = printable({name: n for name, n in purposes.items() if name not in plain})
    words[OTHER] += sum(plain.values()) - sum(shown.values())
    return {**shown, **dict(sorted((name, n) for name, n in words.items() if n))}
