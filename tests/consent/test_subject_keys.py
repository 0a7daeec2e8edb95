"""Every subject has a key of its own, made once; without it nobody can tell whose a row of the ledger is."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from consent_histories import agreeing
from consent_policy import write_policy
from consent_world import World, open_session, run_steps, t

from media_privacy_pipeline.consent.entries import UNKNOWN, Refs
from media_privacy_pipeline.consent.subject_keys import opened_keys
from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.errors import Refused

PEOPLE = [("a", "main"), ("a", "kid"), ("b", "main")]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return open_session(tmp_path, DuckDBEngine(tmp_path / "work"), write_policy(tmp_path, {}))


def refs(session: Session, *, make: bool = False) -> list[str]:
    found = Refs.of(session, PEOPLE, ["d"], make=make)
    return [*(found.account(a) for a, _ in PEOPLE[1:]), *(found.profile(*pair) for pair in PEOPLE), found.device("d")]


def test_refs_are_made_once_and_differ(session: Session) -> None:
    assert refs(session) == [UNKNOWN] * 6
    first = refs(session, make=True)
    assert len(set(first)) == 6
    assert refs(session) == refs(session, make=True) == first


def test_two_homes_under_one_key_file_have_other_refs(session: Session, tmp_path: Path) -> None:
    settings = session.settings.model_copy(update={"home": tmp_path / "other", "keys": session.settings.key_file})
    assert not set(refs(session, make=True)) & set(refs(Session(settings), make=True))


def test_a_destroyed_key_leaves_no_ref_and_no_byte(session: Session) -> None:
    before = refs(session, make=True)
    with opened_keys(session) as keys:
        wrapped = [bytes(row[0]) for row in keys._connection.execute("select wrapped from subject_keys")]
        keys.destroy("profile", [("a", "kid")])
        left = [bytes(row[0]) for row in keys._connection.execute("select wrapped from subject_keys")]
    (gone,) = set(wrapped) - set(left)
    assert gone not in (session.settings.vault / "keys.sqlite").read_bytes()
    assert all(one in (session.settings.vault / "keys.sqlite").read_bytes() for one in left)
    after = refs(session)
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, True, True, False, True, True]
    assert refs(session, make=True)[3] not in (before[3], UNKNOWN)


def test_no_id_and_no_bare_key_lies_in_the_vault(session: Session) -> None:
    world = agreeing(World(), 3, ["training"])
    world.put(session)
    run_steps(session, t(10))
    path = session.settings.vault / "keys.sqlite"
    assert b"agreeing" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    with opened_keys(session) as keys:
        found = keys.get("account", [("agreeing 0",)], make=False)
    assert len(found) == 1
    assert all(key not in path.read_bytes() for key in found.values())


def test_a_key_under_another_key_file_is_refused(session: Session, tmp_path: Path) -> None:
    refs(session, make=True)
    with opened_keys(session) as keys:
        keys._connection.execute("update subject_keys set wrapped = ?", (os.urandom(60),))
        keys._connection.commit()
    with pytest.raises(Refused, match="wrapped under another key file"):
        refs(session)


def test_a_ledger_without_its_vault_is_refused(session: Session) -> None:
    world = agreeing(World(), 3, ["training"])
    world.put(session)
    run_steps(session, t(10))
    (session.settings.vault / "keys.sqlite").unlink()
    with pytest.raises(Refused, match="restore the vault"):
        run_steps(session, t(11))


def test_fifty_thousand_accounts_take_seconds(session: Session) -> None:
    people = [(f"account {n}", "main") for n in range(50_000)]
    started = time.process_time()
    made = Refs.of(session, people, make=True)
    first = time.process_time() - started
    started = time.process_time()
    again = Refs.of(session, people)
    second = time.process_time() - started
    assert made.profile(*people[7]) == again.profile(*people[7])
    print(f"made in {first:.1f} s, read in {second:.1f} s of CPU")
    assert max(first, second) < 10
