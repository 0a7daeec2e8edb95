"""A year and a half of nights: joiners, leavers, binge viewers and bots, and nobody ever passes the allowance."""

from __future__ import annotations

import numpy as np
import pytest

from media_privacy_pipeline.privacy.allowances import DAY, Terms, terms_of
from media_privacy_pipeline.release_policy import TableStatement

NIGHTS, YEAR, EACH, CARRY = 500, 365, 300, 14
KINDS = ("daily", "weekend", "joiner", "leaver", "binge", "bot")


@pytest.fixture(scope="module")
def terms() -> Terms:
    return terms_of(
        TableStatement.model_validate(
            {
                "title": "A toy",
                "cells": {"title_id": {"of": "titles"}},
                "measures": {"viewers": {"budget": 0.8}},
                "squared_norm": 1,
                "most_cells": 20,
                "mu": 0.034,
                "totals_budget": 0.2,
                "allowance": {"carry_days": CARRY},
            }
        )
    )


def cells(night: int, rng: np.random.Generator) -> np.ndarray:
    """Cells of each account of each kind on one night."""
    some = rng.poisson(4, EACH)
    joined = night >= np.arange(EACH) * NIGHTS // EACH
    return np.concatenate(
        [
            some,
            some * (night % 7 >= 5),
            some * joined,
            some * ~joined,
            np.where(rng.random(EACH) < 0.04, rng.integers(20, 250, EACH), 0),
            # Whoever tries to take most: everything, every night, or as soon as the allowance is full again.
            np.where((night % (1 + np.arange(EACH) % 40)) == 0, 1 + np.arange(EACH), 0),
        ]
    )


@pytest.fixture(scope="module")
def paid(terms: Terms) -> np.ndarray:
    """Units that each account paid on each night, shape (nights, accounts)."""
    rng, owed = np.random.default_rng(11), np.zeros(EACH * len(KINDS), np.int64)
    found = []
    for night in range(NIGHTS):
        owed = terms.brought(owed)
        k = cells(night, rng)
        price = terms.price(k, terms.weights(k, owed))
        owed = owed + price
        found.append(price)
    return np.array(found)


def test_no_account_passes_its_allowance_in_any_year_nor_in_any_other_run_of_nights(paid: np.ndarray) -> None:
    total = np.concatenate([np.zeros((1, paid.shape[1]), np.int64), paid.cumsum(axis=0)])
    years = total[YEAR:] - total[:-YEAR]
    assert years.max() <= (YEAR + CARRY - 1) * DAY
    # Any run at all: how far what was paid beyond a day's worth a night ever rises above its own past.
    beyond = total - DAY * np.arange(NIGHTS + 1)[:, None]
    assert (beyond - np.minimum.accumulate(beyond)).max() <= (CARRY - 1) * DAY


def test_the_allowance_is_used_by_those_who_watch_and_the_bound_is_nearly_reached(paid: np.ndarray) -> None:
    share = dict(zip(KINDS, paid[:YEAR].reshape(YEAR, len(KINDS), EACH).sum(axis=0).max(axis=1), strict=True))
    assert share["bot"] > 0.995 * (YEAR + CARRY - 1) * DAY
    assert share["weekend"] > 0.5 * YEAR * DAY


def test_a_binge_after_idle_nights_takes_many_nights_worth_at_once_and_never_more_than_is_carried(
    paid: np.ndarray,
) -> None:
    binge = paid[:, EACH * KINDS.index("binge") :][:, :EACH]
    assert 0.9 * CARRY * DAY < binge.max() <= CARRY * DAY
