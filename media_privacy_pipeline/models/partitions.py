"""What a model was learned from, day by day: so that it can be told later whether all of it may still be used.

A manifest holds, for each arrival day, how many rows were learned from and their digest. Whoever withdraws, hides a
title or is erased loses rows on the days that held them, and the digest changes. No viewer is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..engines import Session

SOURCE = "permitted_training_viewing_events"
_COLUMNS = ["viewer_key", "title_id"]


def partitions(session: Session, days: Iterable[date]) -> dict[str, dict[str, Any]]:
    """Rows and digest of each of the given arrival days of what training permits, by day."""
    return {day.isoformat(): _partition(session, day) for day in days}


def changed_days(session: Session, manifest: Mapping[str, Any]) -> list[str]:
    """Arrival days that a model learned from and that are not permitted any more as they were then.

    Days that are past the purpose's window are among them: what they held may no longer be used. All days, as one
    unnamed, for a manifest that does not tell them.
    """
    learned = manifest.get("partitions")
    if not isinstance(learned, dict) or not learned:
        return ["every day"]
    stored = {day.isoformat(): day for day in session.lake.days(SOURCE)}
    return [
        day for day, told in sorted(learned.items()) if day not in stored or _partition(session, stored[day]) != told
    ]


def _partition(session: Session, day: date) -> dict[str, Any]:
    files = session.lake.files(SOURCE, [day])
    rows = pa.concat_tables([pq.ParquetFile(file).read(_COLUMNS) for file in files]) if files else None
    if rows is None or not rows.num_rows:
        return {"rows": 0, "digest": digest_of([], [])}
    return {"rows": rows.num_rows, "digest": digest_of(*(rows.column(name) for name in _COLUMNS))}


def digest_of(viewers: pa.ChunkedArray | list[str], titles: pa.ChunkedArray | list[str]) -> str:
    """Digest of (viewer, title) rows in whatever order: engines write the same rows in different orders."""
    import pandas as pd

    if not len(viewers):
        return sha256(b"").hexdigest()[:32]
    # Each distinct text is hashed once; a row's 128 bits are mixed from its two texts, and rows are summed.
    mixed = np.zeros((2, len(viewers)), np.uint64)
    for factor, texts in ((np.uint64(0x9E3779B97F4A7C15), viewers), (np.uint64(0xC2B2AE3D27D4EB4F), titles)):
        coded = pc.dictionary_encode(pa.chunked_array([texts]) if isinstance(texts, list) else texts).combine_chunks()
        place, names = coded.indices.to_numpy(), np.array(coded.dictionary.to_pylist(), dtype=object)
        for half, key in enumerate(("media-privacy-01", "media-privacy-02")):
            hashed = np.asarray(pd.util.hash_array(names, hash_key=key, categorize=False), np.uint64)
            mixed[half] = _scrambled(mixed[half] * factor + hashed[place])
    sums = mixed.sum(axis=1, dtype=np.uint64)
    return sha256(len(viewers).to_bytes(8, "big") + sums.astype(">u8").tobytes()).hexdigest()[:32]


def _scrambled(values: np.ndarray[Any, np.dtype[np.uint64]]) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Finaliser of splitmix64: bits far apart come to bear on each other, so that sums of rows do not cancel."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))
