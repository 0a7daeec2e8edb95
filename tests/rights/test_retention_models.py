"""A model out of service that cannot be read is overdue: nobody can say how old what it holds is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import numpy as np

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.models.training import registry
from media_privacy_pipeline.rights.retention.destroy import idle_models, overdue_models


def test_models_that_cannot_be_read_are_overdue_and_young_ones_are_not(make_session: Callable[..., Session]) -> None:
    session = make_session()
    where = registry(session.settings.models)
    arrays = {"titles": np.array(["a"])}
    young = where.store(arrays, {"last_day": "2026-03-01"})
    damaged = where.store(arrays, {"last_day": "2026-03-02"})
    dayless = where.store(arrays, {})
    # A private model holds nobody.
    where.store(arrays, {"epsilon": 1.0})
    (where.root / damaged / "arrays.npz").write_bytes(b"")
    idle = idle_models(session)
    assert idle == {young: date(2026, 3, 1), damaged: date.min, dayless: date.min}
    assert overdue_models(session, datetime(2026, 3, 5)).keys() == {damaged, dayless}
    where.promote(young)
    assert young not in idle_models(session)
