"""`python -m benchmarks.edge`: a bundle's size, and how long a device takes to read it and to make a list from it.

Factors are random numbers: neither sizes nor times depend on what they say. Node is left out where there is none.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import runpy
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from media_privacy_pipeline.models.edge.bundle import PrivateFactors, written

HISTORIES, WATCHED, K = 50, 50, 20

SCRIPT = """
import { readFile } from "node:fs/promises";
const [folder, asked] = process.argv.slice(2);
const { load } = await import(folder + "/recommend.mjs");
const read = async name => {
  const file = await readFile(folder + "/" + name);
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
};
let before = performance.now();
const model = await load(read);
const loaded = performance.now() - before;
const times = JSON.parse(await readFile(asked, "utf8")).map(history => {
  before = performance.now();
  model.recommend(history, 20);
  return performance.now() - before;
});
console.log(JSON.stringify({ loaded, times }));
"""


def bundled(folder: Path, titles: int, width: int) -> tuple[Path, list[list[str]]]:
    """A bundle of made-up factors, and histories to ask it with."""
    random = np.random.default_rng(0)
    names = np.array([f"t{n:06d}" for n in range(titles)])
    factors = random.normal(0, 0.3, (titles, width)).astype(np.float32)
    written(folder / "bundle", PrivateFactors("0" * 64, names, factors, 30.0, 0.4, 1.0, 1e-6))
    return folder / "bundle", [random.choice(names, WATCHED, replace=False).tolist() for _ in range(HISTORIES)]


def numpy_times(bundle: Path, asked: list[list[str]]) -> tuple[float, float]:
    """Milliseconds to load, and in the median to recommend."""
    reader = runpy.run_path(str(bundle / "recommend.py"))["Model"]
    before = time.perf_counter()
    model = reader.load(bundle)
    loaded, times = time.perf_counter() - before, []
    for history in asked:
        before = time.perf_counter()
        model.recommend(history, K)
        times.append(time.perf_counter() - before)
    return 1000 * loaded, 1000 * statistics.median(times)


def node_times(bundle: Path, asked: list[list[str]]) -> tuple[float, float]:
    """The same in node."""
    script, question = bundle.parent / "ask.mjs", bundle.parent / "asked.json"
    script.write_text(SCRIPT)
    question.write_text(json.dumps(asked))
    done = subprocess.run(["node", script, bundle, question], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    return told["loaded"], statistics.median(told["times"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.edge", description=__doc__)
    parser.add_argument("--titles", type=int, nargs="+", default=[500, 5_000])
    parser.add_argument("--factors", type=int, default=64)
    chosen = parser.parse_args(arguments)
    machine = f"{platform.system()} ({platform.machine()}), Python {platform.python_version()}"
    print(f"{machine}; load {os.getloadavg()[0]:.1f}\n")
    print("| titles | factors | factors.bin, KB | titles.json, KB | numpy: load, list, ms | node: the same |")
    print("|---:|---:|---:|---:|---:|---:|")
    for titles in chosen.titles:
        with tempfile.TemporaryDirectory() as folder:
            bundle, asked = bundled(Path(folder), titles, chosen.factors)
            sizes = [(bundle / name).stat().st_size / 1000 for name in ("factors.bin", "titles.json")]
            sides = [numpy_times(bundle, asked)] + ([node_times(bundle, asked)] if shutil.which("node") else [])
        told = [f"{load:.1f}, {each:.2f}" for load, each in sides] + ["no node"] * (2 - len(sides))
        print(f"| {titles:,} | {chosen.factors} | {sizes[0]:,.0f} | {sizes[1]:,.0f} | {' | '.join(told)} |")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
