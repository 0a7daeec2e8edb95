"""Ways of breaking the promise that the audit must see: were one of them missed, the audit itself would have failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from ..consent import steps as consent
from ..engines import Engine, Session, Span
from ..landing import steps as door
from ..landing.sources import SOURCES
from ..policy import Policy
from ..privacy import release
from ..privacy.contributions import BoundedSums, Source, bounded_sums
from ..privacy.mechanism import mechanism_of
from ..privacy.noise import Integers, Noise, discrete_gaussian, opendp_noise
from ..privacy.periods import within
from ..privacy.release import noisy
from ..privacy.unknown_keys import told
from ..release_policy import Allowance, TableStatement
from ..sql import load_project
from .canaries import check_canaries
from .drawn import check_noise
from .finding import Finding, exact
from .hidden_keys import check_hidden_keys
from .repeats import check_repeats
from .sensitivity import check_sensitivity
from .size import SIZES, Size
from .subject import HONEST, Subject
from .telling import check_telling
from .withheld import PURPOSE, check_withheld, honest_night
from .worlds import check_two_worlds

_NIGHTS = 5
_WORLDS = SIZES["full"].worlds
"""Half the noise is not for certain to be seen in fewer draws, where mu is small."""

Public: TypeAlias = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Mutant:
    """`subject` breaks one thing; `caught_by` names each check that must see it."""

    name: str
    subject: Callable[[], Subject]
    caught_by: tuple[str, ...]
    applies: Callable[[Policy], bool] = lambda policy: True
    """Whether it breaks anything under a policy: what is allowed cannot be leaked."""


def _scaled(factor: float) -> Subject:
    """Noise of another scale than asked for, by both samplers."""

    def of(noise: Noise) -> Noise:
        return lambda values, sigma: noise(values, max(1, round(factor * sigma)))

    return replace(HONEST, noise=of(discrete_gaussian), other_noise=of(opendp_noise))


def _silent(values: Integers, sigma: int) -> Integers:
    return values


def _one_sloppy(statement: TableStatement, sums: BoundedSums, noise: Noise) -> BoundedSums:
    """The measure with the least budget has nine tenths of its noise; every other sum is honest."""
    drawn = noisy(statement, sums, noise)
    least = min(range(len(statement.measures)), key=lambda n: list(statement.measures.values())[n].budget)
    values = drawn.values.copy()
    values[least] = noise(sums.values[least], round(0.9 * mechanism_of(statement).sums[least].sigma))
    return BoundedSums(values, drawn.totals)


def _bare_totals(statement: TableStatement, sums: BoundedSums, noise: Noise) -> BoundedSums:
    return BoundedSums(noisy(statement, sums, noise).values, sums.totals)


def _unbounded(
    engine: Engine, statement: TableStatement, source: Source, days: Iterable[date], public: Public
) -> dict[date, BoundedSums]:
    """As many cells as an account likes count in full."""
    wide = {"squared_norm": 64 * statement.squared_norm, "most_cells": max(1024, statement.most_cells)}
    lax = statement.model_copy(update=wide)
    return bounded_sums(engine, lax, source, days, public)


def _unclipped(
    engine: Engine, statement: TableStatement, source: Source, days: Iterable[date], public: Public
) -> dict[date, BoundedSums]:
    """Every clip is twice as wide as declared, around the middle that was declared."""
    wide = {
        name: measure if measure.of is None else measure.model_copy(update={"most": 2 * measure.most})
        for name, measure in statement.measures.items()
    }
    return bounded_sums(engine, statement.model_copy(update={"measures": wide}), source, days, public)


def _by_row(
    engine: Engine, statement: TableStatement, source: Source, days: Iterable[date], public: Public
) -> dict[date, BoundedSums]:
    """The bounds hold for each row, as though it were all that its account ever did, and the noise covers one row."""
    columns = [*statement.cells, *{m.of: None for m in statement.measures.values() if m.of is not None}]
    numbered = (
        "select cast(row_number() over (order by day, account_key) as varchar) as account_key, day, "
        f"{', '.join(columns)} from ({source.sql}) as rows_of_accounts"
    )
    return bounded_sums(engine, statement, Source(numbered, source.inputs), days, public)


def _forgetful() -> Subject:
    """Every release is a new one: fresh noise whenever a closed day is run again."""
    runs = iter(range(10**9))

    def again(name: str, statement: TableStatement, *rest: Any, **options: Any) -> Any:
        new = f"{name}-{next(runs)}"
        return release(new, _apart(new, statement), *rest, **options)

    return replace(HONEST, releasing=again)


def _apart(name: str, statement: TableStatement) -> TableStatement:
    """A statement under another name, in an allowance of its own where it had part in one."""
    allowance = statement.allowance
    if allowance is None or allowance.shared is None:
        return statement
    shared = allowance.shared.model_copy(update={"tables": (name, *allowance.shared.tables)})
    return statement.model_copy(update={"allowance": Allowance(family=name, shared=shared)})


def _leaky(session: Session, span: Span) -> None:
    """Private sessions and guests count like anything else."""
    subjects = session.policy.subjects
    denied = subjects.private_sessions_denied_for - {PURPOSE}
    told = subjects.model_copy(update={"private_sessions_denied_for": denied})
    policy = session.policy.model_copy(update={"subjects": told})
    lax = Session(session.settings)
    lax.__dict__.update(
        policy=policy, project=load_project(session.settings.sql, policy), engine=session.engine, lake=session.lake
    )
    honest_night(lax, span)


def _unforgetting(session: Session, span: Span) -> None:
    """What people asked to be erased is done for nobody."""
    for source in SOURCES:
        door.accept(session, span, source)
    consent.update_ledger(session, span)
    consent.identify(session, span)
    (file,) = session.lake.files("subjects")
    rows = pq.ParquetFile(file).read()
    nobody = pa.nulls(rows.num_rows, rows.schema.field("status").type)
    pq.write_table(rows.set_column(rows.column_names.index("status"), "status", nobody), file)
    consent.timeline(session, span)
    consent.permit(session, span, PURPOSE)


def _eager(statement: TableStatement, cells: pa.Table, drawn: BoundedSums) -> tuple[pa.Table, BoundedSums]:
    """Keys are told from three tenths of the noise's scale below their threshold on."""
    mechanism = mechanism_of(statement)
    lifted = drawn.values.copy()
    lifted[mechanism.counts_place] += round(0.3 * mechanism.counts_sigma)
    shown, _ = told(statement, cells, BoundedSums(lifted, drawn.totals))
    return shown, drawn


