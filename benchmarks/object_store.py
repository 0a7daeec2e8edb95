"""How DuckDB reads a table in an object store: through pyarrow, column by column, or from copies made first.

    python -m benchmarks.object_store --rows 4000000

Runs moto's S3 on loopback, in a process of its own: its speed is that of Python and of no network. Processor time is of
this process alone.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from media_privacy_pipeline.stores import Bucket
from media_privacy_pipeline.stores.cache import Cache

FILES = 8
SERVER = """
import time
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
time.sleep(3600)
"""
QUERIES = {
    "two columns of nine": "select title_id, sum(watched_seconds) as s from t group by 1 order by 2 desc limit 5",
    "one day of eight": "select count(*), sum(watched_seconds) from t where arrival_day = date '2026-01-03'",
    "all columns": "select count(*), count(distinct event_id), max(session_id), max(device_id), max(country), "
    "max(started_at), count(distinct account_id), max(title_id), sum(watched_seconds) from t",
}


def _rows(day: int, rows: int) -> pa.Table:
    draw = np.random.default_rng(day)
    numbers = np.arange(rows) + day * rows
    started = np.datetime64("2026-01-01T00:00:00", "us") + day * np.timedelta64(86_400_000_000, "us")
    return pa.table(
        {
            "arrival_day": pa.repeat(pa.scalar((started.astype("datetime64[D]")).item(), pa.date32()), rows),
            "event_id": pa.array([f"{n:032x}" for n in numbers.tolist()]),
            "account_id": pa.array([f"a{n:08}" for n in draw.integers(0, 200_000, rows).tolist()]),
            "title_id": pa.array([f"t{n:05}" for n in (5000 * draw.random(rows) ** 3).astype(int).tolist()]),
            "session_id": pa.array([f"s{n:012x}" for n in draw.integers(0, 1 << 40, rows).tolist()]),
            "device_id": pa.array([f"d{n:08}" for n in draw.integers(0, 300_000, rows).tolist()]),
            "country": pa.array(np.array(["DE", "FR", "PL"])[draw.integers(0, 3, rows)]),
            "started_at": pa.array(started + draw.integers(0, 86_400, rows).astype("timedelta64[s]")),
            "watched_seconds": pa.array(draw.integers(0, 7200, rows).astype(np.int32)),
        }
    )


def _timed(run: Callable[[], object]) -> tuple[float, float]:
    wall, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    run()
    now = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter() - wall, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime


def main() -> None:
    """Print one line for each query and way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=4_000_000)
    rows = parser.parse_args().rows
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert server.stdout is not None
        os.environ |= {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.stdout.readline().strip()}",
            "AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark", "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
        }  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            _compare(Path(folder), rows)
    finally:
        server.kill()
        server.wait()


def _compare(folder: Path, rows: int) -> None:
    bucket = Bucket("s3://benchmark/lake")
    bucket.client.create_bucket(Bucket="benchmark")
    files = {}
    for day in range(FILES):
        path = folder / f"part-{day}.parquet"
        pq.write_table(_rows(day, rows // FILES), path, compression="zstd")
        files[f"t/part-{day}.parquet"] = path
    bucket.upload_all(files)
    sizes = {name: path.stat().st_size for name, path in files.items()}
    schema = pq.read_schema(next(iter(files.values())))
    print(f"{rows:,} rows, {sum(sizes.values()) / 1e6:.0f} MB in {FILES} objects; load {os.getloadavg()[0]:.1f}")
    cache = Cache(folder / "copies", 10**12)
    copies: list[Path] = []
    wall, used = _timed(lambda: copies.extend(cache.paths(sizes, bucket.download_all)))
    print(f"copies made: {wall:.2f} s, {used:.2f} s of processor")
    for name, sql in QUERIES.items():
        with duckdb.connect(config={"threads": "2"}) as connection:
            connection.from_arrow(bucket.dataset(list(files), schema)).create_view("t")
            through = _timed(lambda: connection.execute(sql).fetchall())  # noqa: B023
        with duckdb.connect(config={"threads": "2"}) as connection:
            connection.read_parquet([str(path) for path in copies]).create_view("t")
            copied = _timed(lambda: connection.execute(sql).fetchall())  # noqa: B023
        told = (f"{way}: {wall:.2f} s, {used:.2f} s" for way, (wall, used) in (("arrow", through), ("copies", copied)))
        print(f"{name}: {'; '.join(told)}")


if __name__ == "__main__":
    main()
