"""Who masks with whom: rings drawn from the round's name, which both sides derive and the server cannot choose."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .masks import own_stream_key, stream

Graph = tuple[tuple[int, ...], ...]


@lru_cache(maxsize=4)
def graph_of(name: bytes, clients: int, degree: int) -> Graph:
    """Each client's neighbours, ascending: the union of degree / 2 rings, each over all clients in random order.

    Symmetric, without loops; the complete graph where the degree is clients - 1. A client whose neighbour comes in two
    rings has one fewer.
    """
    if degree >= clients - 1:
        return tuple(tuple(v for v in range(clients) if v != u) for u in range(clients))
    words = stream(own_stream_key(name, b"neighbours"), clients * (degree // 2)).reshape(-1, clients)
    found: list[set[int]] = [set() for _ in range(clients)]
    for ring in np.argsort(words, axis=1, kind="stable").tolist():
        for u, v in zip(ring, [*ring[1:], ring[0]], strict=True):
            found[u].add(v)
            found[v].add(u)
    return tuple(tuple(sorted(each)) for each in found)
