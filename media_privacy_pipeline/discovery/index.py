"""BM25 over several fields, worked out in advance: a query only adds up what is stored.

BM25F of Robertson, Zaragoza and Taylor (2004): the counts of a term in each field, divided by how long the field is
there and weighed, are added before they saturate. Of several names of one title the best counts, and not their sum.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .entries import Entry
from .words import stems

VERSION = 1
"""Of the way in which an index is made: another number makes tonight's anew."""
EXACT = "="
"""Before a term that is a word as it is written; without it, a term is a stem."""
WHOLE = "^"
"""Before a term that is a whole name, its words with a space between."""
WHOLE_WEIGHT = 4.0
SATURATION = 1.2


@dataclass(frozen=True)
class Field:
    """How much a field counts, and how much being long takes from it: 0 nothing, 1 in proportion."""

    weight: float
    length: float


NAME = Field(3.0, 0.6)
FIELDS = {
    "genres": Field(1.0, 0.3),
    "creator": Field(1.5, 0.5),
    "synopsis": Field(0.7, 0.75),
    "facts": Field(0.5, 0.0),
    "aliases": Field(1.0, 0.0),
}
JOINED = Field(1.0, 0.0)
EXACT_SHARE = 0.4
"""What the very word counts beside its stem: who asks for Aliens does not mean Alien."""


@dataclass(frozen=True)
class Index:
    """What each term weighs in each title; the stem of each word, and in how many titles it is."""

    weights: Mapping[str, Mapping[str, float]]
    stems: Mapping[str, str]
    titles: Mapping[str, int]


def build(catalogue: Sequence[Entry], language: str) -> Index:
    """The index of a catalogue."""
    vocabulary = sorted({word for entry in catalogue for word in _all_words(entry)})
    stem_of, averages = stems(vocabulary, language), _averages(catalogue)
    weights: dict[str, dict[str, float]] = {}
    for term_of, share in ((stem_of, 1.0), ({word: EXACT + word for word in vocabulary}, EXACT_SHARE)):
        counts = [_counts(entry, term_of, averages) for entry in catalogue]
        found_in = Counter(term for found in counts for term in found)
        for entry, found in zip(catalogue, counts, strict=True):
            for term, count in found.items():
                rarity = math.log1p((len(catalogue) - found_in[term] + 0.5) / (found_in[term] + 0.5))
                weight = share * rarity * count * (SATURATION + 1) / (SATURATION + count)
                weights.setdefault(term, {})[entry.title_id] = weight
    for entry in catalogue:
        for name in filter(None, entry.by_name):
            weights.setdefault(WHOLE + " ".join(name), {})[entry.title_id] = WHOLE_WEIGHT
    titles = Counter(word for entry in catalogue for word in set(_all_words(entry)))
    return Index(weights, stem_of, titles)


def _all_words(entry: Entry) -> list[str]:
    named = [word for name in entry.by_name for word in name]
    return named + entry.joined + [word for found in entry.fields.values() for word in found]


def _averages(catalogue: Sequence[Entry]) -> dict[str, float]:
    """Mean length of each field where it is there, and of a name."""
    lengths: dict[str, list[int]] = {"name": [len(name) for entry in catalogue for name in entry.by_name]}
    for field in FIELDS:
        lengths[field] = [len(entry.fields[field]) for entry in catalogue if entry.fields[field]]
    return {field: sum(found) / len(found) if found else 1.0 for field, found in lengths.items()}


def _counts(entry: Entry, term_of: Mapping[str, str], averages: Mapping[str, float]) -> dict[str, float]:
    best: dict[str, float] = {}
    for name in entry.by_name:
        # A name that says a word twice is not twice as much about it.
        for term, count in _weighed(dict.fromkeys(name), term_of, NAME, averages["name"]).items():
            best[term] = max(best.get(term, 0.0), count)
    total = defaultdict(float, best)
    for field, shape in FIELDS.items():
        for term, count in _weighed(entry.fields[field], term_of, shape, averages[field]).items():
            total[term] += count
    for term in {term_of[word] for word in entry.joined} - total.keys():
        total[term] = JOINED.weight
    return dict(total)


def _weighed(found: Collection[str], term_of: Mapping[str, str], shape: Field, average: float) -> dict[str, float]:
    if not found:
        return {}
    short = 1 - shape.length + shape.length * len(found) / max(average, 1e-9)
    return {term: shape.weight * count / short for term, count in Counter(term_of[word] for word in found).items()}
