"""Superseding a release is a paid act of its own: refused past the cap, the old bytes kept, nothing lost in a crash."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from privacy_world import FIRST, events, land

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.privacy import BudgetLedger, Desk, Spend
from media_privacy_pipeline.privacy.certificate import NoisyPart, Terms
from media_privacy_pipeline.privacy.desk import Order
from media_privacy_pipeline.privacy.steps import export_ledger, release_table
from media_privacy_pipeline.privacy.superseding import supersede_day
from media_privacy_pipeline.release_policy import Budget

SPEND = Spend("account-day", "none", "none", 0.7)
TERMS = Terms({}, (NoisyPart("x", 64, 640, 64),), 1)
WHY = "half the catalogue was missing"


@pytest.fixture
def desk(ledger_url: str, tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(
        BudgetLedger(ledger_url, Budget(unit="account", days=365, epsilon=10, delta=1e-9)), tmp_path / "releases"
    )
    yield opened
    opened.ledger.close()


def _draw(number: int) -> Callable:
    return lambda _: pa.table({"x": [number]})


def test_it_is_charged_anew_with_its_reason_and_the_old_bytes_stay(desk: Desk) -> None:
    old = desk.once(Order("t", "p", FIRST, SPEND, _draw(1), TERMS))
    before = [file.read_bytes() for file in (old.path, old.path.with_suffix(".json"))]
    new = desk.supersede(Order("t", "p", FIRST, SPEND, _draw(2), TERMS), reason=WHY)
    assert new.sha256 != old.sha256
    assert desk.find("t", "p") == desk.once(Order("t", "p", FIRST, SPEND, _draw(3), TERMS)) == new
    first, second = desk.ledger.charges()
    assert (first.sha256, first.superseded_by, first.reason) == (old.sha256, second.charge_id, None)
    assert (second.sha256, second.superseded_by, second.reason) == (new.sha256, None, WHY)
    assert desk.ledger.year_mu(FIRST) ** 2 == pytest.approx(2 * 0.7**2)
    kept = [new.path.parent / "superseded" / f"p.1{suffix}" for suffix in (".parquet", ".json")]
    assert [file.read_bytes() for file in kept] == before
    certificate = json.loads(new.path.with_suffix(".json").read_text())
    assert (certificate["sha256"], certificate["supersedes_because"]) == (new.sha256, WHY)


def test_past_the_cap_it_is_refused_and_the_old_release_stands(desk: Desk) -> None:
    old = desk.once(Order("t", "p", FIRST, SPEND, _draw(1), TERMS))
    desk.supersede(Order("t", "p", FIRST, SPEND, _draw(2), TERMS), reason=WHY)
    standing = desk.supersede(Order("t", "p", FIRST, SPEND, _draw(3), TERMS), reason=WHY)
    with pytest.raises(Refused, match="over the cap of 10"):
        desk.supersede(Order("t", "p", FIRST, Spend("account-day", "none", "none", 1), _draw(4), TERMS), reason=WHY)
    assert desk.find("t", "p") == standing
    assert len(desk.ledger.charges()) == 3
    assert sorted(file.name for file in (old.path.parent / "superseded").iterdir()) == [
        "p.1.json", "p.1.parquet", "p.2.json", "p.2.parquet",
    ]  # fmt: skip


def test_what_was_never_released_cannot_be_superseded(desk: Desk) -> None:
    with pytest.raises(Refused, match="never released"):
        desk.supersede(Order("t", "p", FIRST, SPEND, _draw(1), TERMS), reason=WHY)
    assert desk.ledger.charges() == []


@pytest.mark.parametrize("moment", ["draw", "certificate", "settle"])
def test_wherever_it_ends_one_release_stands_with_its_own_certificate(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    old = desk.once(Order("t", "p", FIRST, SPEND, _draw(1), TERMS))

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    replace = Path.replace

    def only_the_certificate(self: Path, target: Path) -> Path:
        return replace(self, target) if target.suffix == ".json" else crash()

    with monkeypatch.context() as patch:
        if moment == "certificate":
            patch.setattr(Path, "replace", only_the_certificate)
        if moment == "settle":
            patch.setattr(BudgetLedger, "settle", crash)
        make = crash if moment == "draw" else _draw(2)
        with pytest.raises(KeyboardInterrupt):
            desk.supersede(Order("t", "p", FIRST, SPEND, make, TERMS), reason=WHY)
    found = desk.find("t", "p")
    assert found is not None
    assert (found.sha256 == old.sha256) == (moment != "settle")
    assert json.loads(found.path.with_suffix(".json").read_text())["sha256"] == found.sha256
    assert sha256(found.path.read_bytes()).hexdigest() == found.sha256
    again = desk.supersede(Order("t", "p", FIRST, SPEND, _draw(5), TERMS), reason=WHY)
    assert len(desk.ledger.charges()) == 3
    assert [charge.sha256 for charge in desk.ledger.charges() if charge.superseded_by is None][-1] == again.sha256


def test_a_ledger_of_an_earlier_version_is_brought_up_to_date_and_keeps_its_charges(ledger_url: str) -> None:
    budget = Budget(unit="account", days=365, epsilon=10, delta=1e-9)
    ledger = BudgetLedger(ledger_url, budget)
    ledger.settle(ledger.charge("t", "p", FIRST, SPEND), "ab" * 32)
    ledger.close()
    engine = sa.create_engine(ledger_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("drop index privacy_one_release_stands")
        for column in ("threshold_delta", "reason", "superseded_by"):
            connection.exec_driver_sql(f"alter table privacy_charges drop column {column}")
        connection.exec_driver_sql(
            "create unique index privacy_released_once on privacy_charges (name, partition) where sha256 is not null"
        )
    engine.dispose()
    again = BudgetLedger(ledger_url, budget)
    (charge,) = again.charges()
    assert (charge.spend, charge.sha256, charge.reason) == (SPEND, "ab" * 32, None)
    again.settle(again.charge("t", "p", FIRST, SPEND, reason=WHY), "cd" * 32)
    assert [each.sha256 for each in again.charges() if each.superseded_by is None] == ["cd" * 32]
    again.close()


def test_the_next_run_puts_the_new_release_in_the_lake_and_the_ledger_tells_both(
    make_session: Callable[..., Session],
) -> None:
    session, days = make_session(), [FIRST + timedelta(days=n) for n in range(6)]
    land(session, events(accounts=20, days=4), days)
    table, span = "discovery_daily", Span.of(days[0], days[-1])
    release_table(session, span, table)
    with pytest.raises(UsageError, match="a reason"):
        supersede_day(session, table, FIRST, "  ")
    with pytest.raises(Refused, match="not at hand"):
        supersede_day(session, table, days[5], WHY)
    done = supersede_day(session, table, FIRST, WHY)
    assert done.attempt == 2
    night = Span.of(days[-1], days[-1])
    assert not release_table(session, night, table).skipped
    (file,) = session.lake.files(table, [FIRST])
    assert sha256(file.read_bytes()).hexdigest() == done.stored.sha256
    assert release_table(session, night, table).skipped
    export_ledger(session, span)
    rows = pq.read_table(session.lake.files("privacy_ledger")[0])
    assert rows["outcome"].to_pylist().count("superseded") == 1
