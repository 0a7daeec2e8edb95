"""`media-privacy simulate`: a landing zone from nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from .options import AsJson
from .output import as_facts, as_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)


def simulate(
    out: Annotated[Path, typer.Option(help="The landing zone to make: a new or empty folder.")],
    truth: Annotated[
        Path | None, typer.Option(help="Where to write what is really so, to compare with.", show_default="none")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same bytes.")] = 7,
    households: Annotated[int, typer.Option(min=1, help="Paying accounts.")] = 3000,
    days: Annotated[int, typer.Option(min=1, help="Arrival days.")] = 35,
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = datetime(2026, 9, 1),
    titles: Annotated[int, typer.Option(min=1, help="Titles in the catalogue.")] = 300,
    events_per_day: Annotated[
        float | None, typer.Option(min=1, help="Viewing events a day.", show_default="1.2 a household")
    ] = None,
    formats: Annotated[str | None, typer.Option(help="Suffixes to write, such as .parquet,.csv.gz; all.")] = None,
    clean: Annotated[bool, typer.Option("--clean", help="Nothing malformed, doubled or torn.")] = False,
    personal: Annotated[float, typer.Option(min=0, max=1, help="Share of searches that hold an e-mail address.")] = 0.0,
    json: AsJson = False,
) -> None:
    """Make a landing zone of invented people: households, kids, seasons, late and broken deliveries, every signal.

    Nobody in it is real.

      media-privacy simulate --out landing --households 500 --days 14 --truth truth
    """
    from dataclasses import replace

    from ..landing.simulate import Faults
    from ..landing.simulate import simulate as make
    from ..landing.zone import SUFFIXES

    with _bar("day", quiet=json) as progress:
        made = make(
            out.absolute(),
            seed=seed,
            households=households,
            days=days,
            first_day=first.date(),
            titles=titles,
            events_per_day=events_per_day,
            formats=SUFFIXES if formats is None else [word.strip() for word in formats.split(",")],
            faults=replace(Faults.none() if clean else Faults(), personal=personal),
            truth=None if truth is None else truth.absolute(),
            progress=progress,
        )
    told = {"landing": made.out, "truth": made.truth, "files": made.files, "bytes": made.size, "rows": made.rows}
    if json:
        as_json({**told, "planted": made.planted})
        return
    as_facts({**{k: v for k, v in told.items() if k not in ("truth", "rows")}, **made.rows})
    typer.echo(f"next: media-privacy run --landing {out}")


@contextmanager
def _bar(unit: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """`progress(done, all)` that moves a bar on a terminal and is silent elsewhere."""
    from tqdm import tqdm

    with tqdm(unit=unit, disable=quiet or not sys.stderr.isatty(), leave=False) as bar:

        def progress(done: int, whole: int) -> None:
            bar.total = whole
            bar.update(done - bar.n)

        yield progress
