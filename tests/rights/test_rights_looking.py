"""Case 53: somebody who is left anywhere is found, whatever file they are in, and then there is no receipt."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from erasure_nights import open_session

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.landing import quarantine
from media_privacy_pipeline.privacy.odometers import Odometer
from media_privacy_pipeline.privacy.open import odometers_of
from media_privacy_pipeline.published.crypt import encryption, table_key
from media_privacy_pipeline.rights.erasure.looking import UNREADABLE, look_into
from media_privacy_pipeline.rights.erasure.needles import needles

LONG, SHORT = "household-77ab", "a7"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    session = open_session(tmp_path_factory.mktemp("looking"))
    yield session
    session.close()


def _parquet(session: Session, name: str, path: Path) -> None:
    pq.write_table(pa.table({"n": [1, 2], "who": ["x", name], "tags": [["y"], ["z", "w"]]}), path)


def _list_column(session: Session, name: str, path: Path) -> None:
    pq.write_table(pa.table({"tags": pa.array([["y"], ["z", name]], pa.list_(pa.string()))}), path)


def _unused_dictionary_entry(session: Session, name: str, path: Path) -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([0, 0], pa.int32()), pa.array(["x", name]))
    with pq.ParquetWriter(path, pa.schema([("who", column.type)]), write_statistics=False) as writer:
        writer.write_table(pa.table({"who": column}))


def _restricted(session: Session, name: str, path: Path) -> None:
    key = encryption(table_key(session.keyring, "personalisation"), "personalisation")
    with pq.ParquetWriter(path, pa.schema([("viewer_key", pa.string())]), encryption_properties=key) as writer:
        writer.write_table(pa.table({"viewer_key": [name]}))


def _gzipped(session: Session, name: str, path: Path) -> None:
    path.write_bytes(gzip.compress(json.dumps({"rows": [{"who": name}]}).encode()))


def _json(session: Session, name: str, path: Path) -> None:
    path.write_text(json.dumps({"a": [{"b": name}]}))


def _json_lines(session: Session, name: str, path: Path) -> None:
    path.write_text(json.dumps({"a": 1}) + "\n" + json.dumps({name: 2}) + "\n")


def _sqlite(session: Session, name: str, path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("create table t (a text, b text)")
    connection.execute("insert into t values (?, ?)", ("x", name))
    connection.commit()
    connection.close()


def _array(session: Session, name: str, path: Path) -> None:
    np.savez(path, titles=np.array(["x", name]), factors=np.zeros(3))


def _sealed(session: Session, name: str, path: Path) -> None:
    line = json.dumps({"file": "f", "line": 1, "reason": "r", "row": {"account_id": name}})
    path.write_bytes(quarantine.sealed(session, "viewing_events", date(2026, 3, 1), [line]))


def _odometer(session: Session, name: str, path: Path) -> None:
    owing = Odometer(1, date(2026, 3, 1), pa.array(["x", name]), np.array([1, 2]))
    odometers_of(session).write("title_daily", "0123", owing)


_RESTRICTED = "published/restricted/recommendations/r/part-0.parquet"
_PLACES: dict[str, tuple[Callable[[Session, str, Path], None], str]] = {
    "parquet": (_parquet, "lake/t/part-0.parquet"),
    "list": (_list_column, "lake/t/part-1.parquet"),
    "unused dictionary entry": (_unused_dictionary_entry, "lake/t/part-2.parquet"),
    "restricted": (_restricted, _RESTRICTED),
    "gzip": (_gzipped, "reports/a.json.gz"),
    "json": (_json, "reports/a.json"),
    "json lines": (_json_lines, "reports/a.jsonl"),
    "sqlite": (_sqlite, "ledger/a.sqlite"),
    "array": (_array, "models/ials/x/factors.npz"),
    "odometer": (_odometer, "vault/odometers/title_daily.0123.sealed"),
    "quarantine": (_sealed, "quarantine/viewing_events/arrival_day=2026-03-01/part-00000.sealed"),
}


@pytest.mark.parametrize("name", [LONG, SHORT])
@pytest.mark.parametrize("place", list(_PLACES))
def test_case_53_somebody_is_found_as_a_value_of_every_kind_of_file(session: Session, place: str, name: str) -> None:
    write, where = _PLACES[place]
    wanted = needles({}, {name: 4}, [])
    for planted, expected in ((name, {4}), ("somebody-else", set())):
        path = session.settings.home / where
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        write(session, planted, path)
        found = look_into(session, path, wanted)
        assert found.people == expected
        assert found.expanded > 0


def test_case_53_a_row_that_was_deleted_from_a_database_is_found_on_its_free_pages(session: Session) -> None:
    path = session.settings.home / "old.sqlite"
    _sqlite(session, LONG, path)
    connection = sqlite3.connect(path)
    connection.execute("pragma secure_delete = off")
    connection.execute("delete from t")
    connection.commit()
    connection.close()
    assert look_into(session, path, needles({}, {LONG: 1}, [])).people == {1}


def test_a_name_across_the_edge_of_two_values_is_nobody(session: Session) -> None:
    path = session.settings.home / "edge.parquet"
    pq.write_table(pa.table({"a": [f"x{LONG[:6]}", f"{LONG[6:]}y"]}), path, compression="zstd", use_dictionary=False)
    assert look_into(session, path, needles({}, {LONG: 1}, [])).people == set()


@pytest.mark.parametrize("where", ["lake/t/broken.parquet", _RESTRICTED, "x.npz", "x.gz"])
def test_a_file_that_cannot_be_opened_is_no_clean_file(session: Session, where: str) -> None:
    path = session.settings.home / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"PAR1 not what it says")
    with pytest.raises(UNREADABLE):
        look_into(session, path, needles({}, {LONG: 1}, []))
