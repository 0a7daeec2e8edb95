"""A viewer's own recommendations on the viewer's own device: one least-squares problem, then the best unseen titles.

Stands alone: it needs numpy and the folder of a bundle, and nothing leaves the device.

    Model.load("bundle").recommend({"t12": 1.0, "t7": 2.5}, 20)  ->  [("t3", 0.81), ...]
"""

import json
from collections.abc import Mapping, Sequence
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

    def recommend(self, history: Mapping[str, float], k: int) -> list[tuple[str, float]]:
        """The k best unseen titles with their scores; history is title -> weight, unknown titles add nothing.

        Equal scores come in the order of the titles. Empty for a history without a known title.
        """
        known = {self.places[title]: float(weight) for title, weight in history.items() if title in self.places}
        if not all(np.isfinite(weight) and weight > 0 for weight in known.values()):
            raise ValueError("weights are positive numbers")
        if not known:
            return []
        seen, weights = np.array(list(known)), np.array(list(known.values()))
        own = self.factors[seen]
        vector = np.linalg.solve(self.base + own.T @ (weights[:, None] * own), weights @ own)
        scores = self.factors @ vector
        scores[seen] = -np.inf
        best = np.argsort(-scores, kind="stable")[: min(k, len(scores) - len(seen))]
        return [(self.titles[n], float(scores[n])) for n in best]
