"""The log is whole or says where it is not; and whatever is handed over, at whatever moment it dies, is in it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from disclosure_world import hand, open_world, world
from retention_world import T, stored

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.rights.disclosure import DisclosureLog
from media_privacy_pipeline.rights.disclosure.steps import count

KILLS = 4
WORLD = Path(__file__).with_name("disclosure_world.py")


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """Three lines of an open table."""
    session = open_world(tmp_path)
    for number in range(3):
        hand(session, tmp_path / f"{number}.csv", table="audit_findings", purpose="analytics")
    return session


def log_of(session: Session) -> DisclosureLog:
    return DisclosureLog(session.settings.home, session.keyring)


def lines(session: Session) -> list[str]:
    return _file(session).read_text().splitlines(keepends=True)


def _file(session: Session) -> Path:
    return session.settings.home / "ledger" / "disclosures.jsonl"


@pytest.mark.parametrize(
    ("harm", "first_bad"),
    [
        (lambda every: [every[0], every[1].replace("office", "bureau"), every[2]], 2),
        (lambda every: [every[0], every[2]], 2),
        (lambda every: [every[1], every[0], every[2]], 1),
        (lambda every: every[:2], 3),
        (lambda every: [every[0], "not a line\n", every[2]], 2),
        (lambda every: [], 1),
    ],
)
def test_the_first_bad_line_is_named_and_nothing_is_added_to_it(session: Session, harm: object, first_bad: int) -> None:
    assert log_of(session).verify().ok
    _file(session).write_text("".join(harm(lines(session))))  # type: ignore[operator]
    assert log_of(session).verify().first_bad == first_bad
    with pytest.raises(Refused, match=f"broken at line {first_bad}"):
        hand(session, session.settings.home.with_name("x.csv"), table="audit_findings", purpose="analytics")


def test_lines_chained_anew_are_not_signed(session: Session) -> None:
    from media_privacy_pipeline.consent.chain import GENESIS, Head, chained
    from media_privacy_pipeline.rights.disclosure import Disclosure

    forged = [Disclosure(*(json.loads(line)[n] for n in Disclosure._fields)) for line in lines(session)[:2]]
    names = ("seq", *Disclosure._fields, "prev_hash", "hash")
    rows = chained(Head(0, GENESIS), [forged[0], forged[1]._replace(people=9)])
    text = [json.dumps({**dict(zip(names, row, strict=True)), "signature": "00" * 64}) + "\n" for row in rows]
    _file(session).write_text("".join(text))
    assert log_of(session).verify().first_bad == 1


def test_half_a_line_is_what_a_crash_left_and_the_next_takes_its_place(session: Session, tmp_path: Path) -> None:
    with _file(session).open("a") as stream:
        stream.write(lines(session)[0][:70])
    assert log_of(session).end() == 3
    hand(session, tmp_path / "next.csv", table="audit_findings", purpose="analytics")
    assert [entry.seq for entry in log_of(session).entries()] == [1, 2, 3, 4]


def test_rows_of_a_disclosure_that_a_crash_cut_short_are_taken_out_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = world(tmp_path)

    def dies(log: DisclosureLog, disclosure: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(DisclosureLog, "append", dies)
        with pytest.raises(KeyboardInterrupt):
            hand(session, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    assert set(stored(session, "disclosures", "disclosure_no")) == {1}
    hand(session, tmp_path / "out.csv", "bureau")
    assert stored(session, "disclosures", "recipient") == ["bureau"]
    assert count(session, _span()).rows == {"disclosure_counts": 1}
    assert stored(session, "disclosure_counts", "people") == [None]
    hand(session, tmp_path / "second.csv")
    # A log that was taken away as a whole is missed by what it told of.
    for file in (session.settings.home / "ledger").glob("disclosures.*"):
        file.unlink()
    with pytest.raises(Refused, match="lines were cut off"):
        count(session, _span())


def _span() -> Span:
    day = (T - timedelta(days=1)).date()
    return Span.of(day, day)


@pytest.mark.slow
def test_killed_at_any_moment_no_file_is_without_its_line(tmp_path: Path) -> None:
    session = open_world(tmp_path)
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    for kill in range(KILLS):
        command = [sys.executable, str(WORLD), str(tmp_path), str(1000 * kill)]
        worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        time.sleep(moments.uniform(0.05, 0.6))
        worker.kill()
        with worker, worker.stdout:
            pass
        recorded = {entry.disclosure.sha256 for entry in log_of(session).entries()}
        handed = list(tmp_path.glob("[0-9]*.csv"))
        assert {sha256(file.read_bytes()).hexdigest() for file in handed} <= recorded
        assert len(handed) <= log_of(session).end() <= len(handed) + kill + 1
    hand(session, tmp_path / "last.csv", table="audit_findings", purpose="analytics")
    assert log_of(session).verify().ok
