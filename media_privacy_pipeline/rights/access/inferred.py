"""What was concluded about a person, by name: the segment, and each recommendation with what speaks for it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ...engines import Session
from ...errors import PipelineError
from ...models.segments.step import purposes
from ...published import Release, opened
from .people import Person
from .portable import Held
from .stored import answer_contract, in_order, made


def current_release(session: Session) -> Release | None:
    """The release that readers use; None before the first."""
    try:
        return opened(session.settings)
    except PipelineError:
        return None


def inferred(session: Session, person: Person, release: Release | None) -> list[Held]:
    """Recommendations and segments as the release has them, or as the last run made them where there is none.

    Raises Refused where the release's tables cannot be opened with this key file.
    """
    lists = own_rows(session, person, "recommendations", release)
    segments = {purpose: own_rows(session, person, table, release) for purpose, (_, table) in purposes(session).items()}
    profiles = {row["segment_id"]: row for row in whole(session, "segment_profile", release).to_pylist()}
    names = titles(session, {row[key] for row in lists for key in ("title_id", "reason_title_id")})
    listed = [
        {
            **{name: row[name] for name in ("profile_id", "rank", "title_id", "score")},
            "title": names.get(row["title_id"]),
            "reason_title_id": row["reason_title_id"],
            "reason_title": names.get(row["reason_title_id"]),
            "reason_share": row["reason_share"],
        }
        for row in lists
    ]
    placed = [
        {
            "profile_id": row["profile_id"],
            "purpose": purpose,
            "segment_id": row["segment_id"],
            "name": profiles.get(row["segment_id"], {}).get("name"),
            "top_genres": profiles.get(row["segment_id"], {}).get("top_genres"),
        }
        for purpose, rows in segments.items()
        for row in rows
    ]
    return [
        _made(session, "recommendations_explained", "subject_recommendations", listed),
        _made(session, "segments", "subject_segments", placed),
    ]


def _made(session: Session, name: str, contract: str, rows: list[dict[str, Any]]) -> Held:
    held = made("inferences", name, answer_contract(session, contract), rows)
    return Held(held.kind, held.name, held.contract, in_order(held.rows, held.contract))


def titles(session: Session, ids: set[str | None]) -> dict[str, str]:
    """Names of titles, as far as the catalogue has them."""
    wanted = pa.table({"title_id": pa.array(sorted(filter(None, ids)), pa.string())})
    found = session.engine.fetch(
        "select t.title_id, t.title from accepted_titles as t join wanted as w on w.title_id = t.title_id",
        {"accepted_titles": session.folder("accepted_titles"), "wanted": wanted},
    )
    return dict(zip(found.column("title_id").to_pylist(), found.column("title").to_pylist(), strict=True))


def own_rows(session: Session, person: Person, table: str, release: Release | None) -> list[dict[str, Any]]:
    """A person's rows of a restricted table, with the profile that each is about."""
    purpose = str(session.project.contracts[table].meta.purpose)
    keys = dict(zip(session.keyring.viewer_keys(purpose, person.pairs), person.profiles, strict=True))
    rows = whole(session, table, release)
    rows = rows.filter(pc.is_in(rows.column("viewer_key"), pa.array(list(keys), pa.string())))
    return [{**row, "profile_id": keys[row["viewer_key"]]} for row in rows.to_pylist()]


def whole(session: Session, table: str, release: Release | None) -> pa.Table:
    """A table as published, or else as the last run made it."""
    if release is not None and table in release.tables:
        return release.arrow(table)
    columns = ", ".join(f't."{name}"' for name in session.project.contracts[table].types)
    return session.engine.fetch(f"select {columns} from {table} as t", {table: session.folder(table)})
