"""The ledger takes each event once, in any order, and finds whatever was done to it since."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from consent_world import t

from media_privacy_pipeline.consent.chain import Entry
from media_privacy_pipeline.consent.ledger import ConsentLedger, stamp
from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.keys import Keyring

KEYRING = Keyring(bytes(32))


def entry(n: int) -> Entry:
    """The n-th of many entries."""
    time = stamp(t(n)) or ""
    return Entry(
        f"{n:032x}", "a" * 32, None, None, "account", "training", "granted", "consent", "ui", time, time, None, "EU", 3,
        False, None,
    )  # fmt: skip


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Both databases that a ledger may live in."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger' / 'consent.sqlite'}"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
def ledger(url: str) -> Iterator[ConsentLedger]:
    """A ledger of nine rows, written in three goes."""
    opened = ConsentLedger(url, KEYRING)
    for first in (0, 3, 6):
        assert opened.append([entry(n) for n in range(first, first + 3)]) == 3
    yield opened
    opened.close()


def tamper(url: str, *statements: str) -> None:
    """What somebody with the database's password can do."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


def test_a_whole_ledger_verifies(ledger: ConsentLedger) -> None:
    verdict = ledger.verify()
    assert verdict.ok
    assert verdict.rows == 9


def test_12_an_event_delivered_again_adds_nothing(ledger: ConsentLedger) -> None:
    head = ledger.head()
    assert ledger.append([entry(4), entry(4), entry(0)]) == 0
    assert ledger.append([entry(8), entry(9), entry(9)]) == 1
    assert ledger.head().seq == head.seq + 1


@pytest.mark.parametrize(
    ("statements", "first_bad"),
    [
        (["update consent_ledger set state = 'denied' where seq = 4"], 4),
        (["update consent_ledger set recorded_at = '2020-01-01 00:00:00.000000' where seq = 9"], 9),
        (["delete from consent_ledger where seq = 5"], 5),
        (["delete from consent_ledger where seq > 7"], 8),
        (["delete from consent_ledger where seq > 7",
          "update consent_ledger_head set seq = 7, hash = (select hash from consent_ledger where seq = 7)"], 7),
        (["update consent_ledger set seq = 99 where seq = 2", "update consent_ledger set seq = 2 where seq = 3",
          "update consent_ledger set seq = 3 where seq = 99"], 2),
        (["delete from consent_ledger_head"], 1),
        (["delete from consent_ledger"], 1),
    ],
    ids=["edit", "edit of the last", "removal", "cut off", "cut off with its head", "reorder", "no head", "emptied"],
)  # fmt: skip
def test_57_tampering_is_found_at_its_row(
    url: str, ledger: ConsentLedger, statements: list[str], first_bad: int
) -> None:
    tamper(url, *statements)
    verdict = ledger.verify()
    assert not verdict.ok
    assert verdict.first_bad == first_bad
    assert verdict.problem


def test_nothing_is_appended_to_a_head_that_another_key_signed(url: str, ledger: ConsentLedger) -> None:
    other = ConsentLedger(url, Keyring(bytes([1]) * 32))
    with pytest.raises(Refused, match="not signed by this key file"):
        other.append([entry(20)])
    other.close()
    assert ledger.verify().rows == 9


def test_rows_are_those_recorded_by_the_as_of_time_whatever_the_order_of_delivery(tmp_path: Path) -> None:
    seen = []
    for seed in range(3):
        opened = ConsentLedger(f"sqlite:///{tmp_path / str(seed)}.sqlite", KEYRING)
        entries = [entry(n) for n in range(10)]
        Random(seed).shuffle(entries)
        for one in entries:
            opened.append([one])
        assert opened.watermark(t(4))[0] == 5
        assert opened.newest(t(4.5)) == t(4)
        seen.append({row["event_ref"] for row in opened.rows(t(4)).to_pylist()})
        opened.close()
    assert seen == [{entry(n).event_ref for n in range(5)}] * 3


def test_a_ledger_in_memory_is_refused() -> None:
    with pytest.raises(UsageError, match="outlive the run"):
        ConsentLedger("sqlite://", KEYRING)


def test_a_database_that_cannot_be_reached_is_named_without_its_password() -> None:
    with pytest.raises(Refused) as caught:
        ConsentLedger("postgresql+psycopg://me:hunter2@127.0.0.1:9/none", KEYRING)
    assert "hunter2" not in str(caught.value)


def test_rows_are_those_of_an_account_or_some_states_and_the_last_of_them_still_in_order(
    ledger: ConsentLedger,
) -> None:
    other = [entry(n)._replace(account_ref="b" * 32) for n in range(9, 12)]
    assert ledger.append(other) == 3
    everything = ledger.rows(t(99))["seq"].to_pylist()
    assert everything == list(range(1, 13))
    assert ledger.rows(t(99), account_ref="b" * 32)["seq"].to_pylist() == [10, 11, 12]
    assert ledger.rows(t(99), last=2)["seq"].to_pylist() == [11, 12]
    assert ledger.rows(t(99), account_ref="a" * 32, last=2)["seq"].to_pylist() == [8, 9]
    assert ledger.rows(t(3.5), account_ref="b" * 32).num_rows == 0
    assert ledger.append([entry(12)._replace(state="held"), entry(13)._replace(state="withdrawn")]) == 2
    assert ledger.rows(t(99), states=["held"])["seq"].to_pylist() == [13]
    assert ledger.rows(t(99), account_ref="a" * 32, states=["held", "withdrawn"])["seq"].to_pylist() == [13, 14]
    assert ledger.rows(t(11.5), states=["held", "withdrawn"]).num_rows == 0
