"""A viewer's own recommendations on the viewer's own device: one least-squares problem, then the best unseen titles.

Stands alone: it needs numpy and the folder of a bundle, and nothing leaves the device.

    Model.load("bundle").recommend(["t12", "t7"], 20)  ->  [("t3", 0.81), ...]
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike


class Model:
    """Item factors, shape (titles, width), and what goes with them."""

    def __init__(self, titles: Sequence[str], factors: ArrayLike, regularisation: float, unobserved: float) -> None:
        self.titles, self.places = list(titles), {title: n for n, title in enumerate(titles)}
        self.factors = np.asarray(factors, np.float64)
        gram = unobserved * (self.factors.T @ self.factors)
        self.base = gram + regularisation * np.eye(self.factors.shape[1])

    @classmethod
    def load(cls, folder: str | Path) -> "Model":
        """From a bundle's folder."""
        folder = Path(folder)
        manifest = json.loads((folder / "manifest.json").read_text())
        titles = json.loads((folder / "titles.json").read_text())
        content = (folder / "factors.bin").read_bytes()
        count, width = np.frombuffer(content, "<u4", 2, 4).tolist()
        if content[:4] != b"MPF1" or count != len(titles) or len(content) != 16 + 4 * count * width:
            raise ValueError("factors.bin is not what the manifest describes")
        factors = np.frombuffer(content, "<f4", count * width, 16).reshape(count, width)
        return cls(titles, factors, manifest["regularisation"], manifest["unobserved"])

    def recommend(self, history: Iterable[str], k: int) -> list[tuple[str, float]]:
        """The k best titles that are not in the history, with their scores; unknown titles add nothing.

        Equal scores come in the order of the titles. Empty for a history without a known title.
        """
        seen = sorted({self.places[title] for title in history if title in self.places})
        if not seen:
            return []
        own = self.factors[seen]
        vector = np.linalg.solve(self.base + own.T @ own, own.sum(axis=0))
        scores = self.factors @ vector
        scores[seen] = -np.inf
        best = np.argsort(-scores, kind="stable")[: min(k, len(scores) - len(seen))]
        return [(self.titles[n], float(scores[n])) for n in best]
