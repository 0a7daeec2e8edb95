"""`python -m benchmarks.year`: how near nightly tables come to the truth where each account is promised a whole year.

365 nights of a catalogue of 5,000 titles (Zipf, exponent 1.1), about 10 M plays a week and 100,000 accounts. What is
measured is the viewers of the 1,000 largest (day, title) cells of the last week, catalogue known, at delta 1e-9.

* What is simulated: the accounts' cells, with numpy, from a seed; there are no event rows and no SQL. Which titles are
  watched is drawn for the last week alone: before it, an account's number of cells is all that its allowance knows.
* What is real: the terms, prices, weights and debts of every account on every night, the scales, the sampler, and what
  is published from noisy sums.

Beside it the same promise by plain composition: 20 cells a night of each account, picked at random, Gaussian noise of
the scale that 365 nights of that need; as it is, and debiased by the true ratio of all cells to those kept, which would
have to be paid for. And what carrying over is worth: the same statement without.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor, sqrt

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from media_privacy_pipeline.privacy.accountant import delta_of
from media_privacy_pipeline.privacy.allowances import least_weights, terms_of
from media_privacy_pipeline.privacy.contributions import BoundedSums
from media_privacy_pipeline.privacy.estimate import measures_of
from media_privacy_pipeline.privacy.mechanism import mechanism_of
from media_privacy_pipeline.privacy.noise import discrete_gaussian
from media_privacy_pipeline.privacy.plan import plan
from media_privacy_pipeline.privacy.release import noisy
from media_privacy_pipeline.privacy.weights import ONE
from media_privacy_pipeline.release_policy import Budget, Releases, TableStatement

TITLES, WEEK, TOP, DELTA = 5_000, 7, 1_000, 1e-9
PLAIN_CELLS = 20
_MOST_PLAYS = 400
_DRAWN = 512

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Night:
    """One night: cells by account; for nights of the last week also whose each cell is, and of which title."""

    cells: Counts
    whose: Counts | None = None
    titles: Counts | None = None


class World:
    """Accounts of four habits: most nights, some nights, weekends, and seldom but then three times as much."""

    def __init__(self, accounts: int, plays: float, seed: int) -> None:
        self.rng = rng = np.random.default_rng(seed)
        habit = rng.choice(4, accounts, p=[0.3, 0.4, 0.2, 0.1])
        some = rng.beta(2, 2, accounts)
        on_weekdays = np.choose(habit, [0.9, some, 0.03, 0.08])
        on_weekends = np.choose(habit, [0.95, some, 0.9, 0.12])
        self.chances = np.stack([on_weekdays] * 5 + [on_weekends] * 2)
        level = rng.lognormal(0, 0.6, accounts) * np.where(habit == 3, 3, 1)
        self.level = level * plays / (level * self.chances.mean(axis=0)).mean()
        weights = np.arange(1, TITLES + 1) ** -1.1
        self._zipf = np.cumsum(weights) / weights.sum()
        # How many titles so many plays are of, drawn 512 times for each number of plays.
        watched = self._titles(_MOST_PLAYS * _DRAWN).reshape(_DRAWN, _MOST_PLAYS)
        self._distinct = np.zeros((_MOST_PLAYS + 1, _DRAWN), np.int64)
        for row, titles in enumerate(watched):
            self._distinct[np.sort(np.unique(titles, return_index=True)[1]) + 1, row] = 1
        self._distinct = self._distinct.cumsum(axis=0)

    def nights(self, number: int) -> Iterator[Night]:
        """Night after night; the titles of the last seven."""
        for night in range(number):
            watching = self.rng.random(self.level.size) < self.chances[night % 7]
            plays = self.rng.poisson(self.level * watching * self.rng.gamma(4, 0.25, self.level.size))
            plays = np.minimum(plays, _MOST_PLAYS)
            if night < number - WEEK:
                yield Night(self._distinct[plays, self.rng.integers(0, _DRAWN, plays.size)])
                continue
            whose = np.repeat(np.arange(plays.size), plays)
            cells = np.unique(whose * TITLES + self._titles(whose.size))
            whose, titles = cells // TITLES, cells % TITLES
            yield Night(np.bincount(whose, minlength=plays.size), whose, titles)

    def _titles(self, number: int) -> Counts:
        found: Counts = np.minimum(np.searchsorted(self._zipf, self.rng.random(number)), TITLES - 1)
        return found


def statement_of(epsilon: float, nights: int, chosen: argparse.Namespace, carry: int) -> TableStatement:
    """The statement whose year of nights costs an account this epsilon."""
    year = _mu_for(epsilon)
    mu = floor(year / sqrt(nights + carry - 1) * 1e6) / 1e6
    return TableStatement.model_validate(
        {
            "title": "Viewers by day and title",
            "cells": {"title_id": {"of": "titles"}},
            "measures": {"viewers": {"budget": 1 - chosen.totals_budget}},
            "squared_norm": chosen.squared_norm,
            "most_cells": chosen.most_cells,
            "mu": mu,
            "totals_budget": chosen.totals_budget,
            "allowance": {"carry_days": carry} if carry > 1 else None,
        }
    )


class Side:
    """One statement through the nights: debts of all accounts, and the bounded sums of the last week."""

    def __init__(self, statement: TableStatement, accounts: int) -> None:
        self.statement = statement
        self._owed = np.zeros(accounts, np.int64)
        self.week: list[BoundedSums] = []

    def take(self, night: Night) -> None:
        """Weigh one night, and debit it."""
        if self.statement.allowance is None:
            weights = least_weights(self.statement, night.cells)
        else:
            terms = terms_of(self.statement)
            self._owed = terms.brought(self._owed)
            weights = terms.weights(night.cells, self._owed)
            self._owed = self._owed + terms.price(night.cells, weights)
        if night.whose is not None and night.titles is not None:
            sums = np.bincount(night.titles, weights=weights[night.whose], minlength=TITLES).astype(np.int64)
            kept = night.cells * weights
            cut = np.where(weights > 0, ONE * np.minimum(night.cells, self.statement.most_cells) - kept, 0)
            self.week.append(BoundedSums(sums[None], np.array([kept.sum(), cut.sum()])))

    def published(self) -> NDArray[np.float64]:
        """Viewers of each cell of the week, with noise drawn anew."""
        cells = pa.table({"title_id": pa.array([str(n) for n in range(TITLES)])})
        drawn = (noisy(self.statement, sums, discrete_gaussian) for sums in self.week)
        tables = (measures_of(self.statement, cells, each.values, each.totals) for each in drawn)
        return np.stack([table["viewers"].to_numpy() for table in tables])


class Plain:
    """20 cells of each account a night, at random, as others bound."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self.week: list[Counts] = []
        self.ratios: list[float] = []

    def take(self, night: Night) -> None:
        """Keep 20 cells an account."""
        if night.whose is None or night.titles is None:
            return
        order = np.lexsort((self._rng.random(night.whose.size), night.whose))
        whose, titles = night.whose[order], night.titles[order]
        place = np.arange(whose.size) - np.searchsorted(whose, whose)
        kept = titles[place < PLAIN_CELLS]
        self.week.append(np.bincount(kept, minlength=TITLES))
        self.ratios.append(whose.size / max(1, kept.size))

    def published(self, scale: float, *, debiased: bool) -> NDArray[np.float64]:
        """Viewers of each cell of the week, with noise drawn anew."""
        sums = np.stack(self.week)
        noise = discrete_gaussian(np.zeros(sums.shape, np.int64), round(scale * ONE)) / ONE
        ratios = np.array(self.ratios)[:, None] if debiased else 1.0
        return (sums + noise) * ratios


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.year", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--nights", type=int, default=365, help="that are paid for")
    parser.add_argument("--simulated", type=int, help="the last so many of them; all, where nothing is given")
    parser.add_argument("--plays", type=float, default=100 / WEEK, help="of an account a night, over all accounts")
    parser.add_argument("--epsilons", type=float, nargs="+", default=[4.0, 1.0])
    parser.add_argument("--carry", type=int, nargs="+", default=[14, 1], help="carry_days; 1: nothing is carried over")
    parser.add_argument("--squared-norm", type=int, default=8)
    parser.add_argument("--most-cells", type=int, default=100)
    parser.add_argument("--totals-budget", type=float, default=0.3)
    parser.add_argument("--draws", type=int, default=5, help="of noise; the median counts")
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args(arguments)
    start, simulated = time.perf_counter(), chosen.simulated or chosen.nights
    sides = {
        (epsilon, carry): Side(statement_of(epsilon, chosen.nights, chosen, carry), chosen.accounts)
        for epsilon in chosen.epsilons
        for carry in chosen.carry
    }
    world, plain = World(chosen.accounts, chosen.plays, chosen.seed), Plain(np.random.default_rng(chosen.seed))
    truth, sizes = [], []
    for night in world.nights(simulated):
        plain.take(night)
        for side in sides.values():
            side.take(night)
        if night.titles is not None:
            truth.append(np.bincount(night.titles, minlength=TITLES))
            sizes.append(night.cells[night.cells > 0])
    true = np.stack(truth).astype(np.float64)
    largest = np.argsort(true, axis=None)[::-1][:TOP]
    watching = np.concatenate(sizes)
    middle, heavy, heaviest = np.percentile(watching, [50, 90, 99])
    print(f"{platform.system()} ({platform.machine()}), Python {platform.python_version()}, numpy {np.__version__}\n")
    print(
        f"{chosen.accounts:,} accounts, {chosen.nights} nights paid for, the last {simulated} simulated. Of the "
        f"{watching.size / WEEK:,.0f} accounts that watch on a night the median has {middle:.0f} cells, one in ten "
        f"{heavy:.0f}, one in a hundred {heaviest:.0f}; the largest {TOP:,} cells of the week have "
        f"{true.ravel()[largest[-1]]:,.0f} to {true.max():,.0f} viewers.\n"
    )
    print("| account-year, delta 1e-9 | noise on a viewer | median relative error of viewers | before noise |")
    print("|---|---:|---:|---:|")

    def line(name: str, scale: float, draws: Sequence[NDArray[np.float64]], bare: NDArray[np.float64]) -> None:
        error = np.median([_error(each, true, largest) for each in draws])
        print(f"| {name} | {scale:.1f} | **{error:.3f}** | {_error(bare, true, largest):.3f} |")

    for epsilon in chosen.epsilons:
        for carry in chosen.carry:
            side = sides[epsilon, carry]
            told = "nothing carried over" if carry == 1 else f"up to {carry} nights carried over"
            bare = np.stack([s.values[0] * (1 + s.totals[1] / s.totals[0]) for s in side.week]) / ONE
            draws = [side.published() for _ in range(chosen.draws)]
            figure = _planned(side.statement, chosen.nights)
            scale = mechanism_of(side.statement).sums[0].sigma / ONE
            line(f"ε {figure:.3f}, {told}", scale, draws, bare)
        scale = sqrt(chosen.nights * PLAIN_CELLS) / _mu_for(epsilon)
        for debiased in (False, True):
            bare = np.stack(plain.week) * (np.array(plain.ratios)[:, None] if debiased else 1.0)
            draws = [plain.published(scale, debiased=debiased) for _ in range(chosen.draws)]
            line(f"ε {epsilon:.3f}, plain{', debiased for nothing' if debiased else ''}", scale, draws, bare)
    print(f"\n{time.perf_counter() - start:.0f} s")


def _planned(statement: TableStatement, nights: int) -> float:
    budget = Budget(unit="account", days=nights, epsilon=100, delta=DELTA)
    return plan(Releases(budget=budget, tables={"toy": statement}, vectors={})).epsilon_year


def _error(found: NDArray[np.float64], true: NDArray[np.float64], largest: Counts) -> float:
    return float(np.median(np.abs(found.ravel()[largest] / true.ravel()[largest] - 1)))


def _mu_for(epsilon: float) -> float:
    """The largest mu that is (epsilon, delta)-differentially private."""
    low, high = 0.0, 10.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if delta_of(middle, epsilon) <= DELTA else (low, middle)
    return low


if __name__ == "__main__":
    main(sys.argv[1:])
