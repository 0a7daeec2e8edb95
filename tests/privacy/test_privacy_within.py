"""Releases within allowances: paid, debited, drawn, in that order; bounded over any days; refused if books differ."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from allowance_world import (
    EACH,
    STATEMENT,
    cells_of,
    days,
    desk_of,
    odometer,
    owed,
    price_and_weight,
    replayed,
    run,
    stated,
    sums_of,
    weights_of,
)

from media_privacy_pipeline.engines import Engine
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.privacy import Desk, Source, release
from media_privacy_pipeline.privacy.allowances import DAY, terms_of
from media_privacy_pipeline.privacy.mechanism import mechanism_of
from media_privacy_pipeline.privacy.odometers import Odometers
from media_privacy_pipeline.privacy.weights import weight


def test_both_engines_weigh_every_account_by_what_it_has_left(engine: Engine, tmp_path: Path) -> None:
    desk, terms, nights = desk_of(tmp_path), terms_of(STATEMENT), days(9)
    released = run(desk, engine, nights)
    for day in nights:
        debts = replayed([(each, True) for each in nights if each < day])
        before = [max(0, debts.get(name, 0) - DAY) for name in "abcdef"]
        expected = [price_and_weight(terms, cells_of(n, day), debt)[1] for n, debt in enumerate(before)]
        assert weights_of(released[day]) == expected
        kept = sum(w * cells_of(n, day) for n, w in enumerate(expected))
        all_cells = sum(64 * min(cells_of(n, day), 8) for n, w in enumerate(expected) if w)
        assert sums_of(released[day])[-2:] == [kept, all_cells - kept]
    assert owed(desk) == replayed([(day, True) for day in nights])


def test_night_after_night_is_the_same_as_all_nights_at_once(duck: DuckDBEngine, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    one, other = desk_of(tmp_path / "one"), desk_of(tmp_path / "other")
    at_once = run(one, duck, days(6))
    by_night = {day: run(other, duck, [day])[day] for day in days(6)}
    assert [sums_of(each) for each in at_once.values()] == [sums_of(each) for each in by_night.values()]
    assert owed(one) == owed(other)


def test_an_account_moves_any_run_of_days_by_no_more_than_they_and_the_standing_charge_pay_for(
    duck: DuckDBEngine, tmp_path: Path
) -> None:
    nights, mechanism = 14, mechanism_of(STATEMENT)
    # Derived anew: two units of squared norm a day for the measure; the farthest totals of the least weights.
    pairs = [(w * k, 64 * min(k, 8) - w * k) for k in range(1, 257) if (w := weight(k, 2, 8))]
    farthest = max(kept**2 + cut**2 for kept, cut in pairs)
    viewers, totals = (Fraction(1, sigma**2 - 4) for sigma in (mechanism.sums[0].sigma, mechanism.totals_sigma))
    daily = 2 * 64**2 * viewers + farthest * totals
    whole = _all_sums(duck, tmp_path, nights, "")
    for account in "abcdef":
        moved = whole - _all_sums(duck, tmp_path, nights, account)
        own = np.zeros(moved.shape[1], bool)
        own[EACH * "abcdef".index(account) :][:EACH] = own[-2:] = True
        assert not moved[:, ~own].any(), "another account's weight depends on this one"
        costs = [
            int((row[:-2] ** 2).sum()) * viewers + int((row[-2:] ** 2).sum()) * totals for row in moved.astype(np.int64)
        ]
        for first in range(nights):
            for last in range(first, nights):
                assert sum(costs[first : last + 1]) <= (last - first + 1 + 3) * daily
        assert account != "a" or sum(costs) > (nights + 2.8) * daily


def _all_sums(duck: DuckDBEngine, tmp_path: Path, nights: int, without: str) -> np.ndarray:
    folder = tmp_path / f"without-{without}"
    folder.mkdir()
    released = run(desk_of(folder), duck, days(nights), without=without)
    return np.array([sums_of(each) for each in released.values()])


def test_noise_is_drawn_after_the_debit_of_this_very_charge_is_on_the_disk(duck: DuckDBEngine, tmp_path: Path) -> None:
    seen = []

    def looking(values: np.ndarray, _: int) -> np.ndarray:
        kept = odometer(desk)
        assert kept is not None
        seen.append((kept.charge_id, kept.day))
        return values

    desk = desk_of(tmp_path, looking)
    run(desk, duck, days(3))
    assert seen == [(charge.charge_id, charge.day) for charge in desk.ledger.charges()]


def test_a_crash_while_drawing_keeps_the_debit_and_the_next_run_pays_and_is_debited_again(
    duck: DuckDBEngine, tmp_path: Path
) -> None:
    def crashing(values: np.ndarray, _: int) -> np.ndarray:
        raise MemoryError

    with pytest.raises(MemoryError):
        run(desk_of(tmp_path, crashing), duck, days(1))
    desk = desk_of(tmp_path)
    assert owed(desk) == replayed([(days(1)[0], True)])
    run(desk, duck, days(1))
    assert owed(desk) == replayed([(days(1)[0], True)] * 2)
    assert [charge.sha256 is None for charge in desk.ledger.charges()] == [True, False]


def test_a_crash_before_the_debit_wastes_the_charge_and_brings_no_account_anything(
    duck: DuckDBEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of(tmp_path)
    run(desk, duck, days(1))
    with monkeypatch.context() as patch:
        patch.setattr(Odometers, "write", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            run(desk, duck, days(2))
    run(desk, duck, days(2))
    first, second = days(2)
    assert owed(desk) == replayed([(first, True), (second, False), (second, True)])


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_day_out_of_order_is_weighed_and_paid_for_by_itself(duck: DuckDBEngine, tmp_path: Path) -> None:
    desk, (early, *later) = desk_of(tmp_path), days(5)
    run(desk, duck, later)
    before = owed(desk)
    released = run(desk, duck, [early])[early]
    cells = [cells_of(n, early) for n in range(6)]
    assert weights_of(released) == [weight(k, 2, 8) if k else 0 for k in cells]
    assert owed(desk) == before
    charge = desk.ledger.latest("toy", early.isoformat())
    assert charge is not None
    assert (charge.spend.unit, charge.spend.family, charge.spend.standing) == ("account-day", None, 0.0)
    run(desk, duck, days(6))
    assert owed(desk) == replayed([(day, True) for day in [*later, days(6)[-1]]])


def test_releasing_again_debits_nothing(duck: DuckDBEngine, tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    first, kept = run(desk, duck, days(3)), odometer(desk)
    assert run(desk, duck, days(3)) == first
    again = odometer(desk)
    assert kept is not None
    assert again is not None
    assert kept.charge_id == again.charge_id


def test_past_the_cap_nothing_is_debited(duck: DuckDBEngine, tmp_path: Path) -> None:
    desk = desk_of(tmp_path, epsilon=1)
    with pytest.raises(Refused, match="over the cap"):
        run(desk, duck, days(30))
    charges = desk.ledger.charges()
    assert 0 < len(charges) < 30
    assert owed(desk) == replayed([(charge.day, True) for charge in charges])


def test_without_the_odometer_of_its_charges_a_table_is_refused(duck: DuckDBEngine, tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    run(desk, duck, days(2))
    shutil.rmtree(tmp_path / "odometers")
    _refused(desk, duck, "odometer is missing.*carry_days")


def test_an_odometer_that_was_restored_from_an_earlier_night_is_refused(duck: DuckDBEngine, tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    run(desk, duck, days(2))
    shutil.copytree(tmp_path / "odometers", tmp_path / "backup")
    run(desk, duck, days(3))
    shutil.rmtree(tmp_path / "odometers")
    (tmp_path / "backup").rename(tmp_path / "odometers")
    _refused(desk, duck, "older than the ledger.*no noise was drawn")


def test_an_odometer_beside_another_ledger_is_refused(duck: DuckDBEngine, tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    run(desk, duck, days(2))
    desk.ledger.close()
    (tmp_path / "privacy.sqlite").unlink()
    shutil.rmtree(tmp_path / "releases")
    _refused(desk_of(tmp_path), duck, "a charge that this ledger does not have")


def _refused(desk: Desk, duck: DuckDBEngine, why: str) -> None:
    before = desk.ledger.charges()
    with pytest.raises(Refused, match=why):
        run(desk, duck, days(5))
    assert desk.ledger.charges() == before


def test_other_terms_begin_another_odometer_and_pay_a_standing_charge_of_their_own(
    duck: DuckDBEngine, tmp_path: Path
) -> None:
    desk, other = desk_of(tmp_path), stated(carry_days=5)
    run(desk, duck, days(2))
    before = owed(desk)
    run(desk, duck, days(4), statement=other)
    assert owed(desk) == before
    assert owed(desk, other) == replayed([(day, True) for day in days(4)[2:]], other)
    daily = desk.ledger.charges()[0].spend.mu ** 2
    assert desk.ledger.year_mu(days(4)[-1]) ** 2 == pytest.approx((4 + 3 + 4) * daily, rel=1e-6)
    # The first terms go on from where they stood, rather than with full allowances.
    run(desk, duck, days(5))
    assert owed(desk) == replayed([(day, True) for day in [*days(2), days(5)[-1]]])


def test_odometers_that_no_window_can_reach_are_destroyed(duck: DuckDBEngine, tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    run(desk, duck, days(1))
    run(desk, duck, days(400)[399:], statement=stated(carry_days=5))
    assert odometer(desk) is None


def test_the_file_is_sealed_for_its_owner_and_holds_nobody_who_owes_nothing(duck: DuckDBEngine, tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    run(desk, duck, days(8))
    (file,) = (tmp_path / "odometers").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"account_key" not in file.read_bytes()
    assert "f" not in owed(desk)
    other = file.with_name("other.0123.sealed")
    file.rename(other)
    assert desk.odometers is not None
    with pytest.raises(Refused, match="cannot be decrypted"):
        desk.odometers.accounts(other)


def test_what_changes_between_the_two_scans_counts_for_nothing(duck: DuckDBEngine, tmp_path: Path) -> None:
    class Growing(DuckDBEngine):
        def fetch(self, sql, inputs):  # type: ignore[no-untyped-def]
            if "account_weights" in inputs:
                rows = inputs["watched"]
                inputs = {**inputs, "watched": rows.filter(np.array(rows["title_id"]) != "a-0")}
            return super().fetch(sql, inputs)

    desk, day = desk_of(tmp_path), days(1)[0]
    assert weights_of(run(desk, Growing(tmp_path / "work"), [day])[day])[0] == 0


def test_a_run_that_comes_between_the_two_scans_of_another_waits_for_its_end(
    duck: DuckDBEngine, tmp_path: Path
) -> None:
    found: list[dict] = []
    between = Thread(target=lambda: found.append(run(desk_of(tmp_path), DuckDBEngine(tmp_path / "other"), days(2))))

    class Interrupted(DuckDBEngine):
        def fetch(self, sql, inputs):  # type: ignore[no-untyped-def]
            if "account_weights" in inputs:
                between.start()
                between.join(timeout=2)
                assert between.is_alive(), "two runs weigh the same accounts at once"
            return super().fetch(sql, inputs)

    desk = desk_of(tmp_path)
    released = run(desk, Interrupted(tmp_path / "work"), days(2))
    between.join()
    assert found == [released]
    assert owed(desk) == replayed([(day, True) for day in days(2)])


def test_a_desk_without_odometers_says_what_it_lacks(duck: DuckDBEngine, tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    bare = Desk(desk.ledger, tmp_path / "releases")
    with pytest.raises(UsageError, match="give the desk odometers"):
        release("toy", STATEMENT, Source("select 1", {}), bare, duck, days=days(1), public={"title_id": ["x"]})


def test_an_odometer_that_another_table_is_writing_is_left_alone(duck: DuckDBEngine, tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    run(desk, duck, days(1))
    assert desk.odometers is not None
    half = desk.odometers.folder / ".other.0123.sealed.89abcdef"
    half.write_bytes(b"half")
    run(desk, duck, days(3))
    assert half.exists()
    assert list(desk.odometers.forget([])) == []
    assert not half.exists()
