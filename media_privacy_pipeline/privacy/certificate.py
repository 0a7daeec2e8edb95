"""The certificate of a release: what was promised, what was drawn, what it costs by two accountants, and on whose word.

It holds nothing of people, and no more of a release than its digest: it may go wherever the release goes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any, TypeAlias

from ..keys import signature_holds
from ..release_policy import Budget
from .accountant import epsilon_of
from .charges import Charge, Spend
from .pld import pld_epsilon

Signed: TypeAlias = Mapping[str, str]
"""An Ed25519 signature, {"key": ..., "value": ...}, both in hexadecimal."""


@dataclass(frozen=True)
class NoisyPart:
    """One vector that noise is added to: one account moves it by `sensitivity` in L2, the noise has the scale `sigma`,
    both in steps of 1 / `resolution` of its unit; it is summed around `centre`."""

    name: str
    sensitivity: float
    sigma: int
    resolution: int
    centre: int = 0


@dataclass(frozen=True)
class Terms:
    """What a release is drawn under: its statement as declared, its parts, how often a year of the budget has it, and
    the threshold (64ths) of its keys, where they are not known beforehand. carried: how many releases' worth more one
    account may spend, on one or over a year, within an allowance."""

    statement: Mapping[str, Any]
    parts: tuple[NoisyPart, ...]
    times: int
    threshold: int | None = None
    carried: int = 0


def certificate(
    terms: Terms, charge: Charge, sha256: str, budget: Budget, sign: Callable[[bytes], Signed] | None
) -> dict[str, Any]:
    """The certificate of the release with this digest, drawn for this charge; unsigned where nobody signs."""
    document: dict[str, Any] = {
        "format": 1,
        "release": charge.name,
        "partition": charge.partition,
        "day": charge.day.isoformat(),
        "sha256": sha256,
        "charge_id": charge.charge_id,
        "attempt": charge.attempt,
        "supersedes_because": charge.reason,
        "code": version("media-privacy-pipeline"),
        "statement": dict(terms.statement),
        "mechanism": charge.spend.mechanism,
        "bounds": charge.spend.bounds,
        "parts": [asdict(part) for part in terms.parts],
        "threshold": terms.threshold,
        **figures(terms, charge.spend, budget),
    }
    document["unit"] = charge.spend.unit
    return {**document, "signature": None if sign is None else dict(sign(canonical(document)))}


def figures(terms: Terms, spend: Spend, budget: Budget) -> dict[str, Any]:
    """What a release costs an account, once and over the budget's days of it alone: mu, and the epsilon at the budget's
    delta by exact Gaussian privacy and by the accountant of privacy loss distributions."""
    ratios = tuple(part.sensitivity / part.sigma for part in terms.parts)
    hidden = spend.threshold_delta
    exact = [
        epsilon_of((times * spend.mu**2 + spend.standing) ** 0.5, budget.delta, times * hidden)
        for times in (1, terms.times)
    ]
    # What is carried over costs as much as so many releases more.
    carried = 0 if spend.family is None else terms.carried
    pld = [pld_epsilon(ratios, times + carried, budget.delta, times * hidden) for times in (1, terms.times)]
    return {
        "mu": spend.mu,
        "carried_releases": carried,
        "delta": budget.delta,
        "threshold_delta": hidden,
        "epsilon": _finite(exact[0]),
        "epsilon_pld": _finite(pld[0]),
        "budget_days": budget.days,
        "releases_in_budget_days": terms.times,
        "epsilon_budget_days": _finite(exact[1]),
        "epsilon_pld_budget_days": _finite(pld[1]),
    }


def canonical(document: Mapping[str, Any]) -> bytes:
    """What is signed: compact JSON with sorted keys, without the signature."""
    unsigned = {name: value for name, value in document.items() if name != "signature"}
    return json.dumps(unsigned, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def holds(document: Mapping[str, Any], verifier: str) -> bool:
    """Whether the key `verifier` (hexadecimal) signed exactly this certificate."""
    signature = document.get("signature") or {}
    value = str(signature.get("value", ""))
    return signature.get("key") == verifier and signature_holds(verifier, value, canonical(document))


def text_of(document: Mapping[str, Any]) -> str:
    """The file's text."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _finite(epsilon: float) -> float | None:
    # JSON has no infinity; null says that no epsilon holds at this delta.
    return epsilon if epsilon != float("inf") else None
