"""The four feeds that arrive day by day: how their rows are rendered, and how a conflicting row differs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from . import consents, requests, searches, viewing
from .viewing import Rows
from .world import World


@dataclass(frozen=True)
class Feed:
    """One input of the landing zone. `home` gives each row's household, whose clock its JSON times are told by."""

    source: str
    id_column: str
    render: Callable[[World, Rows], pa.Table]
    alter: Callable[[Rows], Rows]
    home: Callable[[World, Rows], npt.NDArray[np.int32]]


def _longer(plays: Rows) -> Rows:
    plays = plays.copy()
    plays["watched"] = np.where(plays["watched"] < 0, 60, plays["watched"] + 7)
    return plays


def _elsewhere(events: Rows) -> Rows:
    events = events.copy()
    events["searched"] += 1
    return events


def _contrary(events: Rows) -> Rows:
    events = events.copy()
    granted = consents.STATES.index("granted")
    events["state"] = np.where(events["state"] == granted, consents.STATES.index("denied"), granted)
    events["text"], events["purpose"] = -1, np.maximum(events["purpose"], 0)
    return events


def _unsure(asked: Rows) -> Rows:
    asked = asked.copy()
    asked["verified"] = ~asked["verified"]
    return asked


def _of_viewer(world: World, rows: Rows) -> npt.NDArray[np.int32]:
    return np.take(world.population.household, rows["viewer"])


def _of_home(_: World, rows: Rows) -> npt.NDArray[np.int32]:
    return np.asarray(rows["home"])


VIEWING = Feed("viewing_events", "event_id", viewing.render, _longer, _of_viewer)
SEARCHES = Feed("search_events", "event_id", searches.render, _elsewhere, _of_viewer)
CONSENTS = Feed("consent_events", "consent_event_id", consents.render, _contrary, _of_home)
REQUESTS = Feed("subject_requests", "request_id", requests.render, _unsure, _of_home)
