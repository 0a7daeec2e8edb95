"""The index as three open tables of plain columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from .entries import Entry, entries
from .index import Index, build
from .vectors import Vectors, embed

TITLES, WORDS, TERMS = "search_titles", "search_words", "search_index"
TABLES = (TITLES, WORDS, TERMS)

_SCHEMAS = {
    TITLES: pa.schema(
        [
            ("title_id", pa.string()),
            ("name", pa.string()),
            ("aliases", pa.list_(pa.string())),
            ("kind", pa.string()),
            ("genres", pa.list_(pa.string())),
            ("release_year", pa.int32()),
            ("vector", pa.list_(pa.float64())),
        ]
    ),
    WORDS: pa.schema(
        [("word", pa.string()), ("stem", pa.string()), ("titles", pa.int32()), ("vector", pa.list_(pa.float64()))]
    ),
    TERMS: pa.schema([("term", pa.string()), ("title_id", pa.string()), ("weight", pa.float64())]),
}


def index_tables(catalogue: pa.Table, language: str) -> Mapping[str, pa.Table]:
    """`search_titles`, `search_words` and `search_index` of a catalogue with entries.COLUMNS, sorted by their keys."""
    found = entries(catalogue)
    index = build(found, language)
    vectors = embed(found, index)
    return {
        TITLES: _titles(catalogue.sort_by("title_id"), found, vectors),
        WORDS: _words(index, vectors),
        TERMS: _terms(index),
    }


def _titles(catalogue: pa.Table, found: Sequence[Entry], vectors: Vectors) -> pa.Table:
    columns = {
        "title_id": catalogue.column("title_id"),
        "name": pa.array([entry.names[0] for entry in found], pa.string()),
        "aliases": pa.array([list(entry.names[1:]) for entry in found], pa.list_(pa.string())),
        "kind": catalogue.column("kind"),
        "genres": catalogue.column("genres"),
        "release_year": catalogue.column("release_year"),
        "vector": pa.array([_short(vector) for vector in vectors.titles], pa.list_(pa.float64())),
    }
    return pa.table(columns).cast(_SCHEMAS[TITLES])


def _words(index: Index, vectors: Vectors) -> pa.Table:
    vocabulary = sorted(index.stems)
    rows = [
        {"word": word, "stem": stem, "titles": index.titles[word], "vector": _short(vectors.stems[stem])}
        for word, stem in ((word, index.stems[word]) for word in vocabulary)
    ]
    return pa.Table.from_pylist(rows, _SCHEMAS[WORDS])


def _terms(index: Index) -> pa.Table:
    rows = sorted((term, title, weight) for term, found in index.weights.items() for title, weight in found.items())
    terms, titles, weights = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.Table.from_arrays([pa.array(terms), pa.array(titles), pa.array(weights)], schema=_SCHEMAS[TERMS])


def _short(vector: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[float]:
    """Six digits are more than a cosine needs, and what is left compresses."""
    return [float(value) for value in np.round(vector, 6)]
