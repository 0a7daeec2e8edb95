"""Who may be offered what."""

from __future__ import annotations

import numpy as np
import pytest

from media_privacy_pipeline.models.config import ServingConfig
from media_privacy_pipeline.models.serving.filters import EVERYONE, UNRATED, Filters, audience, minimum_age

CONFIG = ServingConfig()


@pytest.mark.parametrize(
    ("kid", "birth_year", "limit"),
    [
        (False, 1980, 45),
        (False, 2008, 17),  # turns 18 this year, perhaps tomorrow
        (False, 2007, 18),
        (False, np.nan, 12),
        (False, 2030, 12),
        (False, 2026, 0),
        (True, 2018, 7),
        (True, 1980, 7),
        (True, 2022, 3),
        (True, np.nan, 7),
    ],
)
def test_the_highest_rating_is_the_age_reached_for_certain(kid: bool, birth_year: float, limit: int) -> None:
    limits, rated_only = audience(np.array([kid]), np.array([birth_year]), 2026, CONFIG)
    assert limits.tolist() == [limit]
    assert rated_only.tolist() == [kid]


@pytest.mark.parametrize(
    ("maturity", "age"), [("all", EVERYONE), ("7", 7), ("18", 18), (None, UNRATED), ("banned", 18)]
)
def test_a_rating_is_read_as_a_minimum_age(maturity: str | None, age: int) -> None:
    assert minimum_age(maturity) == age


def test_unrated_titles_are_for_all_but_kids_profiles_and_others_by_age() -> None:
    ages = {"all": EVERYONE, "seven": 7, "sixteen": 16, "unrated": UNRATED}
    filters = Filters(ages, np.array([7, 7, 40]), np.array([True, False, False]))
    allowed = filters.over(np.array(["all", "gone", "seven", "sixteen", "unrated"])).allowed(np.arange(3))
    assert allowed.tolist() == [
        [True, False, True, False, False],
        [True, False, True, False, True],
        [True, False, True, True, True],
    ]
