"""`python -m benchmarks.federated`: private_als among simulated devices in one process: time, bytes, equality.

Everybody is made up. Some devices go away before they send their vector and some more before they reveal, in every
round; the noise that devices draw is recorded on the way, which only a simulation can do. The central model is then
given the same noise: its item factors must be those of the federated training to the last bit.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from math import inf

import numpy as np

from media_privacy_pipeline.models.federated.client import Client
from media_privacy_pipeline.models.federated.local import compute_of
from media_privacy_pipeline.models.federated.noise import draw
from media_privacy_pipeline.models.federated.rounds import PHASES, Outgoing
from media_privacy_pipeline.models.federated.simulation import enrol, in_process
from media_privacy_pipeline.models.federated.sizes import Crowd
from media_privacy_pipeline.models.federated.training import Training
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.private.config import PrivateAlsConfig
from media_privacy_pipeline.models.private.learning import learn
from media_privacy_pipeline.privacy.accountant import mu_within

DELTA = 1e-6


def histories(devices: int, titles: int, watched: int, seed: int = 1) -> Interactions:
    """Made-up viewers over a catalogue whose popularity falls like 1 / rank."""
    random = np.random.default_rng(seed)
    share = 1 / np.arange(1, titles + 1)
    who = np.repeat(np.arange(devices), watched)
    what = random.choice(titles, devices * watched, p=share / share.sum())
    seen = Interactions.of([f"v{n:06d}" for n in who], [f"t{n:05d}" for n in what])
    return seen.over(np.array([f"t{n:05d}" for n in range(titles)]))


class Timed:
    """Seconds of processor by phase: what devices take in it."""

    def __init__(self, clients: Sequence[Client], leaving: dict[str, frozenset[int]]) -> None:
        self.refusals: Counter[str] = Counter()
        self.devices: list[dict[str, float]] = []
        self._ask = in_process(clients, leaving, self.refusals)

    def ask(self, phase: str, outgoing: Outgoing) -> Iterator[tuple[int, bytes]]:
        """As `simulation.in_process`, with a clock."""
        if phase == PHASES[0]:
            self.devices.append(dict.fromkeys(PHASES, 0.0))
        for each in outgoing:
            before = time.process_time()
            answers = list(self._ask(phase, [each]))
            self.devices[-1][phase] += time.process_time() - before
            yield from answers


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.federated", description=__doc__)
    parser.add_argument("--devices", type=int, default=5_000)
    parser.add_argument("--corrupt", type=float, default=0.01, help="share of devices that may be bad")
    parser.add_argument("--staying", type=float, default=0.95, help="share of devices that must be in the sum")
    parser.add_argument("--titles", type=int, default=2_000, help="of the catalogue; a tenth of them get vectors")
    parser.add_argument("--watched", type=int, default=30, help="titles that a viewer has drawn, with repeats")
    parser.add_argument("--factors", type=int, default=8)
    parser.add_argument("--sweeps", type=int, default=1)
    parser.add_argument("--epsilon", type=float, default=5.0, help=f"of the training, at delta {DELTA:g}")
    chosen = parser.parse_args(arguments)
    watched = histories(chosen.devices, chosen.titles, chosen.watched)
    config = PrivateAlsConfig(
        mu=mu_within(chosen.epsilon, DELTA), factors=chosen.factors, sweeps=chosen.sweeps, gram_share=0.0, clip=0.15
    )
    crowd = Crowd(chosen.devices, int(chosen.devices * chosen.corrupt), int(chosen.devices * chosen.staying))
    noise: list[np.ndarray] = []

    def recorded(scale: int, size: int) -> np.ndarray:
        drawn = draw(scale, size)
        pieces.append(drawn)
        return drawn

    pieces: list[np.ndarray] = []
    started = time.perf_counter()
    devices = enrol(crowd, inf)
    for device in devices:
        device.draw = recorded
    clients = [Client(d, compute_of(watched.block(n, n + 1), config)) for n, d in enumerate(devices)]
    leaving = _leaving(chosen.devices, crowd)
    timed = Timed(clients, leaving)
    totals: list[list[np.ndarray]] = []

    def ask(phase: str, outgoing: Outgoing) -> Iterator[tuple[int, bytes]]:
        if phase == "vector":
            totals.append([])
        for answer in timed.ask(phase, outgoing):
            if pieces:
                _added(totals[-1], pieces)
                pieces.clear()
            yield answer

    training = Training(config, devices[0].directory, ask)
    rounds: list[tuple[float, float]] = []
    found = _clocked(training, rounds).learn(watched.titles)
    took = time.perf_counter() - started
    noise = [_laid_out(training, n, parts) for n, parts in enumerate(totals)]
    _tell(chosen, training, timed, rounds, took)
    staying = np.setdiff1d(np.arange(chosen.devices), list(leaving["vector"]))
    again = iter(noise)
    central = learn(watched.take(staying), config, lambda part, exact: exact(lambda sums, _: sums) + next(again))
    same = found.factors.tobytes() == central.factors.tobytes()
    off = float(np.abs(found.factors - central.factors).max())
    print(f"\ncentral model with the same noise: largest difference of item factors {off:g}, to the last bit: {same}")


def _leaving(devices: int, crowd: Crowd) -> dict[str, frozenset[int]]:
    """A fifth of those who may drop out before the vector, and as many before the reveal."""
    some = max(1, (devices - crowd.survivors) // 5)
    drawn = np.random.default_rng(7).permutation(devices)[: 2 * some].tolist()
    return {"vector": frozenset(drawn[:some]), "reveal": frozenset(drawn[some:])}


def _added(totals: list[np.ndarray], pieces: list[np.ndarray]) -> None:
    if not totals:
        totals.extend(piece.copy() for piece in pieces)
    else:
        for total, piece in zip(totals, pieces, strict=True):
            total += piece


def _laid_out(training: Training, number: int, pieces: list[np.ndarray]) -> np.ndarray:
    """A round's noise in the order of its sums: pieces come by block, beside the diagonal after it."""
    blocks, found, at = training.rounds[number].blocks, [], iter(pieces)
    for block in blocks:
        noise, doubled = np.zeros(block.size, np.int64), block.doubled() == 2
        noise[~doubled] = next(at)
        if doubled.any():
            noise[doubled] = next(at)
        found.append(noise)
    return np.concatenate(found)


