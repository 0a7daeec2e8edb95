"""People and what they said go by in batches: nothing of a batch is there when the next one is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count, islice
from pathlib import Path

import pyarrow as pa
import pytest

from media_privacy_pipeline.consent import ledger as subject
from media_privacy_pipeline.consent.chain import Entry
from media_privacy_pipeline.consent.entries import entries
from media_privacy_pipeline.consent.ledger import ConsentLedger
from media_privacy_pipeline.consent.permit import purpose_keys
from media_privacy_pipeline.consent.vault import subject_refs
from media_privacy_pipeline.engines import Session

LATE = datetime(2030, 1, 1)
SAID = pa.schema(
    [
        *((name, pa.string()) for name in ("kind", "event_id", "account_id", "profile_id", "device_id", "scope")),
        *((name, pa.string()) for name in ("purpose", "state", "basis", "signal")),
        *((name, pa.timestamp("us")) for name in ("effective_at", "recorded_at", "expires_at")),
        ("jurisdiction", pa.string()),
        ("notice_version", pa.int32()),
        ("covers_history", pa.bool_()),
        ("evidence_ref", pa.string()),
    ]
)


class Endless:
    """Batches of two people each, without an end, and how many were asked for."""

    def __init__(self, schema: pa.Schema) -> None:
        self.asked = 0
        self._schema = schema

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for self.asked in count(1):
            row = {"account_id": f"a{self.asked}", "kind": "ui", "event_id": f"e{self.asked}", "scope": "profile"}
            row |= {"purpose": "analytics", "state": "granted", "signal": "ui", "covers_history": False}
            row |= {"effective_at": datetime(2026, 3, 1), "recorded_at": datetime(2026, 3, 1)}
            rows = [{**row, "profile_id": profile} for profile in ("main", "two")]
            yield pa.RecordBatch.from_pylist(rows, self._schema)


PEOPLE = pa.schema([(name, pa.string()) for name in ("account_id", "profile_id", "account_ref", "profile_ref")])


def test_refs_and_pseudonyms_are_made_batch_by_batch(make_session: Callable[..., Session]) -> None:
    session = make_session()
    people = Endless(PEOPLE)
    refs = list(islice(subject_refs(session, people), 3))
    assert people.asked == 3
    assert [n for batch in refs for n in batch["subject_no"].to_pylist()] == [1, 2, 3, 4, 5, 6]
    people = Endless(PEOPLE)
    keys = list(islice(purpose_keys(session, "analytics", people), 2))
    assert people.asked == 2
    assert [len(set(batch["account_key"].to_pylist())) for batch in keys] == [1, 1]
    assert len({key for batch in keys for key in batch["viewer_key"].to_pylist()}) == 4


def test_what_the_vault_knows_is_taken_from_it(make_session: Callable[..., Session]) -> None:
    rows = [{"account_id": "a", "profile_id": "p", "account_ref": "one", "profile_ref": "two"}]
    (found,) = subject_refs(make_session(), [pa.RecordBatch.from_pylist(rows, PEOPLE)])
    assert (found["account_ref"][0].as_py(), found["profile_ref"][0].as_py()) == ("one", "two")


def test_entries_are_made_batch_by_batch(make_session: Callable[..., Session]) -> None:
    said = Endless(SAID)
    found = list(islice(entries(said, make_session()), 5))
    assert said.asked == 3
    assert len({entry.event_ref for entry in found}) == 5


def entry(number: int, *, account: str = "a", effective: int = 1, signal: str = "ui") -> Entry:
    times = (f"2026-03-{effective:02} 00:00:00.000000", "2026-03-09 00:00:00.000000")
    state = "objected" if signal == "gpc" else "granted"
    ref = f"{number:032}"
    return Entry(ref, account, None, None, "account", "sale", state, None, signal, *times, *[None] * 3, False, None)


@pytest.fixture
def ledger(tmp_path: Path, make_session: Callable[..., Session], monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    monkeypatch.setattr(subject, "_CHUNK", 2)
    found = ConsentLedger(f"sqlite:///{tmp_path / 'ledger.sqlite'}", make_session().keyring)
    yield found
    found.close()


def test_the_ledger_is_read_in_batches_and_in_order(ledger: ConsentLedger) -> None:
    ledger.append(map(entry, range(7)))
    batches = list(ledger.batches(LATE, 3))
    assert [batch.num_rows for batch in batches] == [3, 3, 1]
    assert pa.Table.from_batches(batches).equals(ledger.rows(LATE))
    assert list(ledger.batches(datetime(2026, 1, 1), 3)) == []


def test_what_is_told_twice_is_written_once_however_far_apart(ledger: ConsentLedger) -> None:
    assert ledger.append(map(entry, [0, 1, 2, 3, 0, 4, 2, 2])) == 5
    assert ledger.append(map(entry, [4, 5])) == 1
    assert ledger.verify().ok


def test_an_observation_is_news_against_all_that_were_observed_before(ledger: ConsentLedger) -> None:
    """Also against one of an earlier chunk of the same run, and not against what was said in it."""

    def observe(first: int, *effective: int, account: str = "a") -> list[Entry]:
        return [entry(first + n, account=account, effective=day, signal="gpc") for n, day in enumerate(effective)]

    assert ledger.append([entry(0, effective=1, signal="gpc")], observed=observe(10, 5, 6, 6, 4, 5)) == 3
    assert ledger.append([], observed=observe(20, 5, 3)) == 0
    assert ledger.append([], observed=observe(30, 5, 3, 4, account="b")) == 2
    assert ledger.verify().ok
