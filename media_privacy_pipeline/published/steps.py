"""The steps of publishing: count the rows, set a candidate aside, and, after the audit, let it through the gate."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import asdict

from ..durable import replace_text, sync_tree
from ..engines import Session, Span, StepResult
from ..errors import Refused, UsageError
from ..lake import fingerprint_of
from .evidence import Evidence, champion, code_version, gather, spend_of
from .gate import NEVER_EXCUSED, Candidate, Verdict, examine
from .layout import Layout
from .manifest import Manifest, read_manifest
from .overrides import excused, read_override
from .rows import digest_of
from .shelf import Pointer, Shelf, layout_of, retire, shelf_of
from .staging import LATE, Staged, published_contracts, stage, write

log = logging.getLogger(__name__)

_TOO_LITTLE = "this run's data did not suffice to make it"


def account_rows(session: Session, span: Span) -> StepResult:
    """`row_accounting`: every count of rows, from the door to the decisions."""
    return session.materialise("row_accounting")


def candidate(session: Session, span: Span) -> StepResult:
    """Set aside everything that the next release would hold.

    Nothing is written where the release of the same content is current or was set aside already. Which release that
    would be is known from its content, so that the same input makes the same release.
    """
    layout, shelf = layout_of(session.settings), shelf_of(session.settings)
    shelf.sweep()
    current = shelf.pointer().release_id
    before = _trusted(session, shelf, current) if current is not None else None
    contracts = published_contracts(session)
    ready = {name: c for name, c in contracts.items() if name not in LATE and session.lake.has(name)}
    left_out = dict.fromkeys(sorted(contracts.keys() - ready.keys() - {*LATE}), _TOO_LITTLE)
    staged = {name: stage(session, contract, before, shelf) for name, contract in sorted(ready.items())}
    evidence = gather(session, span)
    release_id = _release_id(session, span, staged, left_out, evidence)
    rows = {"candidate": sum(session.lake.rows(name) for name in ready)}
    found: dict[str, int | float | str] = {"release_id": release_id, "tables": len(ready), "left_out": len(left_out)}
    if shelf.has(release_id) or _whole(layout, shelf, release_id):
        replace_text(layout.candidates / "LATEST", release_id + "\n")
        return StepResult(rows, skipped=True, metadata=found)
    shutil.rmtree(layout.candidates, ignore_errors=True)
    layout.candidate(release_id).mkdir(parents=True)
    tables = {name: write(session, each, release_id, span.as_of) for name, each in staged.items()}
    for name, entry in tables.items():
        spend = spend_of([c for c in evidence.charges if c.name == name], span.last, session)
        tables[name] = entry.model_copy(update={"privacy": spend})
    draft = Manifest(
        release_id=release_id,
        as_of=span.as_of,
        first_day=span.first,
        last_day=span.last,
        previous=current,
        policy=session.policy.digest,
        code=code_version(),
        model=champion(session),
        consent_watermark=dict(evidence.watermark),
        privacy=spend_of(evidence.charges, span.last, session),
        tables=tables,
        left_out=left_out,
    )
    sync_tree(layout.candidate(release_id))
    replace_text(layout.draft(release_id), draft.text())
    replace_text(layout.candidates / "LATEST", release_id + "\n")
    return StepResult(rows, metadata=found)


def publish(session: Session, span: Span) -> StepResult:
    """Verify the candidate and let readers use it.

    Raises Refused with every reason that speaks against it: the last release stays, and so does the candidate, with
    `refused.json` in its folder. Raises UsageError where no candidate was set aside.
    """
    layout, shelf = layout_of(session.settings), shelf_of(session.settings)
    release_id = layout.latest()
    if release_id is None:
        raise UsageError(f"{layout.candidates}: there is no candidate; run the whole night")
    seen = shelf.pointer()
    if release_id == seen.release_id:
        _tell_catalogue(session, shelf)
        return _result(shelf.manifest(release_id), skipped=True)
    shelf.check()
    placed = shelf.has(release_id)
    draft = _trusted(session, shelf, release_id) if placed else _complete(session, layout, shelf, release_id)
    if not placed:
        _still_after(draft, seen)
    manifest = _judge(session, layout, draft, verify(session, span, draft))
    if not placed:
        shelf.place(layout.candidate(release_id), manifest.signed(session.keyring))
    shelf.point(release_id, seen)
    removed = retire(shelf, session.policy)
    _tell_catalogue(session, shelf)
    shutil.rmtree(layout.candidate(release_id), ignore_errors=True)
    log.info("release %s: %d tables, %d restricted files retired", release_id, len(manifest.tables), removed)
    return _result(manifest, skipped=False)


def _tell_catalogue(session: Session, shelf: Shelf) -> None:
    """Register the release in an Iceberg catalogue, where there is one: it is out by then, whatever becomes of that."""
    if session.settings.iceberg_url is not None:
        from .iceberg import open_catalogue, register

        register(open_catalogue(session.settings.iceberg_url, shelf), shelf, session.policy)


def verify(session: Session, span: Span, draft: Manifest) -> Verdict:
    """Put a candidate before the gate; what was checked is written beside its report, as pages and as JSON."""
    from ..quality.runner import Runner

    runner = Runner()
    layout, shelf = layout_of(session.settings), shelf_of(session.settings)
    verdict = examine(session, span, Candidate(draft, layout, shelf), gather(session, span), runner)
    folder = session.settings.reports / draft.release_id
    shutil.rmtree(folder, ignore_errors=True)
    runner.document(folder / "data_docs", span.as_of)
    replace_text(folder / "checks.json", json.dumps([asdict(check) for check in verdict.checks], indent=1))
    return verdict


def _release_id(
    session: Session, span: Span, staged: dict[str, Staged], left_out: dict[str, str], evidence: Evidence
) -> str:
    content = fingerprint_of(
        {name: each.identity for name, each in staged.items()},
        left_out,
        session.policy.digest,
        code_version(),
        champion(session),
        evidence.watermark,
    )
    return f"{span.as_of:%Y%m%dT%H%M%S}-{content[:12]}"


def _trusted(session: Session, shelf: Shelf, release_id: str) -> Manifest:
    """The manifest of a placed release. Raises Refused unless this installation signed it as it is."""
    manifest = shelf.manifest(release_id)
    manifest.verify(session.keyring.verifier_hex)
    return manifest


def _still_after(draft: Manifest, seen: Pointer) -> None:
    """Raises Refused where readers use another release by now than when the candidate was made."""
    if draft.previous != seen.release_id:
        raise Refused(
            f"release {draft.release_id} was made to follow {draft.previous or 'nothing'}, and {seen.release_id} was "
            f"published since; the last release stays: run the night again"
        )


def _whole(layout: Layout, shelf: Shelf, release_id: str) -> bool:
    """Whether a candidate was set aside completely and is still as it was."""
    if not layout.draft(release_id).exists():
        return False
    tables = read_manifest(layout.draft(release_id)).tables
    found = Candidate(read_manifest(layout.draft(release_id)), layout, shelf)
    paths = {file.path: file.sha256 for entry in tables.values() for file in entry.files}
    return all((at := found.find(path)) is not None and digest_of(at) == sha for path, sha in paths.items())


def _complete(session: Session, layout: Layout, shelf: Shelf, release_id: str) -> Manifest:
    """The candidate with the tables that its audit made."""
    draft = read_manifest(layout.draft(release_id))
    contracts = published_contracts(session)
    late = {name: contracts[name] for name in LATE if name in contracts and session.lake.has(name)}
    tables = {
        name: write(session, stage(session, contract, None, shelf), release_id, draft.as_of)
        for name, contract in late.items()
    }
    return draft.model_copy(update={"tables": {**draft.tables, **tables}})


def _judge(session: Session, layout: Layout, draft: Manifest, verdict: Verdict) -> Manifest:
    """The manifest to sign. Raises Refused with what speaks against it and is not overridden."""
    override = read_override(layout.candidate(draft.release_id))
    trusted = {key.lower() for key in session.policy.published.override_keys}
    pardoned = excused(override, draft.release_id, trusted) - NEVER_EXCUSED
    against = [reason for reason in verdict.reasons if reason.code not in pardoned]
    if against:
        told = [asdict(reason) for reason in verdict.reasons]
        replace_text(layout.candidate(draft.release_id) / "refused.json", json.dumps(told, indent=1) + "\n")
        listed = "".join(f"\n  - {reason}" for reason in against)
        raise Refused(f"release {draft.release_id} was refused; the last release stays. Reasons:{listed}")
    return draft if override is None else draft.model_copy(update={"overrides": (override,)})


def _result(manifest: Manifest, *, skipped: bool) -> StepResult:
    rows = {name: entry.rows for name, entry in manifest.tables.items()}
    found: dict[str, int | float | str] = {"release_id": manifest.release_id, "tables": len(rows)}
    return StepResult({**rows, "release": sum(rows.values())}, skipped=skipped, metadata=found)
