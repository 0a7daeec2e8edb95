"""Consent strings that cannot be read: told at the door, by the decoders, once for each distinct string."""

from __future__ import annotations

import pyarrow as pa

from ..consent.signals import Reason
from ..consent.signals.batch import decode_many
from ..engines import Engine, Scan
from .sources import Source

_STRINGS = """
select distinct lower(trim(signal)) as signal, trim(signal_value) as signal_value
from landed
where lower(trim(signal)) in ('tcf', 'gpp') and nullif(trim(signal_value), '') is not null"""
_KINDS = {"tcf": ("tcf",), "gpp": ("gpp", "usp")}
"""What each signal may hold: a US Privacy string is what GPP's section 6 wraps, and older players send it bare."""


def hears_strings(source: Source) -> bool:
    """Whether an input carries consent strings that decide."""
    return source.name == "consent_events"


def broken_among(reading: Engine, landed: str) -> pa.Table:
    """Signal, string and reason of the strings among landed consent events (DuckDB text) that are not what their signal
    claims, or cannot be read."""
    found = reading.fetch(_STRINGS, {"landed": Scan(landed)})
    signals, strings = found["signal"].to_pylist(), found["signal_value"].to_pylist()
    decoded = decode_many(strings)
    kinds = dict(zip(decoded["signal_value"].to_pylist(), decoded["kind"].to_pylist(), strict=True))
    reasons = dict(zip(decoded["signal_value"].to_pylist(), decoded["malformed"].to_pylist(), strict=True))
    rows = [
        (signal, string, reason)
        for signal, string in zip(signals, strings, strict=True)
        if (reason := reasons[string] or (None if kinds[string] in _KINDS[signal] else Reason.WRONG_KIND.value))
    ]
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    return pa.table([pa.array(c, pa.string()) for c in columns], names=["signal", "signal_value", "reason"])
