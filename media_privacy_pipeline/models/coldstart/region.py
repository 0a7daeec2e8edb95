"""What is popular in each country, from noisy open counts alone: each country's own, drawn towards everybody's.

A country's counts n_t have noise of variance s²; what everybody watches, g_t, is counted by day over all
countries and is far less noisy beside its size. With e = b g the country's counts as everybody's taste would have them
(b by least squares), a title's estimate is e_t + w (n_t - e_t), w = v / (v + s²), v the part of the mean of (n - e)²
that noise does not account for, never below 0 (the positive-part empirical-Bayes estimate of Efron and Morris 1973). A
country whose counts do not stand out of the noise has everybody's list; w is published, so that this can be seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..interactions import Floats, Strings
from ..topk import top_k


@dataclass(frozen=True)
class Counts:
    """Noisy viewers of titles: `own` (regions, titles) with the variance of their noise, and `overall` (titles,)."""

    regions: Sequence[str]
    titles: Strings
    own: Floats
    variance: Floats
    overall: Floats


@dataclass(frozen=True)
class Regional:
    """Estimates (regions, titles) and how much of them is the region's own, 0 to 1, for each region."""

    scores: Floats
    own_share: Floats


def regional(counts: Counts) -> Regional:
    """See above. Without counts of a region, or without any, its estimates are everybody's counts."""
    overall, squares = counts.overall.astype(np.float64), float((counts.overall**2).sum())
    scores, shares = np.tile(overall, (len(counts.regions), 1)), np.zeros(len(counts.regions))
    for n, own in enumerate(counts.own):
        if not own.any():
            continue
        expected = overall * (float(own @ overall) / squares if squares > 0 else 0.0)
        noise = float(counts.variance[n].mean())
        kept = max(0.0, float(((own - expected) ** 2).mean()) - noise)
        shares[n] = kept / (kept + noise) if kept > 0 else 0.0
        # As everybody's list to the bit where nothing is the region's own.
        if shares[n] > 0:
            scores[n] = expected + shares[n] * (own - expected)
    return Regional(scores, shares)


def listed(counts: Counts, found: Regional, offered: frozenset[str], k: int) -> list[dict[str, str | int | float]]:
    """The k best of the titles that may be offered, by region: what is not above zero is not ranked."""
    allowed = np.array([title in offered for title in counts.titles.tolist()], bool)
    ranked = np.where(allowed[None, :] & (found.scores > 0), found.scores, -np.inf)
    best = top_k(ranked, k)
    return [
        {
            "country": region,
            "rank": rank + 1,
            "title_id": str(counts.titles[place]),
            "score": float(found.scores[n, place]),
            "own_share": float(found.own_share[n]),
        }
        for n, region in enumerate(counts.regions)
        for rank, place in enumerate(best[n].tolist())
        if place >= 0
    ]


def counts_of(
    regions: Sequence[str],
    overall: Mapping[str, float],
    counted: Sequence[tuple[str, str, float, float]],
) -> Counts:
    """From everybody's counts by title, and rows of region, title, count and its upper 95 % end; rows of a region and
    title add up, and so do the variances of their noise."""
    titles = np.array(sorted({*overall, *(title for _, title, _, _ in counted)}), np.str_)
    row = {region: n for n, region in enumerate(regions)}
    column = {title: n for n, title in enumerate(titles.tolist())}
    own, variance = np.zeros((len(regions), len(titles))), np.zeros((len(regions), len(titles)))
    for region, title, count, high in counted:
        if region in row:
            own[row[region], column[title]] += count
            variance[row[region], column[title]] += ((high - count) / 1.959964) ** 2
    return Counts(regions, titles, own, variance, np.array([max(0.0, overall.get(t, 0.0)) for t in titles.tolist()]))
