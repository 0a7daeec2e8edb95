"""`python -m benchmarks.noise`: draws of discrete Gaussian noise a second on one core, our own sampler against OpenDP.

Both in one process, one after another, on the same vectors; each figure is the median of the repeats. What it takes to
make a table is told apart, as the number of draws that OpenDP makes in that time. Then a night's worth, as a release
asks for it: vectors of 5,000 titles, one a day and scale, tables included.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version

import numpy as np

from media_privacy_pipeline.privacy.noise import Noise, discrete_gaussian, opendp_noise, own_noise
from media_privacy_pipeline.privacy.sampler import Sampler, sampler, table_scale

SCALES = (100, 1_811, 4_096, 10_000, 13_600_000)
"""Two of the packaged policy's (viewers and seconds of title_daily, in 64ths), and the range around them."""

_TITLES = 5_000


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.noise", description=__doc__)
    parser.add_argument("--draws", type=int, default=4_000_000, help="of our own; OpenDP draws a fortieth of them")
    parser.add_argument("--repeats", type=int, default=3, help="of each figure; the median counts")
    parser.add_argument("--days", type=int, default=28, help="of the night's worth")
    parser.add_argument("--scales", type=int, nargs="+", default=SCALES)
    chosen = parser.parse_args(arguments)
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "opendp"))
    print(f"{platform.system()} ({platform.machine()}), Python {platform.python_version()}, {packages}\n")
    print("| scale | own, M draws/s | OpenDP, M draws/s | ratio | table's scale | making it, ms | in OpenDP draws |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for sigma in chosen.scales:
        many, few = np.zeros(chosen.draws, np.int64), np.zeros(max(1, chosen.draws // 40), np.int64)
        made = _median(chosen.repeats, lambda sigma=sigma: Sampler(sigma))
        own_noise(few, sigma)
        own = many.size / _median(chosen.repeats, lambda many=many, sigma=sigma: own_noise(many, sigma))
        opendp_noise(few[:1], sigma)
        theirs = few.size / _median(chosen.repeats, lambda few=few, sigma=sigma: opendp_noise(few, sigma))
        figures = f"{own / 1e6:.1f} | {theirs / 1e6:.3f} | **{own / theirs:.0f}**"
        print(f"| {sigma:,} | {figures} | {table_scale(sigma):,} | {made * 1e3:.1f} | {made * theirs:,.0f} |")
    own, theirs = (_night(noise, chosen) for noise in (discrete_gaussian, opendp_noise))
    print(f"\n{chosen.days} days of {_TITLES:,} titles at each scale: {own:.2f} s, OpenDP {theirs:.2f} s")
    print(f"a {theirs / own:.0f}th of the time, with tables made in the first call of each scale")


def _night(noise: Noise, chosen: argparse.Namespace) -> float:
    sampler.cache_clear()
    titles = np.zeros(_TITLES, np.int64)
    return _median(1, lambda: [noise(titles, sigma) for sigma in chosen.scales for _ in range(chosen.days)])


def _median(repeats: int, work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


if __name__ == "__main__":
    main(sys.argv[1:])
