"""`python -m benchmarks.running_totals`: three ways to release running totals of weeks, at one price for a year.

An account contributes a vector of the bound's length in every week, in the worst direction; the unit is (bound / mu)².
`independent`: each week by itself. `tree`: sums over dyadic ranges, the noise of each level chosen for the least of the
largest variance. `square_root`: the factorisation of Henzinger, Fichtenberger and Upadhyay. Each is measured by drawing
its noise, beside the variance that its formula gives (docs/privacy-proofs.md, 10.5).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

_SEED = 53
_SERIES = 20_000


def factors(periods: int) -> dict[str, tuple[Floats, Floats]]:
    """(back, out) of each way: out maps the weeks to what gets noise of scale 1, back maps that to the totals.

    `out` is scaled so that an account of length 1 in every week moves it by 1. Its entries are not negative, so that an
    account moves it furthest where it does the same in every week.
    """
    prefix = np.tril(np.ones((periods, periods)))
    root = np.eye(periods)
    for n, entry in enumerate(_root(periods)[1:], start=1):
        root += np.diag([entry] * (periods - n), -n)
    back, nodes = _tree(periods)
    pairs = {"independent": (prefix, np.eye(periods)), "tree": (back, nodes), "square_root": (root, root)}
    reach = {name: float(np.linalg.norm(out.sum(axis=1))) for name, (_, out) in pairs.items()}
    return {name: (back * reach[name], out / reach[name]) for name, (back, out) in pairs.items()}


def variances(periods: int) -> dict[str, Floats]:
    """Variance of the running total after each week."""
    return {name: (back**2).sum(axis=1) for name, (back, _) in factors(periods).items()}


def measured(periods: int, seed: int = _SEED) -> dict[str, Floats]:
    """The same, as found by drawing noise."""
    rng = np.random.default_rng(seed)
    return {
        name: ((rng.standard_normal((_SERIES, len(out))) @ back.T) ** 2).mean(axis=0)
        for name, (back, out) in factors(periods).items()
    }


def _root(periods: int) -> Floats:
    """First column of the square root of the lower triangle of ones."""
    odd = np.arange(1, 2 * periods - 2, 2)
    return np.concatenate([[1.0], np.cumprod(odd / (odd + 1))])


def _tree(periods: int) -> tuple[Floats, Floats]:
    """Nodes are dyadic ranges of weeks, each divided by its level's noise; a total takes one a level at most."""
    nodes: list[Floats] = []
    places: dict[tuple[int, int], int] = {}
    levels = range(periods.bit_length())
    # The least of sum(noise²) where what the levels cost, nodes · 4^level / noise², is given: by Lagrange.
    noise = [((periods >> level) * 4.0**level) ** 0.25 for level in levels]
    for level in levels:
        for n in range(periods >> level):
            places[level, n] = len(nodes)
            nodes.append((np.arange(periods) >> level == n) / noise[level])
    back = np.zeros((periods, len(nodes)))
    for week in range(1, periods + 1):
        done = 0
        for level in reversed(levels):
            if week >> level & 1:
                back[week - 1, places[level, done >> level]] = noise[level]
                done += 1 << level
    return back, np.array(nodes)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table in Markdown; exit with 1 where another way than ours is better in any week."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--periods", type=int, default=53)
    periods = parser.parse_args(arguments).periods
    exact, found = variances(periods), measured(periods)
    print(f"| way | first | middle | last | root mean square over {periods} periods, by formula | measured |")
    print("|---|---|---|---|---|---|")
    for name, values in exact.items():
        ends = " | ".join(f"{values[n]:,.0f}" for n in (0, (periods - 1) // 2, -1))
        print(f"| {name} | {ends} | {values.mean() ** 0.5:.1f} | {found[name].mean() ** 0.5:.1f} |")
    others = [values for name, values in exact.items() if name != "independent"]
    if any((values < exact["independent"] * (1 - 1e-12)).any() for values in others):
        sys.exit(1)


if __name__ == "__main__":
    main()
