"""What an engine's error means, in words that hold no value of a row: engines quote what they could not convert."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import PipelineError, Refused
from .protocol import Folder, Input
from .spark_failures import machines, unreadable

_ABOUT_SQL = {"BinderException", "CatalogException", "ParserException", "SyntaxException"}
_ABOUT_SQL |= {"AnalysisException", "ParseException", "NotImplementedException"}


@contextmanager
def told_safely(
    engine: str, inputs: Mapping[str, Input], place: Path, kinds: tuple[type[Exception], ...]
) -> Iterator[None]:
    """A block in which an engine runs; its errors of these kinds become ours.

    Raises Refused that names the full disk, the limit of memory or the damaged file, and PipelineError that names the
    tables for all else. MEDIA_PRIVACY_DEBUG=1 keeps the engine's own error behind it, values included.
    """
    caught: tuple[type[Exception], ...] = (OSError, pa.ArrowException, *kinds)
    try:
        yield
    except caught as error:
        raise _meaning(engine, inputs, place, error) from (error if os.environ.get("MEDIA_PRIVACY_DEBUG") else None)


def _meaning(engine: str, inputs: Mapping[str, Input], place: Path, error: BaseException) -> PipelineError:
    text, kind = str(error), _kind(error)
    # DuckDB gives its spill nine tenths of what is free when it starts: with nothing free, it calls that its memory.
    if any(words in text.lower() for words in ("no space left on device", "max_temp_directory_size")):
        return Refused(f"{place}: the disk is full; nothing was changed: free some space and run again")
    if "OutOfMemory" in kind or "java.lang.OutOfMemoryError" in text:
        return Refused(
            f"{engine} needs more memory than it may use for {_tables(inputs)}: raise MEDIA_PRIVACY_MEMORY_LIMIT, "
            f"or run fewer days at once"
        )
    about_machines = None if engine == "DuckDB" else machines(kind, text, _tables(inputs))
    if about_machines is not None:
        return about_machines
    broken = _damaged(inputs, unreadable(text))
    if broken is not None:
        table, file = broken
        return Refused(
            f"{file}: missing or damaged, no whole Parquet file of {table}: delete its folder and run its days again"
        )
    if unreadable(text) is not None:
        return Refused(
            f"{engine} cannot read a file of {_tables(inputs)} on its executors, and it is whole here: all machines "
            f"must see {place} at the same path"
        )
    if kind in _ABOUT_SQL:
        return PipelineError(f"{engine} cannot run the query over {_tables(inputs)}: {text.splitlines()[0]}")
    return PipelineError(
        f"{engine} failed on {_tables(inputs)} with {kind}: a value does not fit, or the engine broke; "
        f"MEDIA_PRIVACY_DEBUG=1 shows the whole error"
    )


def _kind(error: BaseException) -> str:
    """Name of an error; of one of Java, Java's name of it."""
    java = getattr(error, "java_exception", None)
    return str(java.getClass().getSimpleName()) if java is not None else type(error).__name__


def _tables(inputs: Mapping[str, Input]) -> str:
    return ", ".join(sorted(inputs)) or "no table"


def _damaged(inputs: Mapping[str, Input], suspect: str | None) -> tuple[str, Path] | None:
    """The first file that cannot be read to its end, and its table. Only asked after a failure, for it reads them all,
    beginning with those that the engine itself names."""
    files = [(name, file) for name, source in inputs.items() if isinstance(source, Folder) for file in source.files]
    named = [(name, file) for name, file in files if suspect is not None and suspect.endswith(str(file))]
    for name, file in named or files:
        try:
            with pq.ParquetFile(file) as parquet:
                for _ in parquet.iter_batches():
                    pass
        except (pa.ArrowException, OSError):
            return name, file
    return None
