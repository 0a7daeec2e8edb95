"""What one check found: the row of `audit_findings`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A figure with its interval and the limit that it is held to. Never about a person: targets are tables or sources.

    Where the figure is exact, low and high are the estimate itself.
    """

    check: str
    target: str
    estimate: float
    low: float
    high: float
    limit: float
    passed: bool


def exact(check: str, target: str, estimate: float, limit: float) -> Finding:
    """A finding without uncertainty, which holds where the estimate is at most the limit."""
    return Finding(check, target, estimate, estimate, estimate, limit, passed=estimate <= limit)
