"""`media-privacy benchmark`: the benchmarks of the checkout that the package is installed from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .options import AsJson

_CHECKOUT = Path(__file__).resolve().parents[2]


def register(app: typer.Typer) -> None:
    """Add the command."""
    parts = typer.Typer(no_args_is_help=True, help="Measure what a release costs and is worth, against other systems.")
    parts.command("dp")(dp)
    app.add_typer(parts, name="benchmark")


def dp(
    events: Annotated[int, typer.Option(min=1_000, help="Viewing events of each input.")] = 10_000_000,
    draws: Annotated[int, typer.Option(min=1, help="Draws of the noise, for error and coverage.")] = 5,
    repeats: Annotated[int, typer.Option(min=1, help="Runs of our own sides; the median counts.")] = 3,
    peers: Annotated[
        bool, typer.Option(help="Install other systems in environments of their own, and run them.")
    ] = True,
    keep: Annotated[bool, typer.Option(help="Put the figures in benchmarks/README.md.")] = True,
    json: AsJson = False,
) -> None:
    """Private tables against a plain GROUP BY and against other systems, on two inputs made from a seed.

    Tells wall time over the plain query, peak memory, cells released, recall, error and coverage of the intervals.
    Runs `benchmarks.dp` of the checkout that this package is installed from; what it makes is in benchmarks/work.

      media-privacy benchmark dp --events 1000000 --no-peers
    """
    if not (_CHECKOUT / "benchmarks" / "dp.py").is_file():
        raise UsageError(
            "the benchmarks are not part of the installed package: clone the project, install it with "
            "`pip install --editable .`, and run this command there"
        )
    flags = [f"--{'' if on else 'no-'}{name}" for name, on in (("peers", peers), ("keep", keep))]
    sizes = [f"--events={events}", f"--draws={draws}", f"--repeats={repeats}"]
    command = [sys.executable, "-m", "benchmarks.dp", *sizes, *flags, *(["--json"] if json else [])]
    done = subprocess.run(command, cwd=_CHECKOUT, check=False)
    if done.returncode:
        raise typer.Exit(1)
