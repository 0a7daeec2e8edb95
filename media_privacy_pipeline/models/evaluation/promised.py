"""Private models in `evaluate`: what a promise buys them, the floor beside them, and what is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import UsageError
from ...privacy.accountant import epsilon_of, mu_within
from ..private.config import PrivateAlsConfig, PrivatePopularityConfig, improved
from ..recommenders.kinds import PRIVATE
from .report import Entry

DELTA = 1e-6
_FLOOR = "private_popularity"


def promised(kind: str, epsilon: float, delta: float) -> dict[str, Any]:
    """The configuration of a private kind that keeps a promise to each user. Raises UsageError for one that cannot be
    kept."""
    if not 0 < epsilon <= 100:
        raise UsageError(f"--epsilon {epsilon:g}: expected a number above 0, 100 at most")
    if not 0 < delta < 1:
        raise UsageError(f"--delta {delta:g}: expected a number between 0 and 1")
    mu = mu_within(epsilon, delta)
    config = PrivatePopularityConfig(mu=mu) if kind == _FLOOR else improved(mu)
    return config.model_dump(mode="json")


def with_floor(entries: Sequence[Entry]) -> list[Entry]:
    """The models, and popularity under the same promise beside private ones: by counts that all of the largest mu pays
    for."""
    costs = [entry.config.mu for entry in entries if isinstance(entry.config, PrivateAlsConfig)]
    if not costs or any(entry.kind == _FLOOR for entry in entries):
        return list(entries)
    return [*entries, Entry(_FLOOR, _FLOOR, PrivatePopularityConfig(mu=max(costs)))]


def promises(entries: Sequence[Entry], delta: float, users: int) -> dict[str, Any]:
    """What the document tells of the privacy of its models; nothing where none of them is private.

    `users` are those that models learned from.
    """
    kept = [
        {"model": entry.name, "epsilon": float(f"{epsilon_of(entry.config.mu, delta):.6g}"), "delta": delta}
        | {"mu": entry.config.mu}
        for entry in entries
        if isinstance(entry.config, PrivateAlsConfig | PrivatePopularityConfig)
    ]
    if not kept:
        return {}
    told = {
        "unit": "user of the training side",
        "catalogue": "the titles of the training side are taken to be public",
        "noise": "drawn afresh and never seeded: figures differ from run to run",
        "figures": "exact, hence not private themselves",
    }
    return {"privacy": {"models": kept, **told, "delta_times_users": delta * users}}


def notes(document: Mapping[str, Any]) -> list[str]:
    """The same in words, a line each."""
    privacy = document.get("privacy")
    if privacy is None:
        return []
    told = ", ".join(f"{each['model']} (epsilon {each['epsilon']:g})" for each in privacy["models"])
    found = [
        f"differentially private for each user, delta {privacy['models'][0]['delta']:g}: {told}. The titles of the "
        "training side are taken to be public",
        "their noise is drawn afresh and never seeded: these figures differ from run to run, by more than the "
        "intervals, which are over users alone",
        "the figures themselves are exact and keep no promise: they are for whoever may see the data",
    ]
    if privacy["delta_times_users"] > 1:
        found.append("delta is above 1 / users of the training side: choose a smaller --delta for a promise of worth")
    return found


def check_asked(named: Sequence[str], given: Sequence[str], epsilon: float | None, delta: float | None) -> None:
    """Raise UsageError for a promise that no model keeps, of the kinds `named` and those `given` by their
    configuration, which says what it costs, and for a private model without one."""
    ours, theirs = [kind for kind in named if kind in PRIVATE], [kind for kind in given if kind in PRIVATE]
    if (epsilon is not None or delta is not None) and not ours + theirs:
        raise UsageError(f"--epsilon and --delta are for private models; there are {', '.join(PRIVATE)}")
    if epsilon is not None and theirs:
        raise UsageError(
            f"--epsilon: the --config of {theirs[0]} says what it costs (mu) already; leave one of the two"
        )
    if epsilon is None and (lacking := [kind for kind in ours if kind not in theirs]):
        raise UsageError(f"--model {lacking[0]}: say what it may cost each user with --epsilon (and --delta)")
