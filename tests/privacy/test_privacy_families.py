"""Families: one allowance for several tables, debited in a fixed order; and no family takes more than its share."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from allowance_world import EACH, cells_of, days, desk_of, run, stated, sums_of, weights_of
from pydantic import ValidationError

from media_privacy_pipeline import policy
from media_privacy_pipeline.engines import Engine
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.privacy import BudgetLedger, Desk
from media_privacy_pipeline.privacy.accountant import mu_within
from media_privacy_pipeline.privacy.allowances import SHARED, allowance_spend, terms_of, units_a_day
from media_privacy_pipeline.privacy.charges import Spend
from media_privacy_pipeline.privacy.families import squared_share
from media_privacy_pipeline.privacy.mechanism import mechanism_of
from media_privacy_pipeline.privacy.plan import plan
from media_privacy_pipeline.privacy.weights import weight
from media_privacy_pipeline.release_policy import Allowance, Budget, FamilyAllowance, Releases, TableStatement

MU = 0.13
SHARED_BY = FamilyAllowance(mu=MU, tables=("first", "second"))


def member(mu: float = 0.05) -> TableStatement:
    return stated(mu=mu).model_copy(update={"allowance": Allowance(family="both", shared=SHARED_BY)})


TABLES = {"first": member(), "second": member(0.03)}


def night(desk: Desk, engine: Engine, name: str, of: list[date], without: str = "") -> dict[date, Any]:
    return run(desk, engine, of, statement=TABLES[name], without=without, name=name)


def owes(desk: Desk) -> dict[str, int]:
    assert desk.odometers is not None
    found = desk.odometers.find("both", terms_of(TABLES["first"]).digest)
    return {} if found is None else dict(zip(found.accounts.to_pylist(), found.owed.tolist(), strict=True))


def cost_of(name: str, moved: np.ndarray) -> Fraction:
    """What a difference of sums costs, by the scales alone."""
    mechanism = mechanism_of(TABLES[name])
    viewers, totals = (Fraction(1, sigma**2 - 4) for sigma in (mechanism.sums[0].sigma, mechanism.totals_sigma))
    return int((moved[:-2] ** 2).sum()) * viewers + int((moved[-2:] ** 2).sum()) * totals


def test_whoever_is_taken_out_no_days_of_both_tables_together_cost_more_than_they_pay_for(
    duck: DuckDBEngine, tmp_path: Path
) -> None:
    nights = 8

    def released(without: str) -> dict[str, np.ndarray]:
        (tmp_path / f"w{without}").mkdir()
        desk, found = desk_of(tmp_path / f"w{without}"), {name: [] for name in TABLES}
        # The first nights come in two runs, as of a backfill, the others one by one.
        for part in (days(nights)[:3], days(nights)[3:6], *([day] for day in days(nights)[6:])):
            for name, rows in found.items():
                rows += [sums_of(each) for each in night(desk, duck, name, part, without).values()]
        return {name: np.array(rows) for name, rows in found.items()}

    daily = {name: Fraction(mechanism_of(each).mu) ** 2 for name, each in TABLES.items()}
    whole, dearest = released(""), Fraction(0)
    for account in "ab":  # Everything every day; everything on the seventh alone.
        rest = released(account)
        costs = []
        own = np.zeros(whole["first"].shape[1], bool)
        own[EACH * "abcdef".index(account) :][:EACH] = own[-2:] = True
        for n in range(nights):
            moved = {name: whole[name][n] - rest[name][n] for name in TABLES}
            assert not any(each[~own].any() for each in moved.values()), "another account's weight depends on this one"
            costs.append(sum(cost_of(name, each) for name, each in moved.items()))
        for first in range(nights):
            for last in range(first, nights):
                most = (last - first + 1) * sum(daily.values()) + Fraction(MU) ** 2 - min(daily.values())
                assert sum(costs[first : last + 1]) <= most * (1 + Fraction(1, 10**9))
        dearest = max(dearest, sum(costs) / (nights * sum(daily.values())))
    assert dearest > 1  # What was saved before is used.


def test_what_one_table_leaves_counts_in_the_other_and_nobody_weighs_less_than_without(
    duck: DuckDBEngine, tmp_path: Path
) -> None:
    desk, alone = desk_of(tmp_path), desk_of(tmp_path / "alone")
    for day in days(8):
        (first,) = night(desk, duck, "first", [day]).values()
        (second,) = night(desk, duck, "second", [day]).values()
        (own,) = run(alone, duck, [day], statement=stated(carry_days=2)).values()
        least = [weight(k, 2, 8) if (k := cells_of(n, day)) else 0 for n in range(6)]
        for each in (first, second, own):
            assert all(w >= floor for w, floor in zip(weights_of(each), least, strict=True))
    # b comes on the seventh day alone; with all that both tables brought meanwhile it counts for more.
    seventh = pq.read_table(desk.folder / "first" / f"{days(7)[-1]}.parquet")["sums"].to_pylist()
    apart = pq.read_table(alone.folder / "toy" / f"{days(7)[-1]}.parquet")["sums"].to_pylist()
    assert max(seventh[EACH : 2 * EACH]) > max(apart[EACH : 2 * EACH])


@pytest.mark.spark
def test_spark_weighs_a_familys_tables_as_duckdb_does(spark_engine: Engine, duck: DuckDBEngine, tmp_path: Path) -> None:
    one, other = desk_of(tmp_path / "one"), desk_of(tmp_path / "other")
    for day in days(2):
        for name in TABLES:
            (mine,) = night(one, spark_engine, name, [day]).values()
            (theirs,) = night(other, duck, name, [day]).values()
            assert sums_of(mine) == sums_of(theirs)
    assert owes(one) == owes(other)
    assert max(owes(one).values()) > 0


def test_one_odometer_names_the_charge_of_whichever_table_was_last(duck: DuckDBEngine, tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    night(desk, duck, "first", days(2))
    before = owes(desk)
    night(desk, duck, "second", days(2))
    assert desk.odometers is not None
    (path,) = desk.odometers.files()
    assert path.name.startswith("both.")
    # Of the second table's days only the last one was in order: the first table had gone on to it.
    charges = desk.ledger.charges("second")
    assert [charge.spend.family is None for charge in charges] == [True, False]
    assert owes(desk) != before
    assert all(0 < owed <= SHARED for owed in owes(desk).values())


def test_a_table_that_was_overtaken_is_weighed_and_paid_for_by_itself(duck: DuckDBEngine, tmp_path: Path) -> None:
    desk, (day,) = desk_of(tmp_path), days(1)
    night(desk, duck, "second", [day])
    before = owes(desk)
    (released,) = night(desk, duck, "first", [day]).values()
    assert weights_of(released) == [weight(k, 2, 8) if (k := cells_of(n, day)) else 0 for n in range(6)]
    assert owes(desk) == before
    (charge,) = desk.ledger.charges("first")
    assert (charge.spend.family, charge.spend.standing) == (None, 0.0)


def test_an_own_odometer_of_before_stays_until_no_window_has_it_and_its_standing_charge_counts(
    duck: DuckDBEngine, tmp_path: Path
) -> None:
    """What a home of the former version goes through: allowances that are full again are paid for again."""
    desk, former = desk_of(tmp_path), stated()
    run(desk, duck, days(2), statement=former, name="first")
    night(desk, duck, "first", days(4)[2:])
    assert desk.odometers is not None
    assert [path.name.split(".")[0] for path in desk.odometers.files()] == ["both", "first"]
    spends = [allowance_spend("first", former), allowance_spend("first", TABLES["first"])]
    squares = 2 * sum(spend.mu**2 for spend in spends) + sum(spend.standing for spend in spends)
    assert desk.ledger.year_mu(days(4)[-1]) ** 2 == pytest.approx(squares)
    later = [date(2027, 3, 10)]
    assert set(night(desk, duck, "first", later)) == set(later)
    assert [path.name.split(".")[0] for path in desk.odometers.files()] == ["both"]


def test_a_familys_odometer_that_is_gone_is_refused_for_every_table_of_it(duck: DuckDBEngine, tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    night(desk, duck, "first", days(1))
    assert desk.odometers is not None
    desk.odometers.files()[0].unlink()
    with pytest.raises(Refused, match="both: the ledger has charges within allowances, and their odometer is missing"):
        night(desk, duck, "second", days(1))
    assert desk.ledger.charges("second") == []


def _budget(**shares: float) -> Budget:
    families = {name: {"title": name, "members": [f"{name}_daily"], "share": share} for name, share in shares.items()}
    return Budget.model_validate({"unit": "account", "days": 30, "epsilon": 4, "delta": 1e-9, "families": families})


def test_a_family_is_refused_what_passes_its_share_though_the_budget_has_it(tmp_path: Path) -> None:
    budget, day = _budget(counts=0.25, models=0.75), date(2026, 3, 1)
    ledger = BudgetLedger(f"sqlite:///{tmp_path}/ledger.sqlite", budget)
    whole = mu_within(4, 1e-9)
    assert squared_share(budget, "counts") == pytest.approx(whole**2 / 4)
    half = Spend("account", "none", "none", 0.35 * whole)
    for n in range(2):
        ledger.charge("counts_daily", str(n), day + timedelta(days=29 * n), half)
    with pytest.raises(Refused, match="squared mu of counts in 30 days"):
        ledger.charge("counts_daily", "2", day + timedelta(days=15), half)
    saved = Spend("account", "none", "none", 0.3 * whole, family="x", standing=0.2 * whole**2)
    with pytest.raises(Refused, match="squared mu of counts in 30 days"):
        ledger.charge("counts_daily", "2", day + timedelta(days=59), saved)
    ledger.charge("models_daily", "0", day, Spend("account", "none", "none", 0.8 * whole))
    ledger.charge("counts_daily", "2", day + timedelta(days=30), half)
    ledger.close()


PACKAGED: dict[str, Any] = yaml.safe_load(policy.PACKAGED.read_text())["releases"]


@pytest.mark.parametrize(
    ("family", "change", "message"),
    [
        ("tables", {"members": ["title_daily"]}, "is no member"),
        ("models", {"members": ["segment_profile"]}, "similar_titles: each release is in one family"),
        ("search", {"members": ["search_daily"]}, "search_daily, search_intents_daily: each release is in one family"),
        ("search", {"members": ["title_daily"]}, "in two families"),
        ("search", {"share": 0.2}, "add up to 1.18"),
        ("tables", {"allowance": {"mu": 0.04, "tables": ["title_daily", "audience_daily"]}}, "whole allowance"),
        (
            "models",
            {"allowance": {"mu": 0.2, "tables": ["segment_profile", "similar_titles"]}},
            "no table of the policy",
        ),
    ],
)
def test_families_that_cannot_be_kept_do_not_load(family: str, change: dict[str, Any], message: str) -> None:
    families = PACKAGED["budget"]["families"]
    changed = {**PACKAGED["budget"], "families": {**families, family: {**families[family], **change}}}
    with pytest.raises(ValidationError, match=message):
        Releases.model_validate({**PACKAGED, "budget": changed})


def test_a_table_with_an_allowance_of_its_own_too_does_not_load() -> None:
    title = {**PACKAGED["tables"]["title_daily"], "allowance": {"carry_days": 7}}
    with pytest.raises(ValidationError, match="an allowance of its own, and part in that of tables"):
        Releases.model_validate({**PACKAGED, "tables": {**PACKAGED["tables"], "title_daily": title}})


def test_the_plan_tells_families_and_counts_what_is_saved_in_common_once() -> None:
    releases = policy.load().releases
    planned = plan(releases)
    tables = next(family for family in planned.families if family.name == "tables")
    assert all(family.holds for family in planned.families)
    together = [line for line in planned.lines if line.name in tables.members]
    squares = sum(line.times_a_year * line.mu**2 for line in together) + max(line.standing for line in together)
    assert mu_within(tables.epsilon_year, planned.delta) ** 2 == pytest.approx(squares, rel=1e-6)
    shared = releases.budget.families["tables"].allowance
    assert shared is not None
    brought = sum(terms_of(releases.tables[name]).daily for name in shared.tables)
    assert units_a_day(releases, "tables") == pytest.approx(float(brought / Fraction(shared.mu) ** 2 * SHARED))


def test_a_table_that_is_not_in_the_order_is_refused(duck: DuckDBEngine, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="third: has no part in the allowance of both"):
        run(desk_of(tmp_path), duck, days(1), statement=TABLES["first"], name="third")
