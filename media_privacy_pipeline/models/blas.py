"""One BLAS thread where matrices are small or sums must come in a fixed order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold BLAS to one thread inside the block.

    Thousands of small systems are slower on two threads than on one, many times so on a busy machine, and with one the
    order of sums, hence their last digit, does not depend on the machine's cores.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield
