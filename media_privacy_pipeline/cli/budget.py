"""`media-privacy budget ...`: what releases would cost, what they did cost, and drawing a released day anew."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from datetime import date, datetime
from math import isinf
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .opening import opened
from .options import AsJson, Home, Landing, PolicyFile, settings_of
from .output import as_facts, as_json, as_table

if TYPE_CHECKING:
    from ..privacy.ledger import BudgetLedger
    from ..privacy.plan import Plan

_PLANNED = (
    "release",
    "for whom",
    "keys",
    "bounds",
    "noise",
    "times",
    "epsilon once",
    "epsilon of all",
    "delta of keys",
)
_FAMILIES = ("family", "members", "share of the budget", "epsilon of all", "cap", "saved up by an account", "holds")
_CHARGED = ("release", "day", "outcome", "unit", "mu", "epsilon", "delta of keys", "reason")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="See what releases cost people's privacy, before and after.")
    group.command("plan")(plan)
    group.command("show")(show)
    group.command("supersede")(supersede)
    app.add_typer(group, name="budget")


def plan(policy: PolicyFile = None, json: AsJson = False) -> None:
    """Print what a year of a policy's releases would cost one account, and how noisy they would be. Nothing runs.
    Exits with 1 where the budget would not pay for all of it.

      media-privacy budget plan --policy policy.yaml
    """
    from .. import policy as policies
    from ..privacy.plan import plan as planned

    read = policies.load(settings_of(policy=policy).policy)
    found, lag = planned(read.releases), read.consent.closing_lag_days
    if json:
        told = {**asdict(found), "holds": found.holds, "unit": read.releases.budget.unit, "closing_lag_days": lag}
        as_json(_finite(told))
    else:
        as_table(_PLANNED, _planned(found))
        if found.families:
            as_table(_FAMILIES, _families(found))
        as_facts(
            {
                "for whom": f"one {read.releases.budget.unit}, over any {found.days} days, at delta {found.delta:g}",
                "days close": f"{lag} days after they end: what comes later is not in a release",
                "epsilon of all": round(found.epsilon_year, 4),
                "cap": found.cap,
                "holds": found.holds,
            }
        )
    if not found.holds:
        raise typer.Exit(1)


def show(home: Home = None, policy: PolicyFile = None, json: AsJson = False) -> None:
    """Print every charge, what the budget's days that end with the last of them cost, and what is left of the cap.

    media-privacy budget show --home home
    """
    from .. import policy as policies
    from ..privacy.ledger import BudgetLedger

    settings = settings_of(home=home, policy=policy)
    budget = policies.load(settings.policy).releases.budget
    with closing(BudgetLedger(settings.budget_ledger, budget, create=False)) as ledger:
        rows, left = _charged(ledger), _left(ledger)
    if json:
        as_json(_finite({"charges": [dict(zip(_CHARGED, row, strict=True)) for row in rows], **left}))
    else:
        as_table(_CHARGED, rows)
        as_facts(left)


def supersede(
    table: Annotated[str, typer.Argument(help="The released table.")],
    day: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The released day.")],
    reason: Annotated[str, typer.Option(help="Why, in words, and without a personal value: it is published.")],
    home: Home = None,
    landing: Landing = None,
    policy: PolicyFile = None,
    json: AsJson = False,
) -> None:
    """Draw a released day anew, and pay for it once more. The old bytes are kept; the next run publishes the new ones.
    Exits with 1 where the day was never released, or where the budget does not pay for it.

      media-privacy budget supersede title_daily 2026-03-01 --reason "a catalogue import had lost half the titles"
    """
    from ..privacy.superseding import supersede_day

    with opened(settings_of(home=home, landing=landing, policy=policy), "budget supersede") as session:
        done = supersede_day(session, table, day.date(), reason)
        cap = session.policy.releases.budget
    told = {
        "release": f"{table}/{day.date()}#{done.attempt}",
        "sha256": done.stored.sha256,
        "epsilon_account_year": round(done.epsilon_year, 4),
        "cap": cap.epsilon,
        "delta": cap.delta,
    }
    if json:
        as_json(told)
    else:
        as_facts({**told, "then": "`media-privacy run` publishes it"})


def _finite(told: Any) -> Any:
    """JSON has no infinity: null says that no epsilon holds at this delta."""
    if isinstance(told, dict):
        return {name: _finite(value) for name, value in told.items()}
    if isinstance(told, list | tuple):
        return [_finite(value) for value in told]
    return None if isinstance(told, float) and isinf(told) else told


def _planned(found: Plan) -> list[list[Any]]:
    return [
        [
            line.name,
            line.unit,
            line.keys,
            line.bounds,
            ", ".join(f"{name} {scale:.3g}" for name, scale in line.scales.items()),
            line.times_a_year,
            round(line.epsilon, 4),
            round(line.epsilon_year, 4),
            f"{line.threshold_delta:.2g}",
        ]
        for line in found.lines
    ]


def _families(found: Plan) -> list[list[Any]]:
    return [
        [
            family.name,
            ", ".join(family.members) or "none yet",
            f"{family.share:.0%}",
            round(family.epsilon_year, 4),
            round(family.cap, 4),
            round(family.allowance, 4),
            family.holds,
        ]
        for family in found.families
    ]


def _charged(ledger: BudgetLedger) -> list[list[Any]]:
    from ..privacy.charges import outcome
    from ..privacy.standing import epsilons_of

    charges = ledger.charges()
    epsilons = epsilons_of((charge.spend for charge in charges), ledger.budget.delta)
    return [
        [
            f"{charge.name}/{charge.partition}#{charge.attempt}",
            charge.day,
            outcome(charge),
            charge.spend.unit,
            charge.spend.mu,
            epsilon,
            charge.spend.threshold_delta,
            charge.reason,
        ]
        for charge, epsilon in zip(charges, epsilons, strict=True)
    ]


def _left(ledger: BudgetLedger) -> dict[str, Any]:
    """What the dearest window costs, and how much mu a charge on the last day could still have."""
    budget, days = ledger.budget, {charge.day for charge in ledger.charges()}
    last: date | None = max(days, default=None)
    return {
        "unit": budget.unit,
        "days": budget.days,
        "delta": budget.delta,
        "last_day": last,
        "epsilon": round(ledger.year_epsilon(last), 4) if last else 0.0,
        "cap": budget.epsilon,
        "mu_left": round(ledger.left(last), 6) if last else None,
    }
