"""How small an error of the noise the audit sees: python -m benchmarks.audit_power [--size small|full] [--trials N].

For each check and size, the share of `trials` in which noise whose scale is too small by so many percent is caught, on
the packaged policy's title_daily (a mu of .05) through our own sampler. docs/audits.md holds what it found.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from media_privacy_pipeline import policy
from media_privacy_pipeline.audit.drawn import check_noise
from media_privacy_pipeline.audit.finding import Finding
from media_privacy_pipeline.audit.size import SIZES
from media_privacy_pipeline.audit.worlds import check_two_worlds
from media_privacy_pipeline.privacy.noise import Integers, Noise, discrete_gaussian

TABLE = "title_daily"
ERRORS = {"noise_drawn": (1, 2, 3, 4, 5, 6, 7, 8, 10), "two_worlds": (10, 15, 20, 25, 30, 40, 50)}


def smaller(percent: int) -> Noise:
    """Noise whose scale is so many percent too small."""

    def noise(values: Integers, sigma: int) -> Integers:
        return discrete_gaussian(values, round(sigma * (100 - percent) / 100))

    return noise


def main() -> None:
    """Print a row a check, error and size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=sorted(SIZES), action="append")
    parser.add_argument("--trials", type=int, default=100)
    given = parser.parse_args()
    statement = policy.load().releases.tables[TABLE]
    for chosen in given.size or ["small", "full"]:
        size = SIZES[chosen]
        checks: dict[str, Callable[[Noise], Finding]] = {
            "noise_drawn": lambda noise, n=size.drawn: check_noise(TABLE, statement, noise, draws=n),
            "two_worlds": lambda noise, n=size.worlds: check_two_worlds(TABLE, statement, noise, n),
        }
        for name, check in checks.items():
            for percent in ERRORS[name]:
                caught = sum(not check(smaller(percent)).passed for _ in range(given.trials))
                print(f"{chosen:<6} {name:<12} sigma -{percent:>2} %  caught {caught} of {given.trials}", flush=True)
                if caught == given.trials:
                    break


if __name__ == "__main__":
    main()
