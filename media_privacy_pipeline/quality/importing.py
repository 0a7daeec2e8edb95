"""Imports Great Expectations where the main module has no file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def main_module_with_a_file() -> Iterator[None]:
    """Lend the main module a `__file__` while Great Expectations, and PySpark under it, is imported.

    PySpark 4.3 takes a main module without one (`python -c`, a worker of a test run) for its own doctests and, where
    Spark Connect's packages are missing, ends the process with exit code 0: a night would stop and look done.
    """
    main = sys.modules["__main__"]
    if hasattr(main, "__file__"):
        yield
        return
    main.__file__ = "-c"
    try:
        yield
    finally:
        del main.__file__
