"""The committed sample is what the generator makes: neither drifts from the other unseen."""

from __future__ import annotations

import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from media_privacy_pipeline.landing.simulate import simulate
from media_privacy_pipeline.settings import PROJECT

SAMPLE = PROJECT / "data"


def content(path: Path) -> object:
    """What a file holds, compression and versions of Parquet's writer aside."""
    if path.name.endswith(".gz"):
        # A decompressor object gives what there is of a truncated file too; its last bytes hang on the zlib at hand.
        text = zlib.decompressobj(wbits=31).decompress(path.read_bytes())
        return text if text.endswith(b"\n") else text[:2000]
    if path.suffix == ".parquet":
        try:
            return pq.ParquetFile(path).read()
        except (pa.ArrowException, OSError):
            return "not Parquet"
    return path.read_bytes()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    simulate(folder / "landing", events_per_day=2500, truth=folder / "landing.truth")
    return folder


@pytest.mark.parametrize("part", ["landing", "landing.truth"])
def test_the_sample_is_what_its_command_makes(made: Path, part: str) -> None:
    files = sorted(str(p.relative_to(made)) for p in (made / part).rglob("*") if p.is_file())
    assert files == sorted(str(p.relative_to(SAMPLE)) for p in (SAMPLE / part).rglob("*") if p.is_file())
    differing = [name for name in files if content(made / name) != content(SAMPLE / name)]
    assert differing == []


def test_the_sample_stays_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*")) < 6_500_000


def test_the_sample_holds_every_format_every_day() -> None:
    for day in sorted((SAMPLE / "landing" / "viewing_events").iterdir()):
        names = {path.name.partition(".")[2] for path in day.iterdir()}
        assert names >= {"csv", "csv.gz", "jsonl", "jsonl.gz", "parquet"}
