"""The ledger: charged before, capped over every window, released once, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.privacy import BudgetLedger, Spend
from media_privacy_pipeline.privacy.accountant import epsilon_of
from media_privacy_pipeline.release_policy import Budget

DAY = date(2026, 3, 1)
SPEND = Spend("account-day", "none", "none", 0.5)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[BudgetLedger]:
    opened = BudgetLedger(ledger_url, Budget(unit="account", days=365, epsilon=10, delta=1e-9))
    yield opened
    opened.close()


def test_what_was_charged_is_there_when_the_ledger_is_opened_again(ledger: BudgetLedger, ledger_url: str) -> None:
    charge = ledger.charge("t", "p", DAY, SPEND)
    ledger.settle(charge, "ab" * 32)
    again = BudgetLedger(ledger_url, ledger.budget)
    found = again.latest("t", "p")
    again.close()
    assert found is not None
    assert (found.spend, found.sha256, found.attempt) == (SPEND, "ab" * 32, 1)


def test_costs_add_as_squares_over_the_days_of_the_budget(ledger: BudgetLedger) -> None:
    ledger.charge("t", "p", DAY, SPEND)
    ledger.charge("u", "q", DAY + timedelta(days=364), SPEND)
    ledger.charge("u", "r", DAY + timedelta(days=365), SPEND)
    years = [ledger.year_mu(DAY + timedelta(days=n)) ** 2 for n in (0, 364, 365)]
    assert years == pytest.approx([0.25, 0.5, 0.5])


@pytest.mark.parametrize("order", [1, -1])
def test_no_window_of_a_year_ever_passes_the_cap_in_whatever_order_days_come(ledger: BudgetLedger, order: int) -> None:
    days = [DAY + timedelta(days=40 * n) for n in range(20)][::order]
    refused = 0
    for day in days:
        try:
            ledger.charge("t", day.isoformat(), day, SPEND)
        except Refused:
            refused += 1
    worst = max(ledger.year_mu(DAY + timedelta(days=n)) for n in range(1200))
    assert epsilon_of(worst, 1e-9) <= 10
    assert 0 < refused < 20


def test_many_at_once_cannot_spend_the_same_remainder(ledger: BudgetLedger) -> None:
    def spend(number: int) -> bool:
        try:
            ledger.charge("t", str(number), DAY, SPEND)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        paid = sum(pool.map(spend, range(24)))
    # mu = sqrt(9 / 4) costs epsilon 9.7, and mu = sqrt(10 / 4) costs 10.3.
    assert paid == len(ledger.charges()) == 9


def test_a_refusal_names_table_partition_figure_and_cap_and_leaves_no_trace(ledger: BudgetLedger) -> None:
    with pytest.raises(
        Refused, match=r"title_daily 2026-03-01: .* epsilon 1\d\.\d+ at delta 1e-09, over the cap of 10"
    ):
        ledger.charge("title_daily", "2026-03-01", DAY, Spend("account-day", "none", "none", 2))
    assert ledger.charges() == []


def test_a_wasted_charge_counts_and_the_next_attempt_is_another(ledger: BudgetLedger) -> None:
    ledger.charge("t", "p", DAY, SPEND)
    assert ledger.charge("t", "p", DAY, SPEND).attempt == 2
    assert ledger.year_mu(DAY) ** 2 == pytest.approx(0.5)


def test_what_was_released_is_neither_charged_nor_settled_again(ledger: BudgetLedger) -> None:
    wasted, charge = (ledger.charge("t", "p", DAY, SPEND) for _ in range(2))
    ledger.settle(charge, "ab" * 32)
    for again in (lambda: ledger.charge("t", "p", DAY, SPEND), lambda: ledger.settle(wasted, "cd" * 32)):
        with pytest.raises(Refused, match="released once"):
            again()
    assert len(ledger.charges()) == 2


def test_a_ledger_in_memory_is_no_ledger() -> None:
    with pytest.raises(UsageError, match="outlive"):
        BudgetLedger("sqlite://", Budget(unit="account", days=365, epsilon=10, delta=1e-9))
