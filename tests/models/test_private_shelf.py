"""The shelf of private factors: which one counts, which one serves, and what a hand that takes one out does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from media_privacy_pipeline.models.moves import PROMOTE, ROLLBACK, TRAIN, Author
from media_privacy_pipeline.models.private.config import improved
from media_privacy_pipeline.models.private.learning import PrivateFactors
from media_privacy_pipeline.models.private.plan import Plan, period_of
from media_privacy_pipeline.models.private.promotion import Decision
from media_privacy_pipeline.models.private.shelf import against, fit_to_show, newest, serve, shelve
from media_privacy_pipeline.models.registry import Registry

FOUND = PrivateFactors(np.array(["a", "b"]), np.eye(2), np.array([5.0, 4.0]))
AHEAD, BEHIND = Decision(30.0, 10.0), Decision(3.0, 10.0)


@pytest.fixture
def where(tmp_path: Path) -> Registry:
    return Registry(tmp_path)


def stored(where: Registry, period: str, decision: Decision = AHEAD, *, paid: bool = True) -> str:
    plan = Plan(period=period, titles=("a", "b", "c"), config=improved(0.5, 0.02))
    return shelve(where, plan, FOUND, decision, 1e-9, paid=paid)


def personal(where: Registry) -> str:
    return where.store({"counts": np.array([1.0])}, {"kind": "ials", "epsilon": None, "audits": []})


def test_the_latest_period_counts_whenever_it_was_stored(where: Registry) -> None:
    later, earlier = stored(where, "2026-04"), stored(where, "2026-01")
    personal(where)
    assert where.names()[1] == earlier
    assert newest(where) == later
    found = fit_to_show(where)
    assert found is not None
    assert found[:2] == (later, "2026-04")


def test_factors_that_lost_hide_those_of_before_but_those_go_on_serving(where: Registry) -> None:
    before = stored(where, "2026-01")
    serve(where, before)
    behind = stored(where, "2026-04", BEHIND)
    assert fit_to_show(where) is None
    serve(where, behind)
    assert where.champion() == before
    decision = where.decision() or {}
    assert decision["serves"] == "private_als"
    assert [(each["outcome"], "not ahead" in each["reason"]) for each in decision["tried"]] == [("refused", True)]


def test_a_part_that_the_ledger_lacks_keeps_factors_out(where: Registry) -> None:
    name = stored(where, "2026-01", paid=False)
    assert "the ledger has every part of it" in str(against(where.load(name).manifest))
    serve(where, name)
    assert where.champion() is None


def test_what_is_not_private_is_taken_out(where: Registry) -> None:
    where.promote(personal(where))
    serve(where, None, "it waits")
    assert where.champion() is None
    assert [each["reason"] for each in (where.decision() or {})["tried"]] == ["it waits"]


def test_what_a_hand_took_out_stays_out_until_a_hand_puts_it_back(where: Registry) -> None:
    first, second = stored(where, "2026-01"), stored(where, "2026-04")
    serve(where, first)
    serve(where, second)
    assert where.champion() == second
    where.promote(first, Author("ann", "lists repeat themselves", ROLLBACK))
    serve(where, second)
    assert where.champion() == first
    assert "by hand" in (where.decision() or {})["tried"][0]["reason"]
    where.promote(second, Author("ann", "it was the catalogue", PROMOTE))
    serve(where, second)
    assert where.champion() == second
    assert where.moves.read()[0].manner == TRAIN


def test_private_models_are_counted_apart_when_old_ones_go(where: Registry) -> None:
    names = [stored(where, f"2026-{month:02d}") for month in (1, 4, 7)]
    people = [where.store({"n": np.array([n])}, {"n": n}) for n in range(3)]
    where.promote(people[0])
    where.prune(1)
    assert sorted(where.names()) == sorted([people[0], *names[1:]])


@pytest.mark.parametrize(("day", "months", "period"), [((2026, 3, 31), 3, "2026-01"), ((2026, 12, 1), 6, "2026-07")])
def test_a_period_is_named_after_its_first_month(day: tuple[int, int, int], months: int, period: str) -> None:
    from datetime import date

    assert period_of(date(*day), months) == period
