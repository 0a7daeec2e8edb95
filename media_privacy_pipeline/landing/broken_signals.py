"""Consent strings that cannot be read: told at the door, by the decoders, once for each distinct string."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ..consent.signals import Reason
from ..consent.signals.batch import decode_many
from ..engines import Engine, Folder, Scan
from ..engines.types import arrow_schema
from .making import made
from .sources import Source

_STRINGS = """
select distinct lower(trim(signal)) as signal, trim(signal_value) as signal_value
from landed
where lower(trim(signal)) in ('tcf', 'gpp') and nullif(trim(signal_value), '') is not null"""
_KINDS = {"tcf": ("tcf",), "gpp": ("gpp", "usp")}
"""What each signal may hold: a US Privacy string is what GPP's section 6 wraps, and older players send it bare."""
_TYPES = {"signal": "varchar", "signal_value": "varchar", "reason": "varchar"}
_AT_ONCE = 1 << 16


def hears_strings(source: Source) -> bool:
    """Whether an input carries consent strings that decide."""
    return source.name == "consent_events"


def broken_among(engine: Engine, landed: Scan, work: Path) -> Folder:
    """Signal, string and reason of the strings among landed consent events that are not what their signal claims, or
    cannot be read."""
    strings = made(engine, work / "strings", _STRINGS, {"landed": landed}, {})
    place = work / "broken_strings"
    place.mkdir()
    engine.spread(len(strings.files), partial(_broken, strings.files), arrow_schema(_TYPES), place)
    return Folder(place, sorted(place.glob("*.parquet")), _TYPES)


def _broken(files: Sequence[Path], task: int) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(files[task]) as file:
        for batch in file.iter_batches(_AT_ONCE):
            yield _told(batch["signal"].to_pylist(), batch["signal_value"].to_pylist())


def _told(signals: Sequence[str], strings: Sequence[str]) -> pa.RecordBatch:
    decoded = decode_many(strings)
    kinds = dict(zip(decoded["signal_value"].to_pylist(), decoded["kind"].to_pylist(), strict=True))
    reasons = dict(zip(decoded["signal_value"].to_pylist(), decoded["malformed"].to_pylist(), strict=True))
    rows = [
        (signal, string, reason)
        for signal, string in zip(signals, strings, strict=True)
        if (reason := reasons[string] or (None if kinds[string] in _KINDS[signal] else Reason.WRONG_KIND.value))
    ]
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    return pa.record_batch([pa.array(column, pa.string()) for column in columns], names=list(_TYPES))
