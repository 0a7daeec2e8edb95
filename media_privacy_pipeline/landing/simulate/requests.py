"""Subject requests: every kind of them, most of them verified, and the households that leave for good."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from .ids import hexadecimal, mixed
from .viewing import Rows
from .world import NEVER, World

REQUEST = np.dtype(
    [
        ("number", "u8"),
        ("home", "i4"),
        ("viewer", "i4"),  # negative: the whole account
        ("kind", "i1"),
        ("purpose", "i1"),  # negative: none
        ("title", "i4"),  # negative: none
        ("received", "i8"),
        ("verified", "?"),
    ]
)
KINDS = (
    "access", "portability", "erasure", "restriction", "lift_restriction", "objection", "hide_title", "legal_hold",
    "lift_hold",
)  # fmt: skip
PURPOSES = ("analytics", "personalisation", "training")
# Households that ask, as a share; each kind has at least one wherever there are households enough.
_ASK = {"access": 0.003, "portability": 0.001, "erasure": 0.003, "restriction": 0.002, "objection": 0.003,
        "hide_title": 0.006, "legal_hold": 0.0005}  # fmt: skip
_FOLLOWED_BY = {"restriction": "lift_restriction", "legal_hold": "lift_hold"}
_UNVERIFIED_SHARE = 0.12
_SALT = 19_000_013


def plan(world: World) -> tuple[World, Rows]:
    """All requests of the period by time, and the world in which verified erasures are known.

    Nobody asks for two things, other than lifting what they asked for: so that what a request did can be told.
    """
    rng, people = world.stream("requests"), world.population
    counts = {kind: max(1, round(share * people.households)) for kind, share in _ASK.items()}
    asking = rng.permutation(people.households)[: sum(counts.values())]
    kinds = np.repeat([KINDS.index(kind) for kind in counts], list(counts.values()))[: len(asking)]
    requests = np.zeros(len(asking), dtype=REQUEST)
    requests["home"], requests["kind"], requests["purpose"] = asking, kinds, -1
    span = world.end - world.epoch(0)
    requests["received"] = world.epoch(0) + rng.integers(span // 10, max(span // 10 + 1, span * 9 // 10), len(asking))
    requests["verified"] = rng.random(len(asking)) >= _UNVERIFIED_SHARE
    # The first of each kind is verified, so that each kind can be seen at work in the smallest zone.
    requests["verified"][np.unique(kinds, return_index=True)[1]] = True
    requests["title"], requests["viewer"] = -1, -1
    hides, objects = kinds == KINDS.index("hide_title"), kinds == KINDS.index("objection")
    favourites = np.argsort(-world.catalogue.popularity, kind="stable")[:20]
    requests["title"][hides] = rng.choice(favourites, hides.sum())
    requests["purpose"][objects] = rng.integers(0, len(PURPOSES), objects.sum())
    # A hidden title is hidden by the household's first profile, not by all of them.
    requests["viewer"][hides] = np.searchsorted(people.household, asking[hides])
    lifted = [_lifts(rng, requests, kind, lift, world.end) for kind, lift in _FOLLOWED_BY.items()]
    requests = np.concatenate([requests, *lifted])
    requests = requests[np.argsort(requests["received"], kind="stable")]
    requests["number"] = mixed(np.arange(len(requests)), _SALT + world.seed)
    gone = np.full(people.households, NEVER, dtype=np.int64)
    erased = requests[(requests["kind"] == KINDS.index("erasure")) & requests["verified"]]
    gone[erased["home"]] = (erased["received"] - world.epoch(0)) // 86_400
    return replace(world, gone_day=gone), requests


def render(world: World, requests: Rows) -> pa.Table:
    """Requests as rows of subject_requests, with every declared column."""
    people = world.population
    viewer = pa.array(requests["viewer"], mask=requests["viewer"] < 0)
    columns: dict[str, Any] = {
        "request_id": hexadecimal(requests["number"], "r"),
        "account_id": people.account_ids.take(pa.array(requests["home"])),
        "profile_id": people.profile_ids.take(viewer).cast(pa.string()),
        "kind": pa.array(KINDS).take(pa.array(requests["kind"])),
        "purpose": pa.array(PURPOSES).take(pa.array(requests["purpose"], mask=requests["purpose"] < 0)),
        "title_id": world.catalogue.ids.take(pa.array(requests["title"], mask=requests["title"] < 0)),
        "received_at": pa.array(requests["received"] * 1000, pa.timestamp("ms", tz="UTC")),
        "verified": requests["verified"],
    }
    return pa.table(columns)


def _lifts(rng: np.random.Generator, requests: Rows, kind: str, lift: str, end: int) -> Rows:
    """Every other request of a kind is lifted some days later, where the period lasts so long."""
    lifted = requests[requests["kind"] == KINDS.index(kind)][::2].copy()
    lifted["kind"] = KINDS.index(lift)
    lifted["received"] += rng.integers(1, 8, len(lifted)) * 86_400
    return np.compress(lifted["received"] < end, lifted)
