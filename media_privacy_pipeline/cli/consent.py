"""`media-privacy consent ...`: what is decided of events, and why."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .opening import moment_of, opened
from .options import AsJson, EngineName, Home, Landing, PolicyFile, settings_of
from .output import as_json
from .progress import busy

if TYPE_CHECKING:
    from ..consent.asking import Story
    from ..engines import Session

_AT_ONCE = 50_000
_AsOf = Annotated[
    str | None, typer.Option(help="Decide as of this time (ISO-8601, UTC); the end of the last day taken in.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="See what is decided of events for a purpose, and why.")
    group.command("decide")(decide)
    group.command("why")(why)
    app.add_typer(group, name="consent")


def decide(
    purpose: Annotated[str, typer.Option(help="A purpose of the policy.")],
    landing: Landing = None,
    home: Home = None,
    as_of: _AsOf = None,
    engine: EngineName = None,
    policy: PolicyFile = None,
    json: AsJson = False,
) -> None:
    """Decide every event for a purpose: event_id, allowed, reason; CSV, or with --json one object a line.

    With --landing, days that no run took in yet are taken in first, as far as consent needs them; nothing is
    released or published.

      media-privacy consent decide --landing landing --home home --purpose analytics --as-of 2026-01-31T00:00:00
    """
    import json as text

    import pyarrow.parquet as pq

    from ..consent.asking import decide as decided

    settings = settings_of(landing=landing, home=home, engine=engine, policy=policy)
    with opened(settings, "consent decide") as session:
        if landing is not None:
            with busy("taking in what landed"):
                _take_in(session)
        moment = moment_of(session, as_of, "give --landing to decide, or ")
        with tempfile.TemporaryDirectory(dir=settings.work) as folder:
            with busy("deciding every event"):
                files = decided(session, moment, purpose, Path(folder))
            if not json:
                typer.echo("event_id,allowed,reason")
            for file in files:
                for batch in pq.ParquetFile(file).iter_batches(_AT_ONCE):
                    rows = batch.to_pylist()
                    lines = [text.dumps(row, ensure_ascii=False) for row in rows] if json else map(_csv, rows)
                    typer.echo("\n".join(lines))


def why(
    event_id: Annotated[str, typer.Argument(help="The event's id, as it landed.")],
    home: Home = None,
    as_of: _AsOf = None,
    purpose: Annotated[str | None, typer.Option(help="Only this purpose.")] = None,
    policy: PolicyFile = None,
    json: AsJson = False,
) -> None:
    """Tell the story of one event: for each purpose what was decided, by which rule, and which ledger rows bear on it.

    media-privacy consent why EVENT_ID --home home
    """
    from ..consent.asking import why as told

    settings = settings_of(home=home, policy=policy)
    with opened(settings, "consent why") as session:
        if purpose is not None:
            session.policy.known_purpose(purpose)
        moment = moment_of(session, as_of, "give --landing to decide, or ")
        with busy("looking for the event"):
            stories = told(session, event_id, moment)
    stories = [
        story._replace(answers=[each for each in story.answers if purpose in (None, each.purpose)]) for story in stories
    ]
    if json:
        as_json([_document(story, moment) for story in stories])
        return
    for story in stories:
        typer.echo("\n".join(_lines(story, moment)))


def _take_in(session: Session) -> None:
    from ..consent import steps as consent
    from ..engines import Span
    from ..landing import steps as door
    from ..landing.sources import SOURCES
    from ..orchestration.days import first_and_last

    span = Span.of(*first_and_last(session.settings.landing))
    for source in SOURCES:
        door.accept(session, span, source)
    consent.update_ledger(session, span)
    consent.identify(session, span)


def _csv(row: dict[str, Any]) -> str:
    event = row["event_id"]
    quoted = '"' + event.replace('"', '""') + '"' if any(letter in event for letter in ',"\n\r') else event
    return f"{quoted},{'true' if row['allowed'] else 'false'},{row['reason']}"


def _lines(story: Story, moment: datetime) -> list[str]:
    from ..consent.reasons import REASONS

    lines = [
        f"{story.event_id}: one of {story.source}, of {story.happened_at} UTC, arrived on {story.arrived_on}; "
        f"decided as of {moment} UTC"
    ]
    for answer in story.answers:
        verdict = "may use it" if not answer.reason else f"may not use it ({answer.reason})"
        lines += ["", f"{answer.purpose} {verdict}: {REASONS[answer.reason]}"]
        lines += [f"  {_word(word)}" for word in answer.words] or ["  the ledger holds no row that bears on it"]
    return lines


def _word(word: dict[str, Any]) -> str:
    said = f"row {word['seq']}: {word['state']} by {word['signal']} for the {word['scope']}"
    said += " and every purpose" if word["purpose"] == "*" else f" and {word['purpose']}"
    said += f", in force from {word['effective_at']}"
    if word["expires_at"] is not None:
        said += f" to {word['expires_at']}"
    return f"{said}, recorded {word['recorded_at']}"


def _document(story: Story, moment: datetime) -> dict[str, Any]:
    from ..consent.reasons import REASONS

    told = ("seq", "scope", "signal", "state", "purpose", "effective_at", "recorded_at", "expires_at", "notice_version")
    answers = [
        {
            "purpose": answer.purpose,
            "allowed": not answer.reason,
            "reason": answer.reason,
            "meaning": REASONS[answer.reason],
            "rows": [{name: word[name] for name in told} for word in answer.words],
        }
        for answer in story.answers
    ]
    return {
        "event_id": story.event_id,
        "source": story.source,
        "happened_at": story.happened_at,
        "arrived_on": story.arrived_on,
        "as_of": moment,
        "purposes": answers,
    }
