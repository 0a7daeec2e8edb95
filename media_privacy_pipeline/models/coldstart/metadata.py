"""What the catalogue says of a title: words, and labels that are the same for many titles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...engines import Session
from ..inputs import read

_COLUMNS = ("title_id", "title", "synopsis", "genres", "creator", "kind", "language", "release_year")
_WORD = re.compile(r"\w{2,}")


@dataclass(frozen=True)
class Metadata:
    """`words`: of title and synopsis, lower case, as often as they come; `labels`: genre:drama, creator:..., and the
    like, each once."""

    words: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        text: Sequence[str | None],
        genres: Sequence[str] = (),
        year: int | None = None,
        **others: str | None,
    ) -> Metadata:
        """From texts and what is known of a title; what is not known says nothing. A year counts by its decade."""
        words = _WORD.findall(" ".join(part for part in text if part).lower())
        labels = [f"genre:{genre}" for genre in genres]
        labels += [f"{name}:{value}" for name, value in others.items() if value]
        if year is not None:
            labels.append(f"decade:{year // 10}")
        return cls(tuple(words), tuple(dict.fromkeys(labels)))


def metadata(session: Session) -> dict[str, Metadata]:
    """Every title of the catalogue."""
    return {
        row["title_id"]: Metadata.of(
            (row["title"], row["synopsis"]),
            row["genres"] or (),
            row["release_year"],
            creator=row["creator"],
            kind=row["kind"],
            language=row["language"],
        )
        for row in read(session, "accepted_titles", _COLUMNS).to_pylist()
    }
