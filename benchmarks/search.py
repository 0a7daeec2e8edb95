"""`python -m benchmarks.search --movies .../movies.csv`: titles asked for by name with a typo, and how high they come.

Queries are names of titles drawn from the MovieLens catalogue, as they are and with one random typo: a letter or digit
put in, left out, changed, or changed with its neighbour. A search is as good as 1 / the place of the title among ten
(mean reciprocal rank, 95 % interval by bootstrap); titles that share their name count for each other, since no query
tells them apart. Side by side, over the same names, genres and years: this project's index in DuckDB, SQLite's FTS5
with Porter's stems, FTS5 with trigrams, and bm25s with Snowball's stems in an environment of its own.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import sqlite3
import string
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.peers.install import NotInstalled, Peer, python_of
from media_privacy_pipeline.discovery import search
from media_privacy_pipeline.discovery.names import names
from media_privacy_pipeline.discovery.tables import index_tables

BM25S = Peer("bm25s 0.3.16", "bm25s_search", ("bm25s==0.3.16", "PyStemmer==3.0.0", "numpy==2.4.6"))
K = 10
Search = Callable[[str], list[str]]


def movies(path: Path) -> pa.Table:
    """The catalogue under the landing contract's names."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    years = [re.search(r"\((\d{4})\)\s*$", row["title"]) for row in rows]
    genres = [[name for name in row["genres"].split("|") if "(" not in name] for row in rows]
    return pa.table(
        {
            "title_id": [row["movieId"] for row in rows],
            "title": [re.sub(r"\s*\(\d{4}\)\s*$", "", row["title"]) for row in rows],
            "kind": ["film"] * len(rows),
            "genres": pa.array(genres, pa.list_(pa.string())),
            "release_year": pa.array([int(year[1]) if year else None for year in years], pa.int32()),
            "creator": pa.nulls(len(rows), pa.string()),
            "language": pa.nulls(len(rows), pa.string()),
            "synopsis": pa.nulls(len(rows), pa.string()),
        }
    )


def with_typo(text: str, chance: random.Random) -> str:
    """The text with one letter or digit put in, left out, changed, or changed with its neighbour."""
    place = chance.choice([at for at, sign in enumerate(text) if sign.isalnum()])
    other = chance.choice(string.ascii_lowercase)
    before, sign, after = text[:place], text[place], text[place + 1 :]
    match chance.choice(("in", "out", "for", "swap")):
        case "in":
            return before + other + sign + after
        case "out":
            return before + after
        case "swap" if after:
            return before + after[0] + sign + after[1:]
        case _:
            return before + other + after


def ours(catalogue: pa.Table) -> Search:
    """This project's index."""
    connection = duckdb.connect()
    for name, table in index_tables(catalogue, "english").items():
        connection.from_arrow(table).create(name)
    return lambda query: [hit.title_id for hit in search(connection, query, K)]


def texts(catalogue: pa.Table) -> list[str]:
    """What the others index of each title."""
    rows = catalogue.to_pylist()
    return [" ".join([*names(row["title"]), *row["genres"], str(row["release_year"] or "")]) for row in rows]


def fts5(catalogue: pa.Table, tokenizer: str) -> Search:
    """SQLite's index; any word may be missing, and BM25 sorts."""
    connection = sqlite3.connect(":memory:")
    connection.execute(f"create virtual table t using fts5(id unindexed, text, tokenize='{tokenizer}')")
    rows = zip(catalogue.column("title_id").to_pylist(), texts(catalogue), strict=True)
    connection.executemany("insert into t values (?, ?)", rows)
    # Trigrams of the query, each a term of its own: a typo spoils three of them and leaves the others.
    wide = 3 if tokenizer == "trigram" else 0

    def asked(query: str) -> list[str]:
        found = re.findall(r"\w+", query.lower())
        if wide:
            text = " ".join(found)
            found = [text[at : at + wide] for at in range(len(text) - wide + 1)]
        if not found:
            return []
        match = " OR ".join(f'"{word}"' for word in dict.fromkeys(found))
        sql = f"select id from t where t match ? order by bm25(t) limit {K}"
        return [row[0] for row in connection.execute(sql, (match,))]

    return asked


def measured(run: Search, asked: Sequence[tuple[str, set[str]]]) -> tuple[np.ndarray, np.ndarray]:
    """Reciprocal rank and milliseconds of each query."""
    ranks, times = [], []
    for query, wanted in asked:
        begun = time.perf_counter()
        found = run(query)
        times.append(1000 * (time.perf_counter() - begun))
        ranks.append(next((1 / place for place, title in enumerate(found, 1) if title in wanted), 0.0))
    return np.array(ranks), np.array(times)


def bm25s(catalogue: pa.Table, asked: Sequence[tuple[str, set[str]]]) -> tuple[np.ndarray, np.ndarray]:
    """The same, of bm25s in its own environment."""
    here = Path(__file__).parent
    given = {"ids": catalogue.column("title_id").to_pylist(), "texts": texts(catalogue), "k": K}
    given["queries"] = [query for query, _ in asked]
    command = [str(python_of(BM25S, here / "work")), str(here / "peers" / f"{BM25S.script}.py")]
    done = subprocess.run(command, input=json.dumps(given), stdout=subprocess.PIPE, text=True, check=True)
    told = json.loads(done.stdout)
    found = iter(told["found"])
    ranks, _ = measured(lambda query: next(found), asked)
    return ranks, np.array(told["milliseconds"])


def interval(values: np.ndarray) -> tuple[float, float]:
    """95 % bootstrap interval of a mean."""
    chance = np.random.default_rng(1)
    means = [values[chance.integers(0, len(values), len(values))].mean() for _ in range(1000)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--movies", type=Path, required=True, help="movies.csv of a MovieLens set")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    catalogue = movies(chosen.movies)
    chance = random.Random(chosen.seed)
    called = [names(title)[0] for title in catalogue.column("title").to_pylist()]
    ids = catalogue.column("title_id").to_pylist()
    same: dict[str, set[str]] = {}
    for title, name in zip(ids, called, strict=True):
        same.setdefault(name.casefold(), set()).add(title)
    drawn = chance.sample([name for name in called if any(sign.isalnum() for sign in name)], chosen.queries)
    begun = time.perf_counter()
    own = ours(catalogue)
    made = time.perf_counter() - begun
    print(f"{len(ids):,} titles, {chosen.queries:,} queries, seed {chosen.seed}; index {made:.1f} s")
    engines = {
        "this index, DuckDB": own,
        "FTS5, porter": fts5(catalogue, "porter unicode61 remove_diacritics 2"),
        "FTS5, trigram": fts5(catalogue, "trigram"),
    }
    print("| queries | search | MRR@10 (95 %) | found first | ms, median | ms, 95 % |\n|---|---|---:|---:|---:|---:|")
    for kind, change in (("as written", lambda name: name), ("one typo", lambda name: with_typo(name, chance))):
        asked = [(change(name), same[name.casefold()]) for name in drawn]
        figures = {name: measured(run, asked) for name, run in engines.items()}
        try:
            figures[BM25S.name] = bm25s(catalogue, asked)
        except NotInstalled as error:
            print(f"{BM25S.name}: {error}")
        for name, (ranks, times) in figures.items():
            low, high = interval(ranks)
            shown = f"{ranks.mean():.3f} ({low:.3f} to {high:.3f}) | {(ranks == 1).mean():.3f}"
            print(f"| {kind} | {name} | {shown} | {np.median(times):.1f} | {np.quantile(times, 0.95):.1f} |")


if __name__ == "__main__":
    main()
