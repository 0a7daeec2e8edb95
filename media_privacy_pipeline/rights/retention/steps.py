"""The nightly step of retention: destroy what is past its time, then look at all that is left."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from ...engines import Session, Span, StepResult
from ...engines.types import arrow_schema
from ...lake import fingerprint_of
from .destroy import destroy
from .proof import Line, proof
from .windows import held_by

_TABLE = "retention_proof"


def retain(session: Session, span: Span) -> StepResult:
    """Destroy what is past its window as of the span's time and write `retention_proof`.

    Runs after the decisions of the night were counted, for a row that is destroyed can no longer be. What the proof
    finds overdue all the same is for its check to refuse.
    """
    held = held_by(session, span.as_of)
    gone = destroy(session, span.as_of, held)
    lines = proof(session, span.as_of, held)
    skipped = not _write(session, lines) and not gone.anything
    metadata: dict[str, int | float | str] = {f"destroyed_{name}": count for name, count in gone._asdict().items()}
    metadata["overdue"] = sum(not line.ok for line in lines)
    return StepResult({_TABLE: len(lines)}, skipped=skipped, metadata=metadata)


def _write(session: Session, lines: Sequence[Line]) -> bool:
    schema = arrow_schema(session.project.contracts[_TABLE].types)
    table = pa.Table.from_pylist([{**line._asdict(), "ok": line.ok} for line in lines], schema)
    fingerprint = fingerprint_of(_TABLE, schema.to_string(), table.to_pylist())
    return session.snapshot(_TABLE, fingerprint, table)
