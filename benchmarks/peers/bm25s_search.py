"""Titles by bm25s, its BM25 in numpy with Snowball's stems; `benchmarks.search` runs this in an environment of its own.

Reads one JSON document of ids, texts, queries and k, and writes the ids found and the milliseconds of each query.
"""

from __future__ import annotations

import json
import sys
import time

import bm25s
import Stemmer


def main() -> None:
    """Index and ask."""
    given = json.load(sys.stdin)
    stemmer = Stemmer.Stemmer("english")

    def cut(texts: list[str]) -> object:
        return bm25s.tokenize(texts, stopwords=[], stemmer=stemmer, show_progress=False)

    index = bm25s.BM25()
    index.index(cut(given["texts"]), show_progress=False)
    found, times = [], []
    for query in given["queries"]:
        begun = time.perf_counter()
        places, scores = index.retrieve(cut([query]), k=given["k"], show_progress=False)
        times.append(1000 * (time.perf_counter() - begun))
        hits = zip(places[0], scores[0], strict=True)
        found.append([given["ids"][place] for place, score in hits if score > 0])
    json.dump({"found": found, "milliseconds": times}, sys.stdout)


main()
