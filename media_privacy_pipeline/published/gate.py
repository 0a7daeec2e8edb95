"""The gate: trusts no earlier check, looks for itself, and answers with the list of what speaks against a release."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..engines import Folder, Session, Span
from ..errors import PipelineError
from ..quality.frames import Checked
from ..quality.runner import CheckOutcome, Runner
from ..quality.steps import validate
from ..sql import Access, Contract, ProtectedBy
from ..sql.privacy import check_privacy
from .crypt import decryption, table_key
from .evidence import Code, Evidence
from .layout import Layout
from .manifest import Manifest, TableEntry
from .rows import digest_of
from .shelf import Shelf
from .staging import contract_digest, published_contracts

NEVER_EXCUSED: frozenset[Code] = frozenset({"file", "consent"})
"""No two signatures make a damaged file whole, or stand in for a person's consent."""
_REQUIRED = ("privacy_ledger", "row_accounting", "audit_findings")


@dataclass(frozen=True)
class Reason:
    """One thing that speaks against a release; an override names its code."""

    code: Code
    text: str

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


@dataclass(frozen=True)
class Candidate:
    """A manifest; its files lie in the candidate's own folder or are published already."""

    manifest: Manifest
    layout: Layout
    shelf: Shelf

    def find(self, path: str) -> Path | None:
        """Where a file of the manifest is: in the candidate's folder, or else published."""
        staged = self.layout.candidate(self.manifest.release_id) / path
        return staged if staged.exists() else self.shelf.fetch(path)

    def fetch(self) -> None:
        """Get what is published already near, all of it at once."""
        staged = self.layout.candidate(self.manifest.release_id)
        paths = (file.path for entry in self.manifest.tables.values() for file in entry.files)
        self.shelf.fetch_all(path for path in paths if not (staged / path).exists())

    def source(self, session: Session, contract: Contract, entry: TableEntry) -> Checked:
        """A table as an engine's input. Restricted tables are decrypted in memory."""
        found = [self.find(file.path) for file in entry.files]
        files = [file for file in found if file is not None]
        if entry.access is not Access.restricted:
            return Folder(self.layout.home, files, contract.types, None)
        properties = decryption(table_key(session.keyring, str(entry.purpose)))
        return pa.concat_tables([pq.ParquetFile(file, decryption_properties=properties).read() for file in files])


@dataclass(frozen=True)
class Verdict:
    """What the gate found: reasons against the release (none: it may go out), and every check that it made."""

    reasons: tuple[Reason, ...]
    checks: tuple[CheckOutcome, ...]


def examine(session: Session, span: Span, candidate: Candidate, evidence: Evidence, runner: Runner) -> Verdict:
    """Look at a candidate from every side; the runner keeps the validation results for the Data Docs."""
    damaged = list(_files(candidate))
    if damaged:
        # What is not what was staged is not worth a look inside.
        return Verdict(tuple(damaged), ())
    contracts = published_contracts(session)
    tables = candidate.manifest.tables
    known = {name: entry for name, entry in tables.items() if name in contracts}
    inputs = {name: candidate.source(session, contracts[name], entry) for name, entry in known.items()}
    checks = [
        check
        for name in sorted(known)
        for check in validate(session, name, contract=contracts[name], inputs=inputs, runner=runner)
    ]
    reasons = [
        *_contracts(candidate.manifest, contracts, checks),
        *_missing(candidate.manifest, contracts),
        *_unpaid(candidate.manifest, evidence),
        *_lineage(session),
        *_consent(candidate.manifest, inputs, evidence),
        *_audit(session, span, inputs.get("audit_findings")),
        *(Reason(code, text) for code, text in evidence.refusals.items()),
    ]
    return Verdict(tuple(reasons), tuple(checks))


def _files(candidate: Candidate) -> Iterator[Reason]:
    candidate.fetch()
    for name, entry in sorted(candidate.manifest.tables.items()):
        for file in entry.files:
            path = candidate.find(file.path)
            if path is None:
                yield Reason("file", f"{name}: {file.path} is not there")
            elif digest_of(path) != file.sha256:
                yield Reason("file", f"{name}: {file.path} is not what was staged")


