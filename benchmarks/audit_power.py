"""How small an error of the noise the audit sees: python -m benchmarks.audit_power [--size small|full] [--trials N].

For each check and size, the share of `trials` in which noise whose scale is too small by so many percent is caught, on
the packaged policy's title_daily (a mu of .05) through our own sampler. docs/audits.md holds what it found.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.stats import norm

from media_privacy_pipeline import policy
from media_privacy_pipeline.audit.drawn import check_noise
from media_privacy_pipeline.audit.size import SIZES
from media_privacy_pipeline.audit.worlds import ERROR, claims, proven
from media_privacy_pipeline.privacy.noise import Integers, Noise, discrete_gaussian

TABLE = "title_daily"
ERRORS = (1, 2, 3, 4, 5, 6, 7, 8, 10)
WORLD_ERRORS = (5, 10, 15, 20, 25, 30, 35, 40, 45, 50)


def smaller(percent: int) -> Noise:
    """Noise whose scale is so many percent too small."""

    def noise(values: Integers, sigma: int) -> Integers:
        return discrete_gaussian(values, round(sigma * (100 - percent) / 100))

    return noise


def worlds_caught(mu: float, draws: int, percent: int, trials: int) -> int:
    """How often the two worlds tell such noise, from the counts that so many draws of it give: binomials of known
    chance, so that nothing has to be drawn."""
    generator = np.random.default_rng()
    pairs, real = claims(mu), 100 / (100 - percent)
    error = ERROR / (4 * len(pairs))
    caught = 0
    for _ in range(trials):
        # Twice, as a failure is confirmed by guessing anew.
        caught += all(_above(generator, mu, real, pairs, draws, error) for _ in range(2))
    return caught


def _above(
    generator: np.random.Generator, mu: float, real: float, pairs: list[tuple[float, float]], draws: int, error: float
) -> bool:
    for claim, delta in pairs:
        # The evidence is mu²/2 up or down, with a standard deviation of mu where the scale is right.
        hits, false = (norm.sf((claim - sign * mu * mu / 2) / mu * real) for sign in (1, -1))
        for _ in ("in", "out"):
            right, wrong = generator.binomial(draws, hits), generator.binomial(draws, false)
            if proven(right, wrong, draws, delta, error) > claim:
                return True
    return False


def main() -> None:
    """Print a row a check, error and size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=sorted(SIZES), action="append")
    parser.add_argument("--trials", type=int, default=300)
    given = parser.parse_args()
    statement = policy.load().releases.tables[TABLE]
    for chosen in given.size or ["small", "full"]:
        size = SIZES[chosen]
        for percent in ERRORS:
            noise = smaller(percent)
            trials = (check_noise(TABLE, statement, noise, draws=size.drawn) for _ in range(given.trials))
            if _tell(chosen, "noise_drawn", percent, sum(not each.passed for each in trials), given.trials):
                break
        for percent in WORLD_ERRORS:
            caught = worlds_caught(statement.mu, size.worlds, percent, given.trials)
            if _tell(chosen, "two_worlds", percent, caught, given.trials):
                break


def _tell(size: str, check: str, percent: int, caught: int, trials: int) -> bool:
    print(f"{size:<6} {check:<12} sigma -{percent:>2} %  caught {caught} of {trials}", flush=True)
    return caught == trials


if __name__ == "__main__":
    main()
