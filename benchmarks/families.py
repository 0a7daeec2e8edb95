"""`python -m benchmarks.families`: what one allowance for several tables is worth, beside one for each table and none.

The packaged policy's three daily tables over the accounts of `benchmarks.year`, night after night: their cells, with
numpy, from a seed; plays fall on devices, parts of the day and referrers at random. Prices, weights and debts are those
of the released tables. What is told of each way is the ratio of all cells to weighted cells of the last week, by which
noise is multiplied when it is undone: 1 is an account that counts whole; and what a year costs an account beyond its
365 charges a table, in squared mu.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from media_privacy_pipeline import policy
from media_privacy_pipeline.privacy.allowances import least_weights, terms_of
from media_privacy_pipeline.privacy.weights import ONE
from media_privacy_pipeline.release_policy import Allowance, FamilyAllowance, TableStatement

from .year import WEEK, Counts, World

PLAYS_A_TITLE = 1.2
DAYPARTS, DEVICES, REFERRERS = (0.1, 0.15, 0.25, 0.5), 3, (0.35, 0.2, 0.25, 0.05, 0.1, 0.05)
_MOST_PLAYS = 60


@dataclass
class Way:
    """One way to give allowances: the statements, what accounts owe by whose odometer, and the last week's totals."""

    statements: Mapping[str, TableStatement]
    accounts: int
    owed: dict[str, Counts] = field(default_factory=dict)
    totals: dict[str, Counts] = field(default_factory=dict)

    def take(self, cells: Mapping[str, Counts], *, counted: bool) -> None:
        """One night of all tables, in order."""
        for name, statement in self.statements.items():
            if statement.allowance is None:
                weights = least_weights(statement, cells[name])
            else:
                terms = terms_of(statement)
                owed = terms.brought(self.owed.get(terms.owner(name), np.zeros(self.accounts, np.int64)))
                weights = terms.weights(cells[name], owed)
                self.owed[terms.owner(name)] = owed + terms.price(cells[name], weights)
            if counted:
                kept = cells[name] * weights
                cut = np.where(weights > 0, ONE * np.minimum(cells[name], statement.most_cells) - kept, 0)
                tonight = np.array([kept.sum(), cut.sum()])
                self.totals[name] = tonight + self.totals.get(name, np.zeros(2, np.int64))

    @property
    def standing(self) -> float:
        """Squared mu of a year beyond the charges."""
        found: dict[str, float] = {}
        for name, statement in self.statements.items():
            if statement.allowance is not None:
                terms = terms_of(statement)
                found[terms.owner(name)] = max(terms.standing, found.get(terms.owner(name), 0.0))
        return sum(found.values())


def ways(accounts: int) -> dict[str, Way]:
    """The ways that are measured; the first is how the policy was before families."""
    packaged = policy.load().releases
    family = packaged.budget.families["tables"].allowance
    if family is None:
        raise ValueError("the packaged policy has no allowance in common to be measured")
    tables = {name: packaged.tables[name] for name in family.tables}

    def given(allowances: Mapping[str, Allowance | None]) -> Way:
        told = {name: each.model_copy(update={"allowance": allowances.get(name)}) for name, each in tables.items()}
        return Way(told, accounts)

    wide = FamilyAllowance(mu=0.184, tables=family.tables)
    return {
        "title_daily alone, 7 days": given({"title_daily": Allowance(carry_days=7)}),
        "one in common, as packaged": Way(tables, accounts),
        "one for each, 4 days": given(dict.fromkeys(tables, Allowance(carry_days=4))),
        "one for each, 7 days": given(dict.fromkeys(tables, Allowance(carry_days=7))),
        "one in common of 7 days of all": given(dict.fromkeys(tables, Allowance(family="tables", shared=wide))),
    }


def cells_of(rng: np.random.Generator, titles: Counts, devices: Counts) -> dict[str, Counts]:
    """Cells of each account in each table, by its number of titles and of devices."""
    plays = np.minimum(np.ceil(titles * PLAYS_A_TITLE), _MOST_PLAYS)
    watched: NDArray[np.bool_] = np.zeros((titles.size, len(DAYPARTS) * DEVICES), bool)
    came: NDArray[np.bool_] = np.zeros((titles.size, len(REFERRERS)), bool)
    for n in range(int(plays.max())):
        who = np.nonzero(plays > n)[0]
        device = np.where(rng.random(who.size) < 0.7, 0, (rng.random(who.size) * devices[who]).astype(np.int64))
        watched[who, rng.choice(len(DAYPARTS), who.size, p=DAYPARTS) * DEVICES + device] = True
        came[who, rng.choice(len(REFERRERS), who.size, p=REFERRERS)] = True
    return {"title_daily": titles, "audience_daily": watched.sum(axis=1), "discovery_daily": came.sum(axis=1)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.families", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounts", type=int, default=40_000)
    parser.add_argument("--nights", type=int, default=35, help="simulated; the last seven count")
    parser.add_argument("--plays", type=float, default=2.0, help="of an account a night, over all accounts")
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args(arguments)
    world, rng = World(chosen.accounts, chosen.plays, chosen.seed), np.random.default_rng(chosen.seed + 1)
    devices = 1 + rng.binomial(DEVICES - 1, 0.3, chosen.accounts)
    found = ways(chosen.accounts)
    for number, night in enumerate(world.nights(chosen.nights)):
        cells = cells_of(rng, night.cells, devices)
        for way in found.values():
            way.take(cells, counted=number >= chosen.nights - WEEK)
    names = list(next(iter(found.values())).statements)
    print(f"| allowances | {' | '.join(names)} | standing charge |")
    print("|---|" + "---:|" * (len(names) + 1))
    for told, way in found.items():
        ratios = " | ".join(f"{1 + way.totals[name][1] / way.totals[name][0]:.3f}" for name in names)
        print(f"| {told} | {ratios} | {way.standing:.4f} |")


if __name__ == "__main__":
    main(sys.argv[1:])
