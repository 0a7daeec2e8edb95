"""What is under audit: the code that bounds, draws, releases and withholds, each part in one place to be replaced."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..engines import Engine, Session
from ..privacy import release
from ..privacy.contributions import bounded_sums
from ..privacy.noise import Noise, discrete_gaussian, opendp_noise
from ..privacy.release import noisy
from ..privacy.unknown_keys import told
from ..privacy.within import release_within
from ..release_policy import TableStatement
from .canaries import check_canaries
from .carried import Within, check_carried
from .drawn import Drawing, check_noise
from .finding import Finding
from .groups import check_groups
from .hidden_keys import Telling, check_hidden_keys
from .repeats import Releasing, check_repeats
from .sensitivity import Bounding, check_sensitivity
from .size import OPENDP_DRAWS, Size
from .telling import check_telling
from .withheld import Night, check_withheld, honest_night
from .worlds import check_two_worlds


@dataclass(frozen=True)
class Subject:
    """The parts of a release that the checks exercise; mutants replace them one at a time (audit.mutants)."""

    bounding: Bounding = bounded_sums
    drawing: Drawing = noisy
    noise: Noise = discrete_gaussian
    other_noise: Noise = opendp_noise
    releasing: Releasing = release
    telling: Telling = told
    within: Within = release_within
    night: Night = honest_night


HONEST = Subject()


def check_statement(
    name: str, statement: TableStatement, engine: Engine, work: Path, size: Size, subject: Subject = HONEST
) -> list[Finding]:
    """Every check of one table that needs no installation: of synthetic people alone."""
    few = OPENDP_DRAWS
    keys = (
        [
            check_hidden_keys(name, statement, subject.telling),
            check_telling(name, statement, subject.noise, 4 * size.worlds, subject.telling),
        ]
        if statement.unknown_keys
        else []
    )
    return [
        *keys,
        check_sensitivity(name, statement, engine, subject.bounding),
        check_noise(name, statement, subject.noise, draws=size.drawn, drawing=subject.drawing),
        check_noise(
            name, statement, subject.other_noise, draws=few, drawing=subject.drawing, check="noise_drawn_opendp"
        ),
        check_two_worlds(name, statement, subject.noise, size.worlds, subject.drawing),
        check_canaries(
            name,
            statement,
            engine,
            work,
            most=size.canaries,
            most_days=size.canary_days,
            noise=subject.noise,
            releasing=subject.releasing,
        ),
        *check_carried(name, statement, engine, work, subject.within),
        *check_groups(name, statement, engine, subject.noise),
        *check_repeats(name, statement, engine, work, subject.releasing, size.nights),
    ]


def check_people(session: Session, size: Size, subject: Subject = HONEST) -> list[Finding]:
    """Whether those who are not to be counted are not, where the size lets planted people go the whole way."""
    return check_withheld(session, subject.night) if size.pipeline else []
