"""The space that segments live in, and a period's plan: private item factors, or shares of public genres, reweighted by
the public catalogue."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from ..config import SegmentsConfig
from ..inputs import Title
from ..interactions import Bools, Floats, Interactions, Ints
from ..private.recommender import PrivateAls
from .factors import Factors


class Known(BaseModel):
    """A segment of the period before: its number, its name, the genres that stood out, best first, its direction by the
    axes of its plan's space, and by genre where those are others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    segment_id: int
    name: str
    genres: tuple[str, ...]
    direction: dict[str, float]
    by_genre: dict[str, float] | None = None


class Plan(BaseModel):
    """What a period's segmentation is about, all of it public, fixed before the first noisy sum is paid for.

    The space is that of `factors` where there are any. Else coordinates are shares of `genres` less their `mean`, each
    multiplied by its `scale`. `starts` are where a clustering begins, for one segment, for two, and so on: each
    (segments, width). `anchors` (anchors, width) are around which people's spread is told before the number of segments
    is chosen. `titles` are those whose popularity within segments is released, by id, with their names. `before` are
    the segments of the period before.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    period: str
    genres: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    anchors: tuple[tuple[float, ...], ...]
    starts: tuple[tuple[tuple[float, ...], ...], ...]
    titles: dict[str, str]
    iterations: int
    before: tuple[Known, ...] = ()
    factors: Factors | None = None

    @property
    def axes(self) -> tuple[str, ...]:
        """A name for each coordinate."""
        return self.genres if self.factors is None else self.factors.axes

    @property
    def width(self) -> int:
        """Coordinates of a vector."""
        return len(self.axes)

    @property
    def parts(self) -> int:
        """Noisy sums that a segmentation takes: people's spread, moves of the centres, sizes, genres, and titles where
        there are any."""
        return 1 + self.iterations + 2 + bool(self.titles)

    def vectors(self, shares: Floats) -> Floats:
        """Directions, shape (viewers, genres) and of length one, in which tastes differ from the mean.

        What everyone watches points every viewer the same way, and centres would be told apart by noise first.
        """
        return unit((shares - np.array(self.mean)) * np.array(self.scale))

    def seen(self, viewers: Interactions, catalogue: Mapping[str, Title]) -> tuple[Floats, Floats, Bools]:
        """Each viewer's direction (viewers, width) and genre shares (viewers, genres), and who has a direction."""
        shares = genre_shares(viewers, catalogue, self.genres)
        if self.factors is None:
            return self.vectors(shares), shares, np.asarray(shares.any(axis=1))
        found = self.factors.directions(viewers, catalogue)
        return found, shares, np.asarray(found.any(axis=1))


