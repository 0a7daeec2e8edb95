"""Shamir's secret sharing of 32-byte secrets (Shamir 1979): any `threshold` shares give a secret, fewer tell nothing.

A share is a point (x, f(x)) of a random polynomial of degree threshold - 1 over the integers modulo a prime, whose
value at 0 is the secret. Which x a holder has is public.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice

from ...errors import Refused

PRIME = 2**256 + 297
"""The least prime above every 32-byte number."""
SECRET_BYTES = 32
SHARE_BYTES = 33

_TRIES = 64


def split(secret: bytes, holders: Sequence[int], threshold: int) -> dict[int, bytes]:
    """A share of SHARE_BYTES for each holder; holders are distinct numbers from 1 on.

    Raises ValueError for a secret of another length, for holders below 1, twice the same, or fewer than the threshold.
    """
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a secret has {SECRET_BYTES} bytes")
    if not 1 <= threshold <= len(holders) or len(set(holders)) != len(holders) or min(holders) < 1:
        raise ValueError("holders are distinct numbers from 1 on, and at least as many as the threshold")
    # 64 random bytes are uniform modulo the prime but for 2^-255.
    drawn = secrets.token_bytes(64 * (threshold - 1))
    coefficients = [int.from_bytes(drawn[at : at + 64], "big") % PRIME for at in range(0, len(drawn), 64)]
    coefficients.append(int.from_bytes(secret, "big"))
    shares = {}
    for x in holders:
        value = 0
        for coefficient in coefficients:
            value = (value * x + coefficient) % PRIME
        shares[x] = value.to_bytes(SHARE_BYTES, "big")
    return shares


def read_share(share: bytes) -> int:
    """A share as a number. Raises ValueError for one that is not of the field."""
    value = int.from_bytes(share, "big")
    if len(share) != SHARE_BYTES or value >= PRIME:
        raise ValueError("a share is a number of the field in 33 bytes")
    return value


def join(shares: Mapping[int, int], threshold: int, is_it: Callable[[bytes], bool]) -> bytes:
    """The secret of shares by holder, which `is_it` knows when it sees it.

    Wrong shares among them are got around where others suffice: sets of `threshold` shares are tried, 64 at most.
    Raises Refused where there are too few shares, or where no set that was tried gives the secret.
    """
    if len(shares) < threshold:
        raise Refused(f"{len(shares)} shares of a secret came, {threshold} are needed: the round cannot be finished")
    for holders in islice(_sets(sorted(shares), threshold), _TRIES):
        value = _at_zero({x: shares[x] for x in holders})
        # A wrong share may lead anywhere in the field, past what 32 bytes hold too.
        if value < 2**256 and is_it(secret := value.to_bytes(SECRET_BYTES, "big")):
            return secret
    raise Refused("too many shares of a secret are wrong: the round cannot be finished")


def _sets(holders: list[int], size: int) -> Iterable[list[int]]:
    yield holders[:size]
    random = secrets.SystemRandom()
    while len(holders) > size:
        yield random.sample(holders, size)


def _at_zero(points: Mapping[int, int]) -> int:
    """The value at 0 of the polynomial through the points (Lagrange)."""
    factors = _lagrange(tuple(points))
    return sum(factor * y for factor, y in zip(factors, points.values(), strict=True)) % PRIME


@lru_cache(maxsize=64)
def _lagrange(places: tuple[int, ...]) -> tuple[int, ...]:
    """What the value at each place counts for at 0: the product of x' / (x' - x) over the other places x'."""
    whole = math.prod(places)
    below = [x * math.prod([other - x for other in places if other != x]) % PRIME for x in places]
    return tuple(whole * pow(each, -1, PRIME) % PRIME for each in below)
