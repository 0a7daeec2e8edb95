"""No account ever costs more than its allowance, whatever it does; and what it may not spend today it may tomorrow."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.privacy.allowances import DAY, Terms, allowance_spend, least_weights, terms_of
from media_privacy_pipeline.privacy.mechanism import mechanism_of, spend_of, weights_of
from media_privacy_pipeline.privacy.weights import ONE, weight
from media_privacy_pipeline.release_policy import TableStatement

TOY = {
    "title": "A toy",
    "cells": {"title_id": {"of": "titles"}},
    "measures": {
        "viewers": {"budget": 0.5},
        "plays": {"of": "plays", "least": 1, "most": 3, "budget": 0.2},
        "hours": {"of": "seconds", "most": 7200, "per": 3600, "budget": 0.2},
    },
    "mu": 0.3,
    "totals_budget": 0.1,
}


def stated(m: int, most: int, carry: int) -> TableStatement:
    bounds = {"squared_norm": m, "most_cells": most, "allowance": {"carry_days": carry}}
    return TableStatement.model_validate({**TOY, **bounds})


statements = st.tuples(st.integers(1, 4), st.integers(0, 12), st.integers(2, 9)).map(
    lambda drawn: stated(drawn[0], drawn[0] + drawn[1], drawn[2])
)


def cost(statement: TableStatement, cells: int, w: int) -> Fraction:
    """What a day costs an account at most, in squared mu: from the statement's words and the scales of the noise."""
    if w == 0:
        return Fraction(0)
    mechanism, reaches = mechanism_of(statement), {"viewers": 1, "plays": 1, "hours": 3600}
    square = sum(Fraction(reaches[s.name] ** 2 * w * w * cells, s.sigma**2 - 4) for s in mechanism.sums)
    kept, all_cells = w * cells, ONE * min(cells, statement.most_cells)
    return square + Fraction(kept**2 + (all_cells - kept) ** 2, mechanism.totals_sigma**2 - 4)


def spent(statement: TableStatement, terms: Terms, nights: list[int]) -> list[Fraction]:
    """What one account with so many cells a night costs, night by night, by the bounding's own code."""
    owed, found = np.zeros(1, np.int64), []
    for cells in nights:
        k = np.array([cells])
        owed = terms.brought(owed)
        w = terms.weights(k, owed)
        owed = owed + terms.price(k, w)
        found.append(cost(statement, cells, int(w[0])))
    return found


habits = st.tuples(st.lists(st.integers(0, 40), min_size=1, max_size=10), st.integers(1, 6)).map(lambda d: d[0] * d[1])


@given(statements, habits, st.data())
def test_in_any_run_of_days_an_account_costs_at_most_their_charges_and_one_standing_charge(
    statement: TableStatement, nights: list[int], data: st.DataObject
) -> None:
    terms = terms_of(statement)
    costs = spent(statement, terms, nights)
    first = data.draw(st.integers(0, len(nights) - 1))
    last = data.draw(st.integers(first, len(nights) - 1))
    days = last - first + 1
    assert sum(costs[first : last + 1]) <= (days + terms.full // DAY - 1) * terms.daily


@given(statements, st.integers(1, 200), st.integers(0, 40 * DAY))
def test_a_weight_is_the_largest_that_is_paid_for_and_never_below_the_least(
    statement: TableStatement, cells: int, owed: int
) -> None:
    terms = terms_of(statement)
    owed = min(owed, terms.full - DAY)
    k = np.array([cells])
    w = int(terms.weights(k, np.array([owed]))[0])
    least = weight(cells, statement.squared_norm, statement.most_cells)
    if least == 0:
        assert w == 0
        return
    assert w >= least == least_weights(statement, k)[0]
    left = Fraction(terms.full - owed, DAY) * terms.daily
    assert cost(statement, cells, w) <= left
    unit = terms.daily / DAY
    larger = range(w + 1, min(ONE, ONE * statement.most_cells // cells) + 1)
    assert all(cost(statement, cells, more) > left - unit for more in larger)


@given(statements, st.integers(1, 200), st.integers(0, ONE))
def test_a_price_is_the_cost_rounded_up_to_a_unit(statement: TableStatement, cells: int, w: int) -> None:
    terms = terms_of(statement)
    if cells >= len(terms.prices) or w > ONE * min(cells, statement.most_cells) // cells:
        return
    units = int(terms.price(np.array([cells]), np.array([w]))[0])
    exact = cost(statement, cells, w) / terms.daily * DAY
    assert units == terms.full + 1 if exact > terms.full else units - 1 < exact <= units


def test_one_days_allowance_is_what_the_ledger_is_charged_and_the_rest_stands_beside_it() -> None:
    statement = stated(2, 6, 14)
    terms, spend = terms_of(statement), allowance_spend("toy", statement)
    assert float(terms.daily) == pytest.approx(mechanism_of(statement).mu ** 2, rel=1e-12)
    assert spend.mu == spend_of(statement).mu
    assert spend.standing == pytest.approx(13 * spend.mu**2, rel=1e-12)
    assert (spend.unit, spend.family) == ("account", f"toy/{terms.digest}")


def test_who_watches_on_saturdays_alone_contributes_seven_days_worth() -> None:
    statement = stated(1, 20, 14)
    terms = terms_of(statement)
    saturdays = spent(statement, terms, ([16] + [0] * 6) * 8)[0::7]
    assert saturdays[0] > 13 * terms.daily
    # What a whole 64th would pass is left for the Saturday after.
    assert all(6.5 * terms.daily < each < 7.5 * terms.daily for each in saturdays[-4:])
    assert sum(saturdays[-4:]) <= (28 + 1) * terms.daily


def test_what_is_not_used_is_carried_over_for_so_many_days_and_no_more() -> None:
    statement = stated(1, 20, 3)
    terms = terms_of(statement)
    after = [max(spent(statement, terms, [40] * 5 + [0] * idle + [40])[-1:]) for idle in range(6)]
    assert after[0] < after[1] < after[2] == after[3] == after[5] <= 3 * terms.daily


def test_terms_have_a_name_of_their_own_for_each_that_costs_otherwise() -> None:
    families = [terms_of(stated(*each)).digest for each in ((1, 6, 7), (1, 6, 8), (1, 7, 7), (2, 6, 7))]
    assert len(set(families)) == 4
    other_words = stated(1, 6, 7).model_copy(update={"title": "Another"})
    assert terms_of(other_words).digest == families[0]


def test_an_account_with_more_cells_than_count_pays_nothing_and_counts_for_nothing() -> None:
    statement = stated(1, 6, 7)
    terms, many = terms_of(statement), np.array([weights_of(statement).num_rows + 1, 10**9])
    weights = terms.weights(many, np.zeros(2, np.int64))
    assert weights.tolist() == terms.price(many, weights).tolist() == [0, 0]
    assert least_weights(statement, many).tolist() == [0, 0]
