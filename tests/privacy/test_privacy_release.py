"""A release happens once: paid, drawn, stored, and the same bytes for ever after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pyarrow.parquet as pq
import pytest
from privacy_world import FIRST, events

from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.privacy import Desk, Source, release
from media_privacy_pipeline.privacy.mechanism import mechanism_of
from media_privacy_pipeline.release_policy import TableStatement

TITLES = {"title_id": [f"t{n:03d}" for n in range(50)]}
DAYS = [FIRST, FIRST + timedelta(days=1)]
SQL = """
select account_key, cast(started_at as date) as day, title_id, device_type as device, 1 as plays,
  watched_seconds as seconds from watched
"""


@pytest.fixture
def run(statement: TableStatement, duck: DuckDBEngine) -> Callable:
    def run(desk: Desk, accounts: int = 50, days: list = DAYS):
        source = Source(SQL, {"watched": events(accounts, 2)})
        return release("toy", statement, source, desk, duck, days=days, public=TITLES)

    return run


def test_every_cell_of_the_domain_is_released_in_one_order(run: Callable, make_desk: Callable) -> None:
    for stored in run(make_desk()).values():
        rows = pq.read_table(stored.path)
        assert rows.num_rows == 150
        assert rows["title_id"].to_pylist()[:4] == ["t000", "t000", "t000", "t001"]
        assert rows["device"].to_pylist()[:3] == ["tv", "web", "other"]


def test_releasing_again_returns_the_stored_bytes_whatever_changed(run: Callable, make_desk: Callable) -> None:
    desk = make_desk()
    first = {day: stored.path.read_bytes() for day, stored in run(desk).items()}
    again = {day: stored.path.read_bytes() for day, stored in run(desk, accounts=99).items()}
    assert first == again
    assert len(desk.ledger.charges()) == 2


def test_a_day_costs_what_the_statement_says(run: Callable, make_desk: Callable, statement: TableStatement) -> None:
    desk = make_desk()
    run(desk, days=DAYS[:1])
    assert statement.mu * 0.99 < desk.ledger.year_mu(FIRST) <= statement.mu


def test_past_the_cap_nothing_is_drawn_and_the_days_before_stay(run: Callable, make_desk: Callable) -> None:
    drawn = []

    def counting(values: np.ndarray, sigma: int) -> np.ndarray:
        drawn.append(sigma)
        return values

    desk = make_desk(epsilon=7, noise=counting)
    with pytest.raises(Refused, match=f"toy {DAYS[1]}"):
        run(desk)
    assert len(drawn) == 4
    assert desk.find("toy", str(DAYS[0])) is not None
    assert desk.find("toy", str(DAYS[1])) is None


def test_each_measure_gets_the_noise_of_its_own_sensitivity(
    run: Callable, make_desk: Callable, statement: TableStatement
) -> None:
    drawn = []

    def noting(values: np.ndarray, sigma: int) -> np.ndarray:
        drawn.append((values.size, sigma))
        return values

    run(make_desk(noise=noting), days=DAYS[:1])
    mechanism = mechanism_of(statement)
    assert drawn == [*((150, part.sigma) for part in mechanism.sums), (2, mechanism.totals_sigma)]


def test_a_release_whose_file_was_changed_or_lost_is_refused(run: Callable, make_desk: Callable) -> None:
    desk = make_desk()
    stored = run(desk)[FIRST]
    stored.path.write_bytes(stored.path.read_bytes() + b" ")
    with pytest.raises(Refused, match="restore it"):
        run(desk)
    stored.path.unlink()
    with pytest.raises(Refused, match="restore it"):
        run(desk)


def test_a_ledger_that_was_thrown_away_buys_no_second_release(run: Callable, make_desk: Callable, tmp_path) -> None:
    desk = make_desk()
    run(desk)
    desk.ledger.close()
    (tmp_path / "ledger" / "privacy.sqlite").unlink()
    with pytest.raises(Refused, match="never charged"):
        run(make_desk())


def test_a_crash_while_drawing_wastes_the_charge_and_the_next_run_pays_again(
    run: Callable, make_desk: Callable, caplog: pytest.LogCaptureFixture
) -> None:
    def crashing(values: np.ndarray, sigma: int) -> np.ndarray:
        raise MemoryError

    with pytest.raises(MemoryError):
        run(make_desk(noise=crashing), days=DAYS[:1])
    desk = make_desk()
    run(desk, days=DAYS[:1])
    assert [(charge.attempt, charge.sha256 is None) for charge in desk.ledger.charges()] == [(1, True), (2, False)]
    assert "wasted" in caplog.text


def test_a_crash_after_storing_costs_nothing_more(
    run: Callable, make_desk: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk()

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(desk.ledger), "settle", crash)
        with pytest.raises(KeyboardInterrupt):
            run(desk, days=DAYS[:1])
    stored = run(desk, days=DAYS[:1])[FIRST]
    assert [charge.sha256 for charge in desk.ledger.charges()] == [stored.sha256]
