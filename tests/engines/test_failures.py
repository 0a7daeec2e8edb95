"""An engine's failure is told by file or table, and never by the value that it met."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from media_privacy_pipeline.engines import Engine, Folder
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.errors import PipelineError, Refused

SECRET = "ann@home.example"


def test_a_value_that_does_not_fit_is_not_repeated(engine: Engine, capfd: pytest.CaptureFixture[str]) -> None:
    people = pa.table({"email": [SECRET]})
    with pytest.raises(PipelineError, match="failed on people") as error:
        engine.fetch("select cast(email as integer) as n from people", {"people": people})
    assert SECRET not in str(error.value)
    assert SECRET not in "".join(capfd.readouterr())
    assert error.value.__suppress_context__


@pytest.mark.parametrize("keep", [0, 40, 2000])
def test_a_damaged_file_is_named(engine: Engine, tmp_path: Path, keep: int) -> None:
    good, bad = tmp_path / "good.parquet", tmp_path / "bad.parquet"
    for file in (good, bad):
        pq.write_table(pa.table({"n": range(1000)}), file)
    bad.write_bytes(bad.read_bytes()[:keep])
    with pytest.raises(Refused, match=r"bad\.parquet: missing or damaged"):
        engine.fetch("select sum(n) as n from t", {"t": Folder(tmp_path, [good, bad], {"n": "bigint"})})


def test_a_file_with_damaged_pages_is_named(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "bad.parquet"
    pq.write_table(pa.table({"n": [str(n) for n in range(10_000)]}), file, compression="zstd", use_dictionary=False)
    raw = bytearray(file.read_bytes())
    raw[1000:3000] = bytes(2000)
    file.write_bytes(raw)
    with pytest.raises(Refused, match=r"bad\.parquet: missing or damaged"):
        engine.fetch("select count(distinct n) as n from t", {"t": Folder(tmp_path, [file], {"n": "varchar"})})


def test_a_missing_file_is_named(engine: Engine, tmp_path: Path) -> None:
    gone = Folder(tmp_path, [tmp_path / "gone.parquet"], {"n": "bigint"})
    with pytest.raises(Refused, match=r"gone\.parquet: missing or damaged"):
        engine.fetch("select n from t", {"t": gone})


def test_a_query_that_cannot_run_is_told_by_its_mistake(engine: Engine) -> None:
    with pytest.raises(PipelineError, match=r"cannot run the query over people.*ages"):
        engine.fetch("select ages from people", {"people": pa.table({"age": [1]})})


def test_too_little_memory_says_which_limit_to_raise(tmp_path: Path) -> None:
    engine = DuckDBEngine(tmp_path, memory_limit="1MB", threads=1)
    with pytest.raises(Refused, match="MEDIA_PRIVACY_MEMORY_LIMIT"):
        engine.fetch("select list(x) as xs from n", {"n": pa.table({"x": range(3_000_000)})})


def test_a_query_larger_than_memory_spills(tmp_path: Path) -> None:
    engine = DuckDBEngine(tmp_path / "work", memory_limit="100MB", threads=2)
    (target := tmp_path / "out").mkdir()
    table = pa.table({"x": range(3_000_000)})
    sql = "select md5(cast(x as varchar)) as h, count(*) as n from t group by h order by h"
    engine.write(sql, {"t": table}, target)
    assert pq.read_metadata(target / "part-0.parquet").num_rows == 3_000_000
