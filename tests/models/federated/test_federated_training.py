"""The federated training is the central one: to the last bit without noise, and by test with it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, kstest

from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.models.federated.client import Client
from media_privacy_pipeline.models.federated.local import COUNTS, TOGETHER, compute_of, of_one, state_to_bytes
from media_privacy_pipeline.models.federated.rounds import Ask
from media_privacy_pipeline.models.federated.simulation import enrol, in_process
from media_privacy_pipeline.models.federated.sizes import Crowd
from media_privacy_pipeline.models.federated.training import Training
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.private.accounting import scales_of
from media_privacy_pipeline.models.private.config import PrivateAlsConfig
from media_privacy_pipeline.models.private.learning import learn, unpaid
from media_privacy_pipeline.models.private.statistics import statistics
from media_privacy_pipeline.models.private.together import title_counts, watched_together

FALSE_ALARMS = 1e-6
DEVICES, TITLES = 26, 20
CROWD = Crowd(DEVICES, 1, 21)
SWEEPS = PrivateAlsConfig(mu=1.0, factors=4, sweeps=2, head_share=0.5, gram_share=0.0, clip=0.4, regularisation=1.0)
TOGETHER_FIRST = SWEEPS.model_copy(update={"gram_share": 0.5, "sweeps": 1})


def histories(devices: int = DEVICES) -> Interactions:
    random = np.random.default_rng(3)
    pairs = [(f"v{n:03d}", f"t{t:02d}") for n in range(devices) for t in set(random.zipf(1.3, 12) % TITLES)]
    everyone = [f"v{n:03d}" for n in range(devices + 1)]
    watched = Interactions.of([v for v, _ in pairs], [t for _, t in pairs], everyone=everyone)
    # One viewer has watched nothing; every title is in the catalogue, watched or not.
    return watched.over(np.array([f"t{t:02d}" for t in range(TITLES)])).block(1, devices + 1)


def training(config: PrivateAlsConfig, *, bare: bool, limit: float = math.inf) -> tuple[Training, Interactions]:
    watched = histories()
    devices = enrol(CROWD, limit)
    clients = [Client(d, compute_of(watched.block(n, n + 1), config)) for n, d in enumerate(devices)]
    ask: Ask = in_process(clients)
    return Training(config, devices[0].directory, ask, bare), watched


@pytest.mark.parametrize("config", [SWEEPS, TOGETHER_FIRST], ids=["sweeps", "together first"])
def test_without_noise_it_is_the_central_model_to_the_last_bit(config: PrivateAlsConfig) -> None:
    federated, watched = training(config, bare=True)
    found = federated.learn(watched.titles)
    central = learn(watched, config, unpaid(lambda exact, sigma: exact))
    assert found.titles.tolist() == central.titles.tolist()
    assert found.factors.tobytes() == central.factors.tobytes()
    assert found.counts.tobytes() == central.counts.tobytes()
    assert np.abs(found.factors).max() > 0.01
    assert len(federated.rounds) == 3 if config is SWEEPS else 3
    assert federated.epsilon(1e-6) == math.inf


@settings(max_examples=25)
@given(st.integers(0, DEVICES - 1), st.integers(1, 3), st.integers(0, 99))
def test_what_a_device_computes_is_its_part_of_the_central_sums(place: int, profiles: int, seed: int) -> None:
    own, shared = histories().block(place, place + 1), np.array([profiles])
    random = np.random.default_rng(seed)
    vectors, weights = random.normal(size=(TITLES, 4)), random.random(TITLES) + 0.1
    state = {"vectors": vectors, "weights": weights}
    one, central = of_one(own, state, SWEEPS, shared), statistics(own, vectors, SWEEPS, weights, shared)
    for name in ("gram", "systems", "rights"):
        assert getattr(one, name).tolist() == getattr(central, name).tolist()
    compute = compute_of(own, SWEEPS, profiles)
    counted = compute(state_to_bytes(COUNTS, own.titles))[COUNTS]
    assert counted.tolist() == title_counts(own, SWEEPS, shared).tolist()
    triangle = compute(state_to_bytes(TOGETHER, own.titles, weights=weights))[TOGETHER]
    whole = watched_together(own, weights, shared)
    assert triangle.tolist() == whole[np.triu_indices(TITLES)].tolist()


def test_with_noise_each_sum_has_that_of_the_central_model() -> None:
    """Nobody drops out and nobody is bad: the noise is that of `scales_of`, by a Kolmogorov-Smirnov test of all sums of
    a training, each number by its scale, and by their squares."""
    watched, devices, scales = histories(), enrol(Crowd(DEVICES, 0, DEVICES), math.inf), scales_of(SWEEPS)
    clients = [Client(d, compute_of(watched.block(n, n + 1), SWEEPS)) for n, d in enumerate(devices)]
    federated = Training(SWEEPS, devices[0].directory, in_process(clients))
    counts = federated._counts(watched.titles, scales) - title_counts(watched, SWEEPS)
    vectors, weights = np.random.default_rng(1).normal(size=(TITLES, 4)), np.ones(TITLES)
    from media_privacy_pipeline.models.federated.local import SWEEP

    found = federated._summed(
        federated._sweep_blocks(TITLES, 4, scales),
        state_to_bytes(SWEEP, watched.titles, vectors=vectors, weights=weights),
    )
    exact = statistics(watched, vectors, SWEEPS, weights)
    noise = found - np.concatenate([exact.gram, exact.systems.ravel(), exact.rights.ravel()])
    rows, columns = np.triu_indices(4)
    gram = np.where(rows == columns, scales.gram.diagonal, scales.gram.beside)
    systems = np.tile(np.where(rows == columns, scales.systems.diagonal, scales.systems.beside), TITLES)
    scale = np.concatenate([gram, systems, np.full(TITLES * 4, scales.rights)])
    drawn = np.concatenate([noise / scale, counts / scales.counts])
    assert kstest(drawn, "norm").pvalue > FALSE_ALARMS
    squares = float((drawn**2).sum())
    assert min(chi2.cdf(squares, len(drawn)), chi2.sf(squares, len(drawn))) > FALSE_ALARMS / 2


def test_a_training_costs_what_the_central_one_does_and_devices_that_agreed_to_it_go_along() -> None:
    limit = scales_of(SWEEPS).mu ** 2 * (1 + 1e-9)
    federated, watched = training(SWEEPS, bare=False, limit=limit)
    federated.learn(watched.titles)
    assert sum(terms.squared_mu for terms in federated.rounds) == pytest.approx(limit, rel=1e-3)
    assert federated.survivors == [DEVICES] * 3
    with pytest.raises(Refused, match="0 devices are left"):
        federated._summed(federated.rounds[0].blocks, state_to_bytes(COUNTS, watched.titles))


def test_a_bare_training_is_refused_by_devices_with_any_limit() -> None:
    federated, watched = training(SWEEPS, bare=True, limit=1e9)
    with pytest.raises(Refused, match="0 devices are left"):
        federated.learn(watched.titles)
