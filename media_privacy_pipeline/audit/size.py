"""How much an audit draws, plants and repeats."""

from __future__ import annotations

from dataclasses import dataclass

from ..audit_policy import AuditSize


@dataclass(frozen=True)
class Size:
    """drawn: draws a sum of the noise test, by our own sampler. worlds: draws of each of the two worlds. canaries and
    canary_days: the most canaries of a table, and the most days that they are spread over. nights: re-runs of a closed
    day. pipeline: whether a landing zone of planted people goes through the door, consent and permission as well.
    mutants: whether every known way of breaking the promise is tried on the checks."""

    drawn: int
    worlds: int
    canaries: int
    canary_days: int
    nights: int
    pipeline: bool
    mutants: bool


SIZES: dict[AuditSize, Size] = {
    "small": Size(drawn=10_000, worlds=100_000, canaries=500, canary_days=5, nights=30, pipeline=False, mutants=False),
    "full": Size(
        drawn=200_000, worlds=1_000_000, canaries=5_000, canary_days=60, nights=30, pipeline=True, mutants=True
    ),
}

OPENDP_DRAWS = 10_000
"""Draws a sum by OpenDP, whatever the size: a second for 0.1 million."""
