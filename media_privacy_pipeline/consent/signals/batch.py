"""Many strings at once: each distinct one is decoded once, into a row that SQL joins back by the text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from .gpp import Gpp, decode_gpp
from .malformed import Malformed
from .tcf import Tcf, decode_tcf
from .tcf_meaning import Grants, own_grants, vendor_grants
from .us_meaning import UsAnswer, gpc, known_child, sensitive_data, us_state, usp_answer
from .usp import Usp, decode_usp

COLUMNS = pa.schema(
    [
        ("signal_value", pa.string()),
        ("kind", pa.string()),
        ("malformed", pa.string()),
        ("has_unknown_section", pa.bool_()),
        ("updated", pa.timestamp("us", "UTC")),
        ("own_consent", pa.int32()),
        ("own_interest", pa.int32()),
        ("vendor_consent", pa.int32()),
        ("vendor_interest", pa.int32()),
        ("sale", pa.string()),
        ("sharing", pa.string()),
        ("targeted_advertising", pa.string()),
        ("known_child", pa.string()),
        ("sensitive_data", pa.string()),
        ("gpc", pa.bool_()),
    ]
)
"""The four masks have purpose 1 as the lowest bit, and are null where the string has no TCF part. A malformed string
has its reason, masks of 0 and `malformed` for each question, so that who does not look at the reason still denies.
"""

_NO_TCF = (None,) * 5
_NO_US = (UsAnswer.SILENT.value,) * 3 + (None,) * 3
_BROKEN = (False, None, 0, 0, 0, 0, "malformed", "malformed", "malformed", None, None, None)
_BATCH = 50_000


def kind_of(text: str) -> str:
    """What a string claims to be by its first letters: `gpp`, `usp` or else `tcf`."""
    if text.startswith("D"):
        return "gpp"
    return "usp" if text.startswith("1") else "tcf"


def decode_many(texts: Iterable[str | None], vendor: int | None = None) -> pa.Table:
    """One row of `COLUMNS` per distinct string; nulls have none. The vendor's masks are those of this vendor id, and 0
    where none is given.
    """
    distinct = list(dict.fromkeys(text for text in texts if text is not None))
    batches = []
    # Columns are made batch by batch: a million Python rows at once would take gigabytes.
    for start in range(0, len(distinct), _BATCH):
        rows = [_row(text, vendor) for text in distinct[start : start + _BATCH]]
        columns = zip(*rows, strict=True)
        arrays = [pa.array(values, field.type) for values, field in zip(columns, COLUMNS, strict=True)]
        batches.append(pa.record_batch(arrays, COLUMNS))
    return pa.Table.from_batches(batches, COLUMNS)


def decoded_batch(batch: pa.RecordBatch, *, vendor: int | None = None) -> pa.RecordBatch:
    """`decode_many` of the column `signal_value` of rows that have each string once."""
    decoded = decode_many(batch["signal_value"].to_pylist(), vendor)
    # One batch of whatever size: a string that came twice would be there once.
    return pa.RecordBatch.from_arrays([column.combine_chunks() for column in decoded.columns], schema=COLUMNS)


def _row(text: str, vendor: int | None) -> tuple[Any, ...]:
    kind = kind_of(text)
    try:
        if kind == "tcf":
            return (text, kind, None, False, *_tcf(decode_tcf(text), vendor), *_NO_US)
        if kind == "usp":
            return (text, kind, None, False, *_NO_TCF, *_usp(decode_usp(text)))
        gpp = decode_gpp(text)
    except Malformed as error:
        return (text, kind, error.reason.value, *_BROKEN)
    tcf = _NO_TCF if gpp.tcf is None else _tcf(gpp.tcf, vendor)
    return (text, kind, None, bool(gpp.unknown), *tcf, *_us(gpp))


def _tcf(tcf: Tcf, vendor: int | None) -> tuple[Any, ...]:
    own = own_grants(tcf)
    theirs = Grants() if vendor is None else vendor_grants(tcf, vendor)
    return tcf.updated, own.consent, own.interest, theirs.consent, theirs.interest


def _us(gpp: Gpp) -> tuple[Any, ...]:
    return (
        us_state(gpp, "sale").value,
        us_state(gpp, "sharing").value,
        us_state(gpp, "targeted_advertising").value,
        known_child(gpp).name.lower(),
        sensitive_data(gpp).name.lower(),
        gpc(gpp),
    )


def _usp(usp: Usp) -> tuple[Any, ...]:
    sale, sharing = usp_answer(usp, "sale").value, usp_answer(usp, "sharing").value
    return sale, sharing, sharing, None, None, None
