"""How many neighbours a client needs, and how many of them must agree: from the size of the crowd and who may be bad.

The graph is the union of degree / 2 independent, uniformly random rings over all clients (or the complete graph where
the crowd is small), after Bell et al. 2020 (Secure Single-Server Aggregation with (Poly)Logarithmic Overhead), who
take one Harary graph; rings at random also keep a server from splitting the crowd. Bounds below are for all clients and
all choices of the server at once, each at most 2^-bits:

 * corrupt: no client has more than `corrupt` bad neighbours (Chernoff; two neighbours of a ring are drawn without
   replacement, which is no worse than with it, Hoeffding 1963).
 * threshold: honest neighbours reveal for a client one of its two secrets, bad ones both. For the server to have both,
   2 · threshold <= degree + corrupt, so the threshold is the least above.
 * quorum: a client goes on when `quorum` neighbours confirm that they were told the same survivors. If two lists went
   on, the smaller side S of honest clients, s <= n / 2, would have quorum - corrupt neighbours inside S each, so
   s (quorum - corrupt) / 2 edges inside. A ring has s - R edges inside S, R its runs of S, with
   P(R = r) = (n / r) C(s-1, r-1) C(n-s-1, r-1) / C(n, s): a Chernoff bound over degree / 2 rings, and the union over
   all S.
 * connected: whichever clients the server calls dropped, no part S of the honest survivors has all its other neighbours
   among the `outside` clients that are dropped or bad, or else its sum would be told apart. Members of S need
   threshold - corrupt neighbours in S. Following the rings, s successors all fall within S and outside with probability
   at most the product of (s + outside - i) / (n - 1 - i).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from ...errors import UsageError

BITS = 60
"""40 that a bad graph never comes up, and 20 for a server that tries a million crowds until one does."""
_DONE_BITS = 20
_REFUSALS = 0.01
_LOG_TILTS = np.concatenate([np.linspace(0.1, 2, 12), np.linspace(2.25, 8, 12)])


class Crowd(NamedTuple):
    """Who takes part: how many clients are enrolled, how many of them may be bad (deviate, or collude with the server),
    and how many must be in the sum, or else the round is refused."""

    clients: int
    corrupt: int
    survivors: int

    @property
    def honest(self) -> int:
        """How many honest clients a sum has at least: what the noise is scaled to."""
        return self.survivors - self.corrupt


class Sizes(NamedTuple):
    """Neighbours of a client at most, how many of them are bad at most, shares that give a secret, confirmations."""

    degree: int
    corrupt: int
    threshold: int
    quorum: int


@lru_cache(maxsize=64)
def sizes_of(crowd: Crowd) -> Sizes:
    """The least degree that keeps all bounds, and lets a round end where no more drop out than the crowd allows.

    Raises UsageError for a crowd that no graph would protect.
    """
    clients, corrupt, survivors = crowd
    if not (3 <= survivors <= clients and corrupt >= 0 and 2 * corrupt < survivors):
        raise UsageError(
            f"a crowd of {clients}, {corrupt} of them bad, {survivors} in the sum: "
            "at least three must be in the sum, most of them honest"
        )
    for degree in range(8, clients - 1, 2):
        if (found := _sparse(crowd, degree)) is not None:
            return found
    degree = clients - 1
    found = Sizes(degree, corrupt, (degree + corrupt) // 2 + 1, (clients + corrupt) // 2)
    if survivors - 1 < max(found.threshold, found.quorum):
        raise UsageError(
            f"a crowd of {clients}, {corrupt} of them bad, {survivors} in the sum: "
            f"{max(found.threshold, found.quorum) + 1} must be in the sum, so that a secret can be put together"
        )
    return found


def _sparse(crowd: Crowd, degree: int) -> Sizes | None:
    clients, corrupt, survivors = crowd
    least = -BITS * math.log(2)
    bad = _most_corrupt(degree, corrupt, clients, least)
    if bad is None:
        return None
    threshold = (degree + bad) // 2 + 1
    inside = _least_inside(clients, degree, least)
    # Two rings may join the same two clients: about degree² / 2 clients neighbours are lost to that.
    distinct = int(degree - degree**2 / clients)
    alive = survivors / clients
    if inside is None or inside + bad >= distinct or threshold >= distinct:
        return None
    quorum = inside + bad
    if _log_below(distinct, threshold, alive) + math.log(clients) > -_DONE_BITS * math.log(2):
        return None
    if _log_below(distinct, quorum, alive) > math.log(_REFUSALS):
        return None
    if _log_parted(clients, clients - survivors + corrupt, degree, threshold - bad) > least:
        return None
    return Sizes(degree, bad, threshold, quorum)


def _divergence(p: float, q: float) -> float:
    """Kullback-Leibler divergence of Bernoulli distributions, in nats."""
    first = p * math.log(p / q) if p else 0.0
    return first + ((1 - p) * math.log((1 - p) / (1 - q)) if p < 1 else 0.0)


def _most_corrupt(degree: int, corrupt: int, clients: int, least: float) -> int | None:
    share = corrupt / (clients - 1)
    for bad in range(min(corrupt, degree)):
        p = (bad + 1) / degree
        if p > share and math.log(clients) - degree * _divergence(p, share) <= least:
            return bad
    return min(corrupt, degree) if corrupt < degree else None


def _log_below(neighbours: int, needed: int, alive: float) -> float:
    """Logarithm of a bound on the probability that fewer than `needed` neighbours are alive."""
    p = (needed - 1) / neighbours
    if alive >= 1:
        return -math.inf
    return 0.0 if p >= alive else -neighbours * _divergence(p, alive)


def _least_inside(clients: int, degree: int, least: float) -> int | None:
    """The fewest neighbours inside a part of at most half of all that no part can have for each of its members."""
    for inside in range(degree // 2, degree):
        if _log_split(clients, degree, inside) <= least:
            return inside
    return None


def _log_split(clients: int, degree: int, inside: int) -> float:
    """Logarithm of a bound on the probability that some part has `inside` neighbours in itself for each member."""
    tilted, choices = _tilted(clients)
    s = np.arange(1, len(choices) + 1)
    bounds = degree / 2 * tilted - (s * inside / 2)[:, None] * _LOG_TILTS
    logs = choices + bounds.min(axis=1)
    return float(logsumexp(logs[inside:]))


@lru_cache(maxsize=8)
def _tilted(clients: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For s = 1..n/2: the logarithm of E[e^(a X)], X a ring's edges inside a part of s, for each a; and of C(n, s)."""
    half = clients // 2
    choices = _log_choose(clients, np.arange(1, half + 1))
    rows = []
    for s in range(1, half + 1):
        r = np.arange(1, s + 1)
        log_p = math.log(clients) - np.log(r) + _log_choose(s - 1, r - 1)
        log_p += _log_choose(clients - s - 1, r - 1) - choices[s - 1]
        # Few runs or many: what lies far from the likely ones adds nothing, but is counted.
        rows.append(logsumexp(log_p[:, None] + (s - r)[:, None] * _LOG_TILTS, axis=0))
    return np.array(rows), choices


def _log_parted(clients: int, outside: int, degree: int, inside: int) -> float:
    """Logarithm of a bound on the probability that some part has no neighbour among the honest survivors beyond it."""
    s = np.arange(inside + 1, max(inside + 2, (clients - outside) // 2 + 1))
    choices = _log_choose(clients, s) + _log_choose(clients - s, outside)
    kept = gammaln(s + outside + 1) - gammaln(outside + 1) + gammaln(clients - s) - gammaln(clients)
    return float(logsumexp(choices + degree / 2 * kept))


def _log_choose(n: int | NDArray[np.int64], k: int | NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(gammaln(np.asarray(n) + 1.0) - gammaln(np.asarray(k) + 1.0) - gammaln(np.asarray(n) - k + 1.0))
