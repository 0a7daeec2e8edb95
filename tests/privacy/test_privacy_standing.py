"""What may be carried over is paid for once in any window: by the ledger's cap, its year figure, and the plan."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.privacy import BudgetLedger, Spend
from media_privacy_pipeline.privacy.accountant import epsilon_of
from media_privacy_pipeline.privacy.plan import plan
from media_privacy_pipeline.privacy.standing import dearest_window, mu_together
from media_privacy_pipeline.release_policy import Budget, Releases, TableStatement

DAY = date(2026, 3, 1)
KINDS = {
    "plain": Spend("account-day", "none", "none", 0.3),
    "a": Spend("account", "none", "none", 0.2, family="t/a", standing=0.4),
    "b": Spend("account", "none", "none", 0.2, family="t/b", standing=0.3),
}


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[BudgetLedger]:
    opened = BudgetLedger(ledger_url, Budget(unit="account", days=30, epsilon=10, delta=1e-9))
    yield opened
    opened.close()


def test_a_family_stands_once_in_each_window_that_has_one_of_its_charges(ledger: BudgetLedger) -> None:
    for at, kind in ((0, "a"), (10, "a"), (20, "b"), (29, "plain"), (39, "a")):
        ledger.charge("t", str(at), DAY + timedelta(days=at), KINDS[kind])
    squares = [ledger.year_mu(DAY + timedelta(days=at)) ** 2 for at in (0, 10, 29, 39, 59, 68, 69)]
    assert squares == pytest.approx([0.44, 0.48, 0.91, 0.91, 0.44, 0.44, 0.0])
    assert [charge.spend.standing for charge in ledger.charges()] == [0.4, 0.4, 0.3, 0.0, 0.4]


def test_a_ledger_from_before_there_were_allowances_goes_on(ledger: BudgetLedger, ledger_url: str) -> None:
    ledger.charge("t", "0", DAY, KINDS["plain"])
    engine = sa.create_engine(ledger_url)
    with engine.begin() as connection:
        for column in ("family", "standing"):
            connection.execute(sa.text(f"alter table privacy_charges drop column {column}"))
    engine.dispose()
    again = BudgetLedger(ledger_url, ledger.budget)
    again.charge("t", "1", DAY, KINDS["a"])
    assert [charge.spend for charge in again.charges()] == [KINDS["plain"], KINDS["a"]]
    again.close()


def test_what_the_first_charge_of_a_family_brings_with_it_counts_before_anything_is_drawn(ledger: BudgetLedger) -> None:
    dear = Spend("account", "none", "none", 0.1, family="t/dear", standing=2.5)
    with pytest.raises(Refused, match=r"to epsilon 10\.\d+ .* no noise was drawn"):
        ledger.charge("t", "0", DAY, dear)
    assert ledger.charges() == []
    fits = Spend("account", "none", "none", 0.1, family="t/fits", standing=2.3)
    ledger.charge("t", "0", DAY, fits)
    ledger.charge("t", "1", DAY + timedelta(days=1), fits)
    with pytest.raises(Refused):
        ledger.charge("t", "2", DAY + timedelta(days=29), KINDS["a"])
    ledger.charge("t", "2", DAY + timedelta(days=31), KINDS["a"])


def test_no_window_passes_the_cap_with_what_stands_in_it(ledger: BudgetLedger) -> None:
    drawn, refused = random.Random(4), 0
    for number in range(120):
        spend = KINDS[drawn.choice(list(KINDS))]
        try:
            ledger.charge("t", str(number), DAY + timedelta(days=drawn.randrange(150)), spend)
        except Refused:
            refused += 1
    charges = ledger.charges()
    for at in range(-30, 200):
        last = DAY + timedelta(days=at)
        held = [charge.spend for charge in charges if last - timedelta(days=29) <= charge.day <= last]
        assert ledger.year_mu(last) == pytest.approx(mu_together(held))
        assert epsilon_of(mu_together(held), 1e-9) <= 10
    assert 0 < refused < 120


def test_the_dearest_window_is_the_dearest_of_all_that_hold_the_day() -> None:
    drawn = random.Random(9)
    for _ in range(40):
        days = [DAY + timedelta(days=drawn.randrange(25)) for _ in range(12)]
        squares = {day: drawn.random() for day in days}
        standing = {day: {drawn.choice("abc"): 1.0 + drawn.random()} for day in days[::2]}
        known: dict[str, float] = {}
        for each in standing.values():
            known |= {name: max(value, known.get(name, 0.0)) for name, value in each.items()}
        around, worst = days[0], 0.0
        for first in (around - timedelta(days=n) for n in range(10)):
            window = [first + timedelta(days=n) for n in range(10)]
            there = {name for day in window for name in standing.get(day, ())}
            worst = max(worst, sum(squares.get(day, 0.0) for day in window) + sum(known[name] for name in there))
        assert dearest_window(around, 10, squares, standing) == pytest.approx(worst)


def test_the_plan_of_a_year_holds_what_stands(statement: TableStatement, ledger: BudgetLedger) -> None:
    allowed = TableStatement.model_validate({**statement.model_dump(), "mu": 0.1, "allowance": {"carry_days": 7}})
    planned = plan(Releases(budget=ledger.budget, tables={"toy": allowed}, vectors={}))
    (line,) = planned.lines
    assert line.standing == pytest.approx(6 * line.mu**2)
    assert planned.epsilon_year == line.epsilon_year == pytest.approx(epsilon_of(line.mu * 36**0.5, 1e-9))
    assert line.epsilon == pytest.approx(epsilon_of(line.mu * 7**0.5, 1e-9))
