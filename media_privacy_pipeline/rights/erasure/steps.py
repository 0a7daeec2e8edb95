"""The steps of erasure in a night: carried out before anything is derived, and proved once the release is out."""

from __future__ import annotations

from ...consent.erasures import asked
from ...consent.steps import identify
from ...engines import Session, Span, StepResult
from ...errors import Refused
from .completing import complete
from .erasing import erase, resume
from .journal import under_way


def carry_out(session: Session, span: Span) -> StepResult:
    """Erase who asked for it by the span's time and is not under a legal hold: all of them in one pass.

    What derives is made again from what is left by the steps that follow.
    """
    resumed = resume(session)
    if any(under_way(session)):
        # A crash may have come before the vault was told.
        identify(session, span)
    found = asked(session, span.as_of)
    metadata: dict[str, int | float | str] = {"held": len(found.held), "resumed": resumed}
    if not found.due:
        return StepResult({"erasures": 0}, skipped=not resumed, metadata=metadata)
    journal = erase(session, span.as_of, found.due)
    # The vault is the next thing that is read: it must not name who has gone.
    identify(session, span)
    rewritten = journal.every("rewrite")
    metadata["people"] = len(journal.people.persons)
    metadata["rows"] = sum(rows for entry in rewritten for rows in entry["rows"].values())
    metadata["files"] = sum(len(entry["files"]) for entry in rewritten)
    return StepResult({"erasures": len(journal.requests)}, metadata=metadata)


def prove(session: Session, span: Span) -> StepResult:
    """Destroy what older releases hold of the erased, scan the home, and write the signed receipts.

    Raises Refused where somebody is still found: what is clean has its receipt, and the rest is tried again next night.
    """
    done = complete(session)
    if done.waiting:
        listed = "".join(f"\n  - {reason}" for reason in done.reasons)
        raise Refused(
            f"{done.waiting} erasures are carried out and cannot be proved, so that they have no receipt:{listed}"
        )
    return StepResult({"erasure_receipts": done.receipts}, skipped=not done.receipts)