_UNKNOWN = TableStatement.model_validate(
    {
        "title": "Keys that nobody knows beforehand",
        "cells": {"account": {"unknown": True}},
        "measures": {"viewers": {"budget": 0.8}},
        "squared_norm": 1,
        "most_cells": 4,
        "mu": 0.1,
        "totals_budget": 0.2,
        "threshold_delta": 1e-9,
    }
)
"""No table of a policy has to have such keys for the check of them to be tried."""


def _clips(policy: Policy) -> bool:
    return any(m.of is not None for each in policy.releases.tables.values() for m in each.measures.values())


def _counts(policy: Policy) -> bool:
    return PURPOSE in policy.purposes and bool(policy.purposes[PURPOSE].columns.get("viewing_events"))


def _withholds(policy: Policy) -> bool:
    return _counts(policy) and PURPOSE in policy.subjects.private_sessions_denied_for


_BOTH_NOISES = ("noise_drawn", "noise_drawn_opendp")

MUTANTS = (
    Mutant(
        "no noise",
        lambda: replace(HONEST, noise=_silent, other_noise=_silent),
        (*_BOTH_NOISES, "two_worlds", "canaries"),
    ),
    Mutant("half noise", lambda: _scaled(0.5), (*_BOTH_NOISES, "two_worlds")),
    Mutant("sigma -10 %", lambda: _scaled(0.9), _BOTH_NOISES),
    Mutant("sigma -10 % of one measure", lambda: replace(HONEST, drawing=_one_sloppy), _BOTH_NOISES),
    Mutant("un-noised totals", lambda: replace(HONEST, drawing=_bare_totals), _BOTH_NOISES),
    Mutant("bound not enforced", lambda: replace(HONEST, bounding=_unbounded), ("sensitivity",)),
    Mutant("clip not enforced", lambda: replace(HONEST, bounding=_unclipped), ("sensitivity",), _clips),
    Mutant("noise for one row, not for the account", lambda: replace(HONEST, bounding=_by_row), ("sensitivity",)),
    Mutant("threshold -0.3 sigma", lambda: replace(HONEST, telling=_eager), ("hidden_keys", "telling")),
    Mutant("fresh noise on re-run", _forgetful, ("repeats", "recovered")),
    Mutant("private session leaked", lambda: replace(HONEST, night=_leaky), ("withheld",), _withholds),
    Mutant("erased account kept", lambda: replace(HONEST, night=_unforgetting), ("withheld",), _counts),
)


def check_mutants(session: Session, size: Size, work: Path, mutants: Iterable[Mutant] = MUTANTS) -> list[Finding]:
    """A finding for each mutant: how many of its named checks did not see it.

    Only the named checks are made, of the first table that clips something: the code is the same for all. The limit is
    0: where a mutant is missed, the audit sees less than it says. Mutants that the policy allows are left out.
    """
    if not session.policy.releases.tables:
        return []
    found = []
    for mutant in (each for each in mutants if each.applies(session.policy)):
        subject = mutant.subject()
        missed = [check for check in mutant.caught_by if not _caught(check, session, size, work, subject)]
        found.append(exact("mutant", mutant.name, float(len(missed)), 0.0))
    return found


def _caught(check: str, session: Session, size: Size, work: Path, subject: Subject) -> bool:
    if check == "withheld":
        return any(not finding.passed for finding in check_withheld(session, subject.night))
    if check == "hidden_keys":
        return not check_hidden_keys("keys", _UNKNOWN, subject.telling).passed
    if check == "telling":
        return not check_telling("keys", _UNKNOWN, subject.noise, telling=subject.telling).passed
    name, statement = _table(session)
    return any(not finding.passed for finding in _made(check, name, statement, session.engine, size, work, subject))


def _table(session: Session) -> tuple[str, TableStatement]:
    """The first table that clips something, else the first: a table of counts alone has no clips to break."""
    tables = session.policy.releases.tables
    clipping = (name for name, each in tables.items() if any(m.of is not None for m in each.measures.values()))
    name = next(clipping, next(iter(tables)))
    return name, within(tables[name])


def _made(
    check: str, name: str, statement: TableStatement, engine: Engine, size: Size, work: Path, subject: Subject
) -> list[Finding]:
    match check:
        case "sensitivity":
            return [check_sensitivity(name, statement, engine, subject.bounding)]
        case "noise_drawn":
            return [check_noise(name, statement, subject.noise, draws=size.drawn, drawing=subject.drawing)]
        case "noise_drawn_opendp":
            return [check_noise(name, statement, subject.other_noise, drawing=subject.drawing)]
        case "two_worlds":
            return [check_two_worlds(name, statement, subject.noise, _WORLDS, subject.drawing)]
        case "canaries":
            return [check_canaries(name, statement, engine, work, most=size.canaries, noise=subject.noise)]
        case _:
            again = check_repeats(name, statement, engine, work, subject.releasing, _NIGHTS)
            return [finding for finding in again if finding.check == check]
