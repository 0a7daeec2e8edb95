"""`media-privacy cluster ...`: a Spark cluster on this machine, to try what runs on many."""

from __future__ import annotations

import re
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import AsJson, settings_of
from .output import as_json

if TYPE_CHECKING:
    from ..engines.cluster import Running

Folder = Annotated[
    Path | None, typer.Option(help="Where it works and keeps its secret, mode 0600.", show_default="HOME.cluster")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Run a Spark cluster on this machine alone, encrypted.")
    group.command("start")(start)
    group.command("status")(status)
    group.command("stop")(stop)
    app.add_typer(group, name="cluster")


def start(
    folder: Folder = None,
    port: Annotated[int, typer.Option(help="The master's port.", min=1, max=65535)] = 7077,
    connect_port: Annotated[
        int | None, typer.Option(help="Start a Spark Connect server, too, at this port.", min=1, max=65535)
    ] = None,
    workers: Annotated[int, typer.Option(help="Workers.", min=1)] = 2,
    cores: Annotated[int, typer.Option(help="Cores of each worker.", min=1)] = 1,
    memory: Annotated[str, typer.Option(help="Memory of each worker's executor, such as 512m.")] = "1g",
) -> None:
    """Start a master and workers, say how to use them, and run until Ctrl-C, which ends them all.

    media-privacy cluster start --connect-port 15002
    """
    from ..engines.cluster import Size, cluster
    from ..errors import UsageError

    if re.fullmatch(r"[1-9]\d*[mg]", memory) is None:
        raise UsageError(f"--memory {memory}: megabytes or gigabytes, such as 512m or 2g")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    at = _folder(folder)
    with cluster(at, port=port, connect_port=connect_port, size=Size(workers, cores, memory)) as running:
        each = f"{memory} and {cores} core{'s' if cores > 1 else ''}"
        typer.echo(f"{running.master}: {workers} workers, each with {each}. For a run in another terminal:\n")
        _tell(running)
        typer.echo("\nCtrl-C ends it.")
        while not ended.wait(1.0):
            dead = [name for name, alive in running.alive.items() if not alive]
            if dead and set(dead) == set(running.pids):
                typer.echo("all of it was ended from outside", err=True)
                break
    typer.echo("ended")


def status(folder: Folder = None, json: AsJson = False) -> None:
    """Say which processes live. Exits with 1 when one does not, or nothing was started."""
    from ..engines.cluster import status as seen

    running = seen(_folder(folder))
    alive = {} if running is None else running.alive
    if json:
        as_json({"master": running and running.master, "connect": running and running.connect, "alive": alive})
    elif running is None:
        typer.echo(f"{_folder(folder)}: no cluster was started")
    else:
        for name, lives in alive.items():
            typer.echo(f"{name:<10} {'lives' if lives else 'is gone'}")
        typer.echo()
        _tell(running)
    if not alive or not all(alive.values()):
        raise typer.Exit(1)


def stop(folder: Folder = None) -> None:
    """End a cluster that runs in another terminal, or was left behind."""
    from ..engines.cluster import stop as ended

    typer.echo(f"{ended(_folder(folder))} processes ended")


def _folder(given: Path | None) -> Path:
    home = settings_of().home
    return (given or home.with_name(home.name + ".cluster")).absolute()


def _tell(running: Running) -> None:
    for name, value in running.environment.items():
        typer.echo(f"  export {name}={value}")
    if running.connect is not None:
        typer.echo("\nor, through Spark Connect:\n")
        for name, value in running.connect_environment.items():
            typer.echo(f"  export {name}={value}")