def _clocked(training: Training, rounds: list[tuple[float, float]]) -> Training:
    inner = training._summed

    def summed(*arguments: object) -> np.ndarray:
        before, processor = time.perf_counter(), time.process_time()
        sums = inner(*arguments)  # type: ignore[arg-type]
        rounds.append((time.perf_counter() - before, time.process_time() - processor))
        return sums

    training._summed = summed  # type: ignore[method-assign]
    return training


def _tell(
    chosen: argparse.Namespace, training: Training, timed: Timed, rounds: list[tuple[float, float]], took: float
) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    packages = ", ".join(f"{name} {version(name)}" for name in ("cryptography", "numpy"))
    print(f"{platform.system()} ({platform.machine()}), Python {platform.python_version()}, {packages}")
    print(f"load {os.getloadavg()[0]:.1f} when it ended\n")
    crowd, sizes = training.directory.crowd, training.rounds[0].sizes
    print(f"{crowd}\n{sizes}")
    print(f"epsilon {training.epsilon(DELTA):.3f} at delta {DELTA:g}, of {chosen.epsilon:g} asked for")
    print(f"{took:.0f} s in all, {peak:.2f} GB at most")
    print(f"in the sums: {training.survivors}; refusals: {dict(timed.refusals)}\n")
    print(
        "| round | words | bytes of a word | s | s of processor | ms a device | "
        + " | ".join(f"{p}: out, in" for p in PHASES)
        + " |"
    )
    print("|---:|---:|---:|---:|---:|---:|" + "---:|" * len(PHASES))
    for terms, traffic, (seconds, processor), clock in zip(
        training.rounds, training.traffic, rounds, timed.devices, strict=True
    ):
        each = [f"{sent:,.0f}, {got:,.0f}" for sent, got in map(traffic.a_device, PHASES)]
        device = 1000 * sum(clock.values()) / crowd.clients
        row = [
            terms.number,
            f"{terms.size:,}",
            terms.word_bytes,
            f"{seconds:.0f}",
            f"{processor:.0f}",
            f"{device:.1f}",
            *each,
        ]
        print(f"| {' | '.join(map(str, row))} |")


if __name__ == "__main__":
    main()
