"""`python -m benchmarks.cold_titles --data FOLDER`: new titles ranked by their metadata, on MovieLens latest-small.

FOLDER holds movies.csv and ratings.csv. Titles are dealt into five parts; each part in turn is taken out of everything,
as if its titles were added tomorrow: factors are learned from the others, vectors of the part's titles are derived from
their names and genres, and every viewer who did watch one of them ranks the whole part. Every rating counts as watched.
A viewer's figure is the mean over the parts; the interval is a bootstrap over viewers.

Rivals that could be had on that day: chance; the popularity that the same metadata predict (the same list for
everybody); the viewer's genres. In hindsight alone: the counts that the titles came to have.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from media_privacy_pipeline.models.coldstart.config import ColdStartConfig
from media_privacy_pipeline.models.coldstart.derived import derived
from media_privacy_pipeline.models.coldstart.metadata import Metadata
from media_privacy_pipeline.models.coldstart.recommender import ColdStart, factored
from media_privacy_pipeline.models.config import IalsConfig
from media_privacy_pipeline.models.evaluation.bootstrap import ends, means, resampled_means
from media_privacy_pipeline.models.evaluation.judging import Genres
from media_privacy_pipeline.models.evaluation.metrics import hits, ndcg, recall
from media_privacy_pipeline.models.interactions import Bools, Floats, Interactions, positions
from media_privacy_pipeline.models.private.config import improved
from media_privacy_pipeline.models.private.recommender import PrivateAls
from media_privacy_pipeline.models.recommenders.ials import Ials
from media_privacy_pipeline.models.topk import top_k

PARTS, SEED, RESAMPLES = 5, 1, 2_000
KS = (10, 20)
_YEAR = re.compile(r"\s*\((\d{4})\)\s*$")


def read(folder: Path) -> tuple[Interactions, dict[str, Metadata], dict[str, tuple[str, ...]]]:
    """Who watched what; the titles' metadata; their genres."""
    told, genres = {}, {}
    for row in csv.DictReader((folder / "movies.csv").open(encoding="utf-8")):
        key, year = f"{int(row['movieId']):07d}", _YEAR.search(row["title"])
        genres[key] = tuple(name for name in row["genres"].split("|") if name != "(no genres listed)")
        name = _YEAR.sub("", row["title"])
        told[key] = Metadata.of((name,), genres[key], None if year is None else int(year[1]))
    rows = list(csv.DictReader((folder / "ratings.csv").open(encoding="utf-8")))
    data = Interactions.of([row["userId"] for row in rows], [f"{int(row['movieId']):07d}" for row in rows])
    return data, told, genres


def judged(scores: Mapping[str, Floats], wanted: Interactions) -> dict[str, Floats]:
    """Figures of viewers who have a title in the part, NaN for the others: (viewers, metrics) by name."""
    rows = np.flatnonzero(wanted.lengths > 0)
    test, found = wanted.take(rows), {}
    for name, table in scores.items():
        hit = hits(top_k(np.ascontiguousarray(table[rows]), max(KS)), test)
        values = np.full((len(wanted), 2 * len(KS)), np.nan)
        figures = [figure(hit, test.lengths, k) for figure in (recall, ndcg) for k in KS]
        values[rows] = np.column_stack(figures)
        found[name] = values
    return found


def part_of(
    data: Interactions,
    told: Mapping[str, Metadata],
    genres: Mapping[str, tuple[str, ...]],
    cold: Bools,
    model: Ials | PrivateAls,
    random: np.random.Generator,
) -> tuple[dict[str, Floats], str]:
    """Figures of one part, and what the regression says of itself."""
    names = data.titles[cold]
    train, wanted = data.over(data.titles[~cold]), data.over(names)
    learned = ColdStart(model.fit(train), told)
    inner = factored(model)
    assert inner is not None
    at = positions(learned.titles, names)
    own = np.full((len(data), len(names)), -np.inf, np.float32)
    known = learned.titles.tolist()
    for rows in learned.batches(train.over(np.array(known))):
        whole = learned.score(train.over(learned.titles), rows).scores
        own[rows] = np.where(at >= 0, whole[:, np.maximum(at, 0)], -np.inf)
    counts = np.bincount(train.columns, minlength=len(train.titles))
    guessed = derived(train.titles, np.log1p(counts)[:, None], told, ColdStartConfig())
    expected = np.full(len(names), -np.inf)
    place = positions(guessed.titles, names)
    expected[place >= 0] = guessed.factors[place[place >= 0], 0]
    kinds = Genres.of(genres)
    taste = np.zeros((len(data), len(kinds.names)))
    np.add.at(taste, train.rows, kinds.over(train.titles)[train.columns])
    cosine = taste @ (kinds.over(names) / np.maximum(np.linalg.norm(kinds.over(names), axis=1), 1e-9)[:, None]).T
    everyone = (len(data), 1)
    scores = {
        "by metadata": own,
        "chance": random.random(own.shape),
        "popularity that metadata predict": np.tile(expected, everyone),
        "the viewer's genres": cosine,
        "popularity in hindsight": np.tile(np.bincount(wanted.columns, minlength=len(names)).astype(float), everyone),
    }
    new = learned.new
    listed = f"{int((place >= 0).sum())} of {len(names)} listed" if new.penalty else "none listed"
    return judged(scores, wanted), f"{listed}, penalty {new.penalty}, {new.explained or 0:.1%} explained"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cold_titles", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--factors", type=int, default=32)
    parser.add_argument("--mu", type=float, help="private factors of so much, in place of ials")
    chosen = parser.parse_args(arguments)
    data, told, genres = read(chosen.data)
    random = np.random.default_rng(SEED)
    part = random.permutation(len(data.titles)) % PARTS
    begun, found = time.process_time(), []
    for n in range(PARTS):
        model = PrivateAls(improved(chosen.mu)) if chosen.mu else Ials(IalsConfig(factors=chosen.factors))
        values, words = part_of(data, told, genres, part == n, model, random)
        found.append(values)
        print(f"part {n + 1}: {words}")
    print(f"\n{platform.machine()}, load {os.getloadavg()[0]:.1f}, {time.process_time() - begun:.0f} s of processor")
    print(f"{len(data)} viewers, {len(data.titles)} titles, {data.pairs} pairs, seed {SEED}\n")
    print("| ranked | " + " | ".join(f"{metric}@{k}" for metric in ("recall", "nDCG") for k in KS) + " |")
    mean = {name: np.column_stack([_mean([each[name][:, c] for each in found]) for c in range(4)]) for name in found[0]}
    lead = {f"lead over {name}": mean["by metadata"] - mean[name] for name in mean if name != "by metadata"}
    for name, values in {**mean, **lead}.items():
        values = values[~np.isnan(values).any(axis=1)]
        low, high = ends(resampled_means(values, RESAMPLES, SEED))
        cells = [f"{m:.4f} ({a:.4f} to {b:.4f})" for m, a, b in zip(means(values), low, high, strict=True)]
        print(f"| {name} | {' | '.join(cells)} |")


def _mean(values: list[Floats]) -> Floats:
    """Of each viewer over the parts in which they have a figure."""
    return means(np.stack(values))


if __name__ == "__main__":
    main()
