"""The audit of a night, as a step: every check on every statement, written as audit_findings."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..engines import Session, Span, StepResult
from ..lake import fingerprint_of
from ..privacy.periods import within
from .balance import check_balance
from .finding import Finding
from .mutants import check_mutants
from .repeats import check_stored
from .size import SIZES, Size
from .subject import check_people, check_statement

_LOG = logging.getLogger(__name__)
_TABLE = "audit_findings"
_ACCOUNTING = ("landing_accounting", "decision_accounting")


def audit(session: Session, span: Span) -> StepResult:
    """Run every check and write what was found; a failed check is a finding, and refusing is the gate's part.

    Skipped where all passed before on the same code, policy, releases and counts.
    """
    size = session.settings.audit_size or session.policy.audit.size
    tables = [*session.policy.releases.tables, "privacy_ledger", *_ACCOUNTING]
    fingerprint = fingerprint_of(
        span.last,
        session.policy.digest,
        _code(),
        session.engine.name,
        size,
        [session.lake.fingerprint(t) for t in tables],
    )
    if session.lake.is_current(_TABLE, fingerprint) and not (failed := _failed(session)):
        return StepResult({_TABLE: session.lake.rows(_TABLE)}, skipped=True, metadata={"failed": failed})
    found = findings(session, span, SIZES[size])
    session.put(_TABLE, fingerprint, _rows(span.last, found))
    wrong = [finding for finding in found if not finding.passed]
    for finding in wrong:
        _LOG.error(
            "audit: %s on %s failed: %g, limit %g", finding.check, finding.target, finding.estimate, finding.limit
        )
    metadata = {"size": size, "checks": len(found), "failed": len(wrong), **_proven(found)}
    return StepResult({_TABLE: len(found)}, metadata=metadata)


def findings(session: Session, span: Span, size: Size) -> list[Finding]:
    """Every finding of tonight."""
    return [*tried(session, size), *check_stored(session), *check_balance(session, span)]


def tried(session: Session, size: Size) -> list[Finding]:
    """What is found without a look at the home: on synthetic people, by the code, policy, SQL and engine in force."""
    work = session.settings.work
    found: list[Finding] = []
    for name, declared in session.policy.releases.tables.items():
        found += check_statement(name, within(declared), session.engine, work, size)
    found += check_people(session, size)
    return found + (check_mutants(session, size, work) if size.mutants else [])


def _proven(found: Sequence[Finding]) -> dict[str, str]:
    """In words, what guessing proved of each table's epsilon, what is claimed, and what could have been seen."""
    return {
        f"canaries_{each.target}": f"{each.low:.3f} proven, {each.limit:.3f} claimed, {each.high:.2f} could be shown"
        for each in found
        if each.check == "canaries"
    }


def _failed(session: Session) -> int:
    tables = [pq.read_table(file, columns=["passed"]) for file in session.lake.files(_TABLE)]
    return sum(int(pc.sum(pc.invert(table["passed"])).as_py() or 0) for table in tables)


def _code() -> str:
    """Digest of all code, which planted people go through from the door on: what changed is audited again."""
    files = sorted(Path(__file__).parents[1].rglob("*.py"))
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _rows(run_day: date, found: Sequence[Finding]) -> pa.Table:
    rows = [{"run_day": run_day, **asdict(finding)} for finding in found]
    numbers = [(name, pa.float64()) for name in ("estimate", "low", "high", "limit")]
    texts = [("check", pa.string()), ("target", pa.string())]
    return pa.Table.from_pylist(rows, pa.schema([("run_day", pa.date32()), *texts, *numbers, ("passed", pa.bool_())]))
