"""What an account owes on its allowances is in its export, nobody else's is, and a profile's export has none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from rights_world import DAYS, open_home

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.privacy.allowances import DAY as UNITS
from media_privacy_pipeline.privacy.odometers import Odometer
from media_privacy_pipeline.privacy.open import PURPOSE, odometers_of
from media_privacy_pipeline.rights.access.owed import allowances
from media_privacy_pipeline.rights.access.people import Person


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A home in which two accounts owe something to two tables, and a third to neither."""
    session = open_home(tmp_path)
    keys = pa.array(session.keyring.account_keys(PURPOSE, ["a1", "a2"]))
    odometers_of(session).write("title_daily", "aa", Odometer(1, DAYS[0], keys, np.array([UNITS // 2, 3 * UNITS])))
    odometers_of(session).write("genre.daily", "bb", Odometer(2, DAYS[1], keys[:1], np.array([UNITS])))
    return session


def test_an_account_is_told_what_it_owes_to_each_table(session: Session) -> None:
    told = allowances(session, Person("a1", None, ("p1",))).rows.to_pylist()
    assert told == [
        {"release": "genre.daily", "day": DAYS[1], "owed_days": 1.0},
        {"release": "title_daily", "day": DAYS[0], "owed_days": 0.5},
    ]
    assert [row["owed_days"] for row in allowances(session, Person("a2", None, ())).rows.to_pylist()] == [3.0]


def test_who_owes_nothing_and_a_single_profile_are_told_of_nothing(session: Session) -> None:
    assert allowances(session, Person("a3", None, ())).rows.num_rows == 0
    assert allowances(session, Person("a1", "p1", ("p1",))).rows.num_rows == 0