def _contracts(
    manifest: Manifest, contracts: Mapping[str, Contract], checks: Iterable[CheckOutcome]
) -> Iterator[Reason]:
    for name, entry in sorted(manifest.tables.items()):
        if name not in contracts:
            yield Reason("contract", f"{name}: has no contract that lets it leave the house")
        elif entry.contract_digest != contract_digest(contracts[name]) or entry.access != contracts[name].meta.access:
            yield Reason("contract", f"{name}: its contract changed after it was staged")
    for check in checks:
        if not check.passed and check.severity == "error":
            how = "could not be checked" if check.broken else f"{check.unexpected:,} of {check.total:,}"
            yield Reason("contract", f"{check.table}: {check.name}: {how}")


def _missing(manifest: Manifest, contracts: Mapping[str, Contract]) -> Iterator[Reason]:
    for name in _REQUIRED:
        if name in contracts and name not in manifest.tables:
            yield Reason("missing", f"{name}: a release without it cannot be judged by its readers")


def _unpaid(manifest: Manifest, evidence: Evidence) -> Iterator[Reason]:
    """Every day of a table that rests on noise has a settled charge; a table without days has at least one, or no rows:
    before its first least_days there are no segments, and nothing was paid for."""
    for name, entry in sorted(manifest.tables.items()):
        if entry.access is not Access.open or entry.protected_by != ProtectedBy.dp:
            continue
        paid = {charge.partition for charge in evidence.charges if charge.name == name and charge.sha256 is not None}
        unpaid = [
            file.day
            for file in entry.files
            if not (file.day.isoformat() in paid if file.day else paid or not file.rows)
        ]
        if unpaid:
            days = ", ".join(str(day or "snapshot") for day in unpaid[:3])
            yield Reason("unpaid", f"{name}: {len(unpaid)} parts have no paid entry in the privacy ledger: {days}")


def _lineage(session: Session) -> Iterator[Reason]:
    try:
        check_privacy(session.project.graph, session.policy.purposes.keys())
    except PipelineError as error:
        yield Reason("lineage", str(error))


def _consent(manifest: Manifest, inputs: Mapping[str, Checked], evidence: Evidence) -> Iterator[Reason]:
    for name, entry in sorted(manifest.tables.items()):
        rows = inputs.get(name)
        if entry.access is not Access.restricted or not isinstance(rows, pa.Table):
            continue
        if entry.protected_by == ProtectedBy.suppression:
            # No row is about anybody, and what was told of a period stays as it was (docs/exact-tables.md).
            continue
        standing = pa.array(sorted(evidence.standing(str(entry.purpose))), pa.string())
        without = rows.num_rows - (pc.sum(pc.is_in(rows.column("viewer_key"), standing)).as_py() or 0)
        if without:
            yield Reason(
                "consent",
                f"{name}: {without:,} of {rows.num_rows:,} rows belong to viewers who do not consent to "
                f"{entry.purpose} now; run the night again",
            )


def _audit(session: Session, span: Span, findings: Checked | None) -> Iterator[Reason]:
    if findings is None:
        yield Reason("audit", "there are no findings: the audit did not run")
        return
    sql = """
        with latest as (select max(run_day) as run_day from audit_findings)
        select latest.run_day, cast(count(*) as bigint) as tonight,
               cast(count(*) filter (where not coalesce(findings.passed, false)) as bigint) as failed
        from audit_findings as findings
        join latest on findings.run_day = latest.run_day
        group by latest.run_day"""
    rows = session.engine.fetch(sql, {"audit_findings": findings}).to_pylist()
    if not rows or rows[0]["run_day"] != span.last:
        yield Reason("audit", f"its findings are not of this run's last day, {span.last}")
    elif rows[0]["failed"]:
        yield Reason("audit", f"{rows[0]['failed']} of {rows[0]['tonight']} checks failed; audit_findings says which")
