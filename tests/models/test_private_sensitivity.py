"""No account moves a sum that private factors are made from by more than is declared and paid for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from media_privacy_pipeline.models.interactions import Floats, Interactions, Ints
from media_privacy_pipeline.models.private import statistics as module
from media_privacy_pipeline.models.private.accounting import COUNT_STEPS, GRAM_STEPS
from media_privacy_pipeline.models.private.config import PrivateAlsConfig
from media_privacy_pipeline.models.private.solving import on_diagonal, width_of
from media_privacy_pipeline.models.private.statistics import Statistics, sensitivities, statistics
from media_privacy_pipeline.models.private.together import title_counts, watched_together

TITLES = 40
CONFIG = PrivateAlsConfig(mu=1, factors=6, clip=0.5, counted_titles=8, squared_weights=10, normalise=True)
KINDS = ("whole catalogue", "one title", "nothing", "rarest title", "household of five")


def people(kind: str) -> tuple[Interactions, Ints, Ints]:
    """Ordinary viewers and one account of the kind; how many viewers each account has; rows of that account."""
    random = np.random.default_rng(3)
    viewers: list[str] = []
    titles: list[int] = []
    for viewer in range(60):
        for title in random.choice(TITLES - 1, random.integers(1, 20), replace=False):
            viewers.append(f"a{viewer:02d}")
            titles.append(title)
    own: dict[str, list[list[int]]] = {
        "whole catalogue": [list(range(TITLES))],
        "one title": [[3]],
        "nothing": [[]],
        "rarest title": [[TITLES - 1]],
    }
    rows = own.get(kind, [list(range(TITLES))] * 5)
    for number, history in enumerate(rows):
        viewers += [f"z{number}"] * len(history)
        titles += list(history)
    everyone = sorted({f"a{v:02d}" for v in range(60)} | {f"z{n}" for n in range(len(rows))})
    names = [f"t{title:02d}" for title in titles]
    found = Interactions.of(viewers, names, everyone=pa.array(everyone)).over(
        np.array([f"t{title:02d}" for title in range(TITLES)])
    )
    profiles = np.ones(len(found), np.int64)
    profiles[60:] = len(rows)
    return found, profiles, np.arange(60, 60 + len(rows))


def extremes() -> dict[str, tuple[Floats, Floats]]:
    """Factors and weights of titles: ordinary, huge, all on one axis, tiny, and weights that differ a millionfold."""
    random = np.random.default_rng(4)
    drawn, even = random.standard_normal((TITLES, CONFIG.factors)), np.ones(TITLES)
    axis = np.zeros_like(drawn)
    axis[:, 0] = 1e6
    return {
        "ordinary": (drawn, random.random(TITLES) + 0.1),
        "huge": (drawn * 1e9, even),
        "one axis": (axis, even),
        "tiny": (drawn * 1e-9, even),
        "uneven weights": (drawn, np.logspace(-3, 3, TITLES)),
    }


def lengths(moved: Statistics) -> tuple[float, float, float]:
    """L2 length of each sum's move, cells beside the diagonal counted twice."""
    twice = np.where(on_diagonal(width_of(len(moved.gram))), 1, 2)
    return (
        float(np.sqrt((moved.gram.astype(float) ** 2 * twice).sum())),
        float(np.sqrt((moved.systems.astype(float) ** 2 * twice).sum())),
        float(np.sqrt((moved.rights.astype(float) ** 2).sum())),
    )


def moved(kind: str, factors: Floats, weights: Floats, config: PrivateAlsConfig) -> tuple[float, float, float]:
    histories, profiles, account = people(kind)
    with_it = statistics(histories, factors, config, weights, profiles)
    others = np.setdiff1d(np.arange(len(histories)), account)
    without = statistics(histories.take(others), factors, config, weights, profiles[others])
    difference = (a - b for a, b in zip(vars(with_it).values(), vars(without).values(), strict=True))
    return lengths(Statistics(*difference))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("extreme", extremes())
def test_dropping_an_account_moves_the_sums_by_no_more_than_declared(kind: str, extreme: str) -> None:
    for normalise in (False, True):
        config = CONFIG.model_copy(update={"normalise": normalise})
        bounds = sensitivities(config)
        for found, bound in zip(moved(kind, *extremes()[extreme], config), vars(bounds).values(), strict=True):
            assert found <= bound


def test_the_bounds_are_reached_so_that_less_noise_would_not_do() -> None:
    found, bounds = moved("one title", *extremes()["one axis"], CONFIG), sensitivities(CONFIG)
    assert all(0.98 * bound < length for length, bound in zip(found, vars(bounds).values(), strict=True))


def test_a_clip_that_is_forgotten_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "steps_of", lambda found, config: np.rint(found * 1024 / config.clip).astype(np.int64))
    short = CONFIG.model_copy(update={"clip": 0.01, "regularisation": 1.0})
    assert moved("whole catalogue", *extremes()["ordinary"], short)[0] > sensitivities(short).gram


def test_accounts_that_are_not_shared_among_their_viewers_are_noticed() -> None:
    histories, _, account = people("household of five")
    factors, weights = extremes()["ordinary"]
    alone = statistics(histories.take(account), factors, CONFIG, weights)
    assert lengths(alone)[1] > sensitivities(CONFIG).systems


@pytest.mark.parametrize("kind", KINDS)
def test_dropping_an_account_moves_counts_and_what_is_watched_together_by_no_more_than_declared(kind: str) -> None:
    histories, profiles, account = people(kind)
    own = histories.take(account)
    counted = title_counts(own, CONFIG, profiles[account])
    assert np.sqrt((counted**2).sum()) <= np.sqrt(CONFIG.counted_titles) * COUNT_STEPS
    for _, weights in extremes().values():
        together = watched_together(own, weights, profiles[account])
        assert np.sqrt((together.astype(float) ** 2).sum()) <= GRAM_STEPS**2


def test_blocks_of_viewers_add_up_to_the_last_digit() -> None:
    histories, profiles, _ = people("household of five")
    factors, weights = extremes()["ordinary"]
    whole = statistics(histories, factors, CONFIG, weights, profiles)
    parts = [
        statistics(
            histories.block(first, min(first + 7, len(histories))),
            factors,
            CONFIG,
            weights,
            profiles[first : first + 7],
        )
        for first in range(0, len(histories), 7)
    ]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    assert all((a == b).all() for a, b in zip(vars(whole).values(), vars(total).values(), strict=True))


def test_bounds_do_not_depend_on_data_and_grow_with_what_is_allowed() -> None:
    more = sensitivities(CONFIG.model_copy(update={"squared_weights": 40.0}))
    assert more == replace(sensitivities(CONFIG), systems=more.systems, rights=more.rights)
    assert more.systems == 2 * sensitivities(CONFIG).systems


def test_viewers_are_solved_by_the_loss_that_is_declared() -> None:
    histories = people("one title")[0]
    factors = extremes()["ordinary"][0]
    found = module.vectors(histories, module.space_of(factors, CONFIG))
    for viewer in range(len(histories)):
        own = factors[histories.columns[histories.starts[viewer] : histories.starts[viewer + 1]]]
        system = CONFIG.unobserved * factors.T @ factors + CONFIG.regularisation * np.eye(CONFIG.factors) + own.T @ own
        assert found[viewer] == pytest.approx(np.linalg.solve(system, own.sum(axis=0)), rel=1e-9, abs=1e-12)
