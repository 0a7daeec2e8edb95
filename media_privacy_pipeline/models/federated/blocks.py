"""Parts of a vector that have a bound and noise of their own. All numbers are whole: steps, as the statistics are."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ...errors import UsageError
from .noise import share_scale, shares_mu
from .words import TAIL, Integers

_HALF = 20


class Block(NamedTuple):
    """`size` whole numbers; no client moves their sum by more than `sensitivity` in L2. Noise of scale `sigma`.

    Where `width` is given they are upper triangles, row by row, of symmetric matrices of that width: a number beside
    the diagonal stands for two, counts twice in the sensitivity, and has noise of scale `beside`. A scale of 0 is none.
    """

    name: str
    size: int
    sensitivity: float
    sigma: float
    width: int = 0
    beside: float = 0.0

    def doubled(self) -> Integers:
        """1 for each number that stands for itself, 2 for one that stands for two."""
        if not self.width:
            return np.ones(self.size, np.int64)
        rows, columns = np.triu_indices(self.width)
        return np.tile(np.where(rows == columns, 1, 2), self.size // len(rows)).astype(np.int64)

    def check(self, part: Integers) -> None:
        """Raises UsageError for a part of another length or kind, or longer than the bound: in exact arithmetic."""
        if part.shape != (self.size,) or part.dtype != np.int64:
            raise UsageError(f"{self.name}: a client's part has {self.size} whole numbers")
        # Not by absolute values: that of the least 64-bit integer is itself.
        if part.size and max(int(part.max()), -int(part.min())) >= 1 << (2 * _HALF):
            raise UsageError(f"{self.name}: a client's part is past its bound")
        # Squares of halves of the numbers, so that no sum leaves 64 bits.
        high, low, doubled = part >> _HALF, part & ((1 << _HALF) - 1), self.doubled()
        sums = [int((doubled * x * y).sum()) for x, y in ((high, high), (high, low), (low, low))]
        if (sums[0] << 2 * _HALF) + (sums[1] << (_HALF + 1)) + sums[2] > math.floor(self.sensitivity**2):
            raise UsageError(f"{self.name}: a client's part is past its bound")

    def scales(self, honest: int) -> tuple[int, int]:
        """Whole scales of one client's share of noise: of numbers on the diagonal, or of all, and beside it."""
        own = share_scale(self.sigma, honest) if self.sigma else 0
        return own, share_scale(self.beside, honest) if self.width and self.beside else own

    def mu(self, honest: int) -> float:
        """What the block costs with the shares of so many clients; infinite without noise."""
        own, beside = self.scales(honest)
        if not own or not beside:
            return math.inf
        if not self.width:
            return shares_mu(self.sensitivity, own, honest)
        # Numbers beside the diagonal have √2 times the weight in the bound that they have in the noise.
        return max(shares_mu(self.sensitivity, own, honest), shares_mu(self.sensitivity, beside, honest) / math.sqrt(2))

    def most(self, clients: int, honest: int) -> float:
        """What no number of the sum passes, however many of the clients add their share of noise."""
        return clients * self.sensitivity + TAIL * max(self.scales(honest)) * math.sqrt(clients)
