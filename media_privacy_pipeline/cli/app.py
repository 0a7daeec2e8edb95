"""The app, and how every command ends: 0 done, 1 refused or broken, 2 asked for something that cannot be."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Annotated, NoReturn

import typer

from ..errors import PipelineError
from . import (
    audit,
    benchmark,
    budget,
    catalogue,
    checkup,
    cluster,
    consent,
    disclose,
    edge,
    evaluate,
    exact,
    imports,
    keys,
    ledger,
    look,
    models,
    notice,
    quarantine,
    retention,
    run,
    search,
    simulation,
    status,
    subject,
    tune,
    ui,
    verify,
)

DEBUG = "MEDIA_PRIVACY_DEBUG"

# What the framework makes of Ctrl-C; here 1 stands for everything that did not come to its end.
_INTERRUPTED = 130

app = typer.Typer(
    name="media-privacy",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="""Turn a streaming service's raw viewing logs into tables and models people can trust.

    A first round:

      media-privacy simulate --out landing   invent a landing zone
      media-privacy run --landing landing    from what landed to what is published
      media-privacy tables                   what there is to read, and for whom
      media-privacy read title_daily         rows of a published table
      media-privacy ui                       the asset graph in a browser

    Each path can be set once: MEDIA_PRIVACY_LANDING, MEDIA_PRIVACY_HOME, ...

    Exit codes: 0 done; 1 refused, nothing was published; 2 the request cannot be met as it stands.""",
)


@app.callback()
def _start(
    debug: Annotated[bool, typer.Option("--debug", envvar=DEBUG, help="Show the traceback of an error.")] = False,
) -> None:
    # Steps run inside Dagster and ask the environment.
    os.environ.pop(DEBUG, None)
    if debug:
        os.environ[DEBUG] = "1"


_PARTS = (
    simulation,
    imports,
    run,
    status,
    look,
    search,
    keys,
    consent,
    subject,
    ledger,
    budget,
    exact,
    models,
    notice,
    quarantine,
    retention,
    disclose,
    edge,
    verify,
    catalogue,
    audit,
    checkup,
    cluster,
    benchmark,
    evaluate,
    tune,
    ui,
)
for part in _PARTS:
    part.register(app)


def main() -> NoReturn:
    """Run the command line of this process."""
    try:
        app()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
        if code == _INTERRUPTED:
            code = _complain("interrupted: what was not finished was not kept; run again to go on", 1)
    except BrokenPipeError:
        # The reader of a pipe has had enough (`| head`); Python must not complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except PipelineError as error:
        code = _complain(str(error), error.exit_code, error)
    except Exception as error:  # noqa: BLE001 - the last line of defence: a message, a code, and no value of a row
        code = _complain(_words(error), 1, error)
    sys.exit(code)


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror is not None:
        return f"{error.filename or 'a file'}: {error.strerror}"
    return f"{type(error).__name__}; `media-privacy --debug ...` shows the whole error"


def _complain(message: str, code: int, error: Exception | None = None) -> int:
    if error is not None and os.environ.get(DEBUG):
        traceback.print_exception(error)
    typer.secho(f"media-privacy: {message}", fg="red", err=True)
    return code