def make_plan(
    period: str,
    catalogue: Mapping[str, Title],
    popularity: Mapping[str, float],
    config: SegmentsConfig,
    before: Sequence[Known] = (),
    private: tuple[str, PrivateAls] | None = None,
) -> Plan | None:
    """A plan from the catalogue without its sensitive titles, from the open title counts, and in the space of `private`
    item factors (their model's name, and the model), which no sensitive title had a part in, where there are any.

    Rare genres weigh more than common ones, by the root of their share of the catalogue, so that drama, which is half
    of everything, does not hide the rest. The mean is that of what is played by the open counts, or of the catalogue
    where there are none. None where fewer than two kinds of titles are there to tell people apart by.
    """
    open_titles = {key: title for key, title in catalogue.items() if not title.sensitive}
    counts = Counter(genre for title in open_titles.values() for genre in title.genres)
    genres = sorted(sorted(counts), key=lambda genre: -counts[genre])[: config.genres]
    if not genres:
        return None
    share = np.array([counts[genre] for genre in genres]) / sum(counts.values())
    scale = 1 / np.sqrt(np.maximum(share, 1 / (2 * len(genres))))
    played = {key: max(0.0, popularity.get(key, 0.0)) for key in open_titles}
    kinds, weights = Counter[tuple[str, ...]](), defaultdict[tuple[str, ...], float](float)
    for key, title in sorted(open_titles.items()):
        kind = tuple(sorted(set(title.genres) & set(genres)))
        kinds[kind] += 1
        weights[kind] += played[key] if any(played.values()) else 1.0
    kinds.pop((), None)
    names = sorted(kinds)
    if len(names) < 2:
        return None
    shares = np.array([[genre in kind for genre in genres] for kind in names], float)
    shares /= shares.sum(axis=1, keepdims=True)
    weight = np.array([weights[name] for name in names], float)
    mean = weight @ shares / weight.sum() if weight.sum() > 0 else shares.mean(axis=0)
    points, of_kind = unit((shares - mean) * scale), np.array([kinds[name] for name in names], float)
    factors = None if private is None else Factors.of(*private, config.factors)
    if factors is not None:
        points, of_kind = factors.points, np.array(factors.played)
    anchors = spread(points, of_kind, config.anchors, config.seed)
    if factors is not None:
        # As of viewers, what is everybody's is taken off; by public counts, so that no noise moves a start.
        points = centred(points, of_kind @ points)
    starts = [spread(points, of_kind, k, config.seed) for k in range(1, config.segments + 1)]
    best = sorted(popularity.keys() & open_titles.keys(), key=lambda key: (-popularity[key], key))[: config.titles]
    return Plan(
        period=period,
        genres=tuple(genres),
        mean=tuple(mean.tolist()),
        scale=tuple(scale.tolist()),
        anchors=tuple(map(tuple, anchors.tolist())),
        starts=tuple(tuple(map(tuple, start.tolist())) for k, start in enumerate(starts, 1) if len(start) == k),
        titles={key: open_titles[key].name for key in sorted(best)},
        iterations=config.iterations,
        before=tuple(before),
        factors=factors,
    )


def genre_shares(viewers: Interactions, catalogue: Mapping[str, Title], genres: Sequence[str]) -> Floats:
    """Each viewer's titles by genre: shape (viewers, genres), rows sum to 1, or are 0 where nothing has a genre.

    A title counts once, split among its genres. Sensitive titles, and those that the catalogue lacks, do not count.
    """
    place = {genre: n for n, genre in enumerate(genres)}
    kinds = np.zeros((len(viewers.titles), len(genres)))
    for row, key in enumerate(viewers.titles.tolist()):
        title = catalogue.get(key)
        known = [place[genre] for genre in set(title.genres) if genre in place] if title and not title.sensitive else []
        kinds[row, known] = 1 / max(1, len(known))
    rows, size = viewers.rows, len(viewers)
    sums = [np.bincount(rows, kinds[viewers.columns, n], minlength=size) for n in range(len(genres))]
    found = np.stack(sums, axis=1)
    return np.asarray(found / np.maximum(found.sum(axis=1, keepdims=True), np.finfo(float).tiny))


def unit(rows: Floats) -> Floats:
    """Rows of length one in L2; rows of zeros stay."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(float).tiny))


def centred(vectors: Floats, mean: Floats) -> Floats:
    """Rows of length one without what is everybody's, and of length one again; rows of zeros stay."""
    if not mean.any():
        return vectors
    return unit(np.where(vectors.any(axis=1, keepdims=True), vectors - mean, 0.0))


def nearest(vectors: Floats, centres: Floats) -> Ints:
    """Place of the centre of the smallest angle to each vector; the first of those that tie."""
    return np.asarray((vectors @ unit(centres).T).argmax(axis=1))


def spread(points: Floats, weights: Floats, k: int, seed: int) -> Floats:
    """Spherical k-means over public points: at most k centres, from a seeded k-means++ start."""
    random = np.random.default_rng(seed)
    chosen = [int(weights.argmax())]
    while len(chosen) < min(k, len(points)):
        away = weights * np.maximum(0, 1 - (points @ points[chosen].T).max(axis=1))
        if away.sum() <= 0:
            break
        chosen.append(int(random.choice(len(points), p=away / away.sum())))
    centres = points[chosen]
    for _ in range(20):
        label = nearest(points, centres)
        sums = np.stack([(points * weights[:, None])[label == j].sum(axis=0) for j in range(len(centres))])
        centres = np.where(np.linalg.norm(sums, axis=1, keepdims=True) > 0, unit(sums), centres)
    return centres
