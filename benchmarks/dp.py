"""`python -m benchmarks.dp` (`media-privacy benchmark dp`): private tables against a plain GROUP BY and against peers.

Both inputs are made from a seed (once; kept in benchmarks/work). Each side runs in a fresh process, one after another:
DuckDB's plain GROUP BY, our `privacy.release`, bounding by a SQL window with exact noise, and other systems in
environments of their own. Prints a table for each input and keeps it in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .dp_figures import Figures, figures
from .dp_inputs import ACCOUNTS, DAYS, KINDS, TITLES, made
from .dp_promise import BEST_CELLS, CELLS, MOST_CELLS, SQUARED_NORM, world
from .nightly import HERE, keep, machine
from .peers.install import PEERS, NotInstalled, python_of

SEED = 2026
GOALS = {"friendly": 0.05, "adversarial": 0.08}
RATIO, GIGABYTES, RECALL, COVERED, WITHIN, DRAWS = 2.0, 1.0, 0.999, 0.95, 0.01, 10e6
_OWN = {
    "plain GROUP BY, no privacy": ("plain",),
    "ours": ("ours",),
    f"SQL window of {CELLS} cells, exact noise": ("sql", "--cells", str(CELLS)),
    f"SQL window of {BEST_CELLS} cells, exact noise": ("sql", "--cells", str(BEST_CELLS)),
}
_PLAIN, _OURS = list(_OWN)[:2]
_LINES = 300


@dataclass(frozen=True)
class Result:
    """One side on one input: what it took (wall, cpu, peak; medians of its runs) and its figures; or why not."""

    took: Mapping[str, float] | None
    figures: Figures | None
    why: str = ""


def compared(folder: Path, chosen: argparse.Namespace) -> dict[str, Result]:
    """Every side on one input, by name."""
    out = chosen.work.resolve() / "dp-out"
    shutil.rmtree(out, ignore_errors=True)
    own = {name: side for name, side in _OWN.items() if chosen.sql or side[0] != "sql"}
    runs: dict[str, list[Result]] = {name: [] for name in own}
    # In turn, so that what else the machine does falls on all sides alike.
    for _ in range(chosen.repeats):
        for number, (name, side) in enumerate(own.items()):
            place = out / str(number)
            command = [sys.executable, "-m", "benchmarks.dp_sides", *side, str(folder), str(place)]
            command += ["--draws", str(chosen.draws), "--noise", str(chosen.noise)]
            command += ["--squared-norm", str(chosen.squared_norm), "--most-cells", str(chosen.most_cells)]
            runs[name].append(_result(command, place, out / "0" / "draw-0.parquet", chosen.limit))
    results = {name: _median(each) for name, each in runs.items()}
    for peer in PEERS if chosen.peers else ():
        place = out / peer.script
        place.mkdir()
        try:
            command = [str(python_of(peer, chosen.work.resolve())), str(HERE / "peers" / f"{peer.script}.py")]
        except NotInstalled as error:
            results[peer.name] = Result(None, None, str(error))
            continue
        command += [str(folder), str(place), "--cells", str(BEST_CELLS), "--first", DAYS[0].isoformat()]
        command += ["--days", str(len(DAYS)), "--titles", str(TITLES)]
        results[peer.name] = _result(command, place, out / "0" / "draw-0.parquet", chosen.limit)
    shutil.rmtree(out)
    return results


def _median(runs: Sequence[Result]) -> Result:
    """Medians of what the runs took, with the figures of the last; or the run that came to nothing."""
    for run in runs:
        if run.took is None:
            return run
    took = [run.took for run in runs if run.took is not None]
    return Result({key: statistics.median(each[key] for each in took) for key in took[0]}, runs[-1].figures)


def _result(command: Sequence[str], place: Path, truth: Path, limit: float) -> Result:
    try:
        took = _told(command, limit)
        return Result(took, figures(truth, sorted(place.glob("draw-*.parquet"))))
    except subprocess.TimeoutExpired:
        return Result(None, None, f"not done after {limit:g} s")
    except subprocess.CalledProcessError as error:
        lines = [line for line in (error.stderr or "").splitlines() if line.strip()]
        return Result(None, None, f"failed: {(lines or ['without a word'])[-1][:_LINES]}")


def _told(command: Sequence[str], limit: float) -> Mapping[str, float]:
    done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=True, timeout=limit)
    told: Mapping[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def table(results: Mapping[str, Result]) -> str:
    """The figures of one input as Markdown."""
    plain = results[_PLAIN].took or {}
    lines = [
        "| | wall s | to plain | processor s | to plain | peak GB | cells | recall | found again | error | covered |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, result in results.items():
        took, found = result.took, result.figures
        if took is None or found is None:
            lines.append(f"| {name} | {result.why.replace('|', '/')} |" + " |" * 9)
            continue
        covered = ""
        if found.covered is not None and found.covered_largest is not None:
            covered = f"{found.covered:.3f} ({found.covered_largest:.3f})"
        cells = (
            f"{took['wall']:.1f}",
            f"{took['wall'] / plain.get('wall', math.nan):.1f}",
            f"{took['cpu']:.1f}",
            f"{took['cpu'] / plain.get('cpu', math.nan):.1f}",
            f"{took['peak'] / 1e9:.2f}",
            f"{found.cells:,}",
            f"{found.recall:.3f}",
            f"{found.among:.3f}",
            f"{found.error:.3f}",
            covered,
        )
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def verdict(kind: str, results: Mapping[str, Result]) -> str:
    """How ours stands to the goals on one input."""
    plain, ours = results[_PLAIN], results[_OURS]
    if plain.took is None or ours.took is None or ours.figures is None:
        return f"* nothing to compare: {plain.why or ours.why}"
    covered, draws = ours.figures.covered or 0.0, ours.took["draws_per_second"] / 1e6
    others = {name: each for name, each in results.items() if name not in (_PLAIN, _OURS) and each.took is not None}
    said = [
        _said("wall over plain", ours.took["wall"] / plain.took["wall"], f"under {RATIO:g}", lambda x: x < RATIO),
        _said("peak, GB", ours.took["peak"] / 1e9, f"under {GIGABYTES:g}", lambda x: x < GIGABYTES),
        _said("recall", ours.figures.recall, f"at least {RECALL:g}", lambda x: x >= RECALL),
        _said("error", ours.figures.error, f"under {GOALS[kind]:g}", lambda x: x < GOALS[kind]),
        _said("interval coverage", covered, f"{COVERED:g} ± {WITHIN:g}", lambda x: abs(x - COVERED) <= WITHIN),
        _said("M draws/s", draws, f"at least {DRAWS / 1e6:g}", lambda x: x >= DRAWS / 1e6),
    ]
    if others:
        error = min(each.figures.error for each in others.values() if each.figures is not None)
        wall = min(each.took["wall"] for each in others.values() if each.took is not None)
        said += [
            _said("error", ours.figures.error, f"under all others' ({error:.3f})", lambda x: x < error),
            _said("wall s", ours.took["wall"], f"under all others' ({wall:.1f})", lambda x: x < wall),
        ]
    return "\n".join(said)


def _said(name: str, value: float, goal: str, met: Callable[[float], bool]) -> str:
    return f"* {name}: {value:.3f}, goal {goal}: {'met' if met(value) else '**missed**'}"


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dp", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--draws", type=int, default=5, help="of the noise, for error and coverage")
    parser.add_argument("--repeats", type=int, default=3, help="runs of our own sides, in turn; the median counts")
    parser.add_argument("--noise", type=int, default=4_000_000, help="draws by which the sampler is timed")
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True, help="install and run peers")
    parser.add_argument("--sql", action=argparse.BooleanOptionalAction, default=True, help="run the SQL windows")
    parser.add_argument("--limit", type=float, default=1_800, help="seconds after which a side is given up")
    parser.add_argument("--seed", type=int, default=SEED, help="of the inputs; ours was chosen on 7")
    parser.add_argument("--accounts", type=int, default=ACCOUNTS, help="of the inputs")
    parser.add_argument("--squared-norm", type=int, default=SQUARED_NORM, help="m of our statement")
    parser.add_argument("--most-cells", type=int, default=MOST_CELLS, help="K of our statement")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--work", type=Path, default=HERE / "work", help="where inputs and environments are kept")
    parser.add_argument("--json", action="store_true", help="print figures as JSON, and nothing else")
    parser.add_argument("--keep", action=argparse.BooleanOptionalAction, default=True, help="write README.md")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and tell."""
    chosen = options(arguments)
    results: dict[str, dict[str, Result]] = {}
    for kind in chosen.kinds:
        files = made(chosen.work.resolve(), world(kind, chosen.events, chosen.seed, chosen.accounts))
        results[kind] = compared(files[0].parent, chosen)
    about = f"{chosen.events / 1e6:g} M events, {chosen.accounts:,} accounts, m = {chosen.squared_norm:,}, "
    about += f"K = {chosen.most_cells:,}, seed {chosen.seed}, {chosen.draws} draws, {chosen.repeats} runs"
    parts = [f"{machine()}; {about}"]
    for kind, each in results.items():
        parts += [f"**{kind}**", verdict(kind, each), table(each)]
    text = "\n\n".join(parts)
    if chosen.json:
        document: dict[str, Any] = {
            kind: {name: asdict(result) for name, result in each.items()} for kind, each in results.items()
        }
        print(json.dumps({"machine": machine(), "events": chosen.events, "seed": chosen.seed, "inputs": document}))
    else:
        print(text)
    if chosen.keep:
        keep(text, f"dp, {chosen.events / 1e6:g} M events")


if __name__ == "__main__":
    main()
