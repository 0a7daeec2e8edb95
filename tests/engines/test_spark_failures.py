"""What Spark says of its machines becomes what to do about them; of anything else it says nothing here."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from media_privacy_pipeline.engines import Folder
from media_privacy_pipeline.engines.failures import told_safely
from media_privacy_pipeline.engines.spark_failures import machines, unreadable
from media_privacy_pipeline.errors import PipelineError, Refused, UsageError

LOST = "Job aborted due to stage failure: Task 3 failed 4 times, (TID 9) ExecutorLostFailure (executor 2 exited)"


@pytest.mark.parametrize(
    ("kind", "text", "error", "said"),
    [
        ("SparkException", LOST, Refused, "lost executors time and again while it worked on people"),
        ("SparkConnectGrpcException", "<_InactiveRpcError status = StatusCode.UNAVAILABLE", Refused, "went away"),
        ("SparkConnectGrpcException", "[INVALID_HANDLE.SESSION_CLOSED] x", Refused, "ended the session"),
        ("ConnectionRefusedError", "[Errno 111]", Refused, "went away"),
        ("Py4JError", "An error occurred while calling o57.toArrow", Refused, "its driver, master or server ended"),
        ("Py4JNetworkError", "Answer from Java side is empty", Refused, "went away"),
        ("SparkConnectGrpcException", "<_InactiveRpcError StatusCode.UNAUTHENTICATED", UsageError, "token"),
        ("PySparkRuntimeError", "[PYTHON_VERSION_MISMATCH] 3.11 3.12", UsageError, "minor version of Python"),
        ("PythonException", "No module named 'media_privacy_pipeline'", UsageError, "lack this package"),
        ("IOException", 'Cannot run program "/x/python3.11"', UsageError, "do not find Python"),
    ],
)
def test_each_trouble_with_machines_has_words(kind: str, text: str, error: type[PipelineError], said: str) -> None:
    found = machines(kind, text, "people")
    assert type(found) is error
    assert said in str(found)


def test_a_value_that_fails_is_no_trouble_with_machines() -> None:
    assert machines("NumberFormatException", "[CAST_INVALID_INPUT] The value 'ExecutorLostFailure'", "people") is None
    assert (
        machines("Py4JError", "An error occurred while calling o5.no. Trace: Method no([]) does not exist", "t") is None
    )


def reading(file: Path | str) -> RuntimeError:
    return RuntimeError(
        f"[FAILED_READ_FILE.NO_HINT] Encountered error while reading file file://{file}. SQLSTATE: KD001"
    )


def test_the_file_that_spark_names_is_found() -> None:
    assert unreadable(str(reading("/lake/people/a.parquet"))) == "file:///lake/people/a.parquet"
    assert unreadable("[CAST_INVALID_INPUT] The value 'file /x '") is None


def test_a_file_that_only_executors_cannot_read_is_told_by_its_table(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"email": ["ann@home.example"]}), file)
    folder = {"people": Folder(tmp_path, [file], {"email": "varchar"})}
    said = "cannot read a file of people on its executors, and it is whole here"
    with pytest.raises(Refused, match=said) as told, told_safely("Spark", folder, tmp_path, (RuntimeError,)):
        raise reading(file)
    assert "ann@" not in str(told.value)


def test_only_the_file_that_spark_names_is_looked_at(tmp_path: Path) -> None:
    named, other = tmp_path / "named.parquet", tmp_path / "other.parquet"
    for file in (named, other):
        file.write_bytes(b"PAR1")
    folder = {"people": Folder(tmp_path, [other, named], {"email": "varchar"})}
    said = r"named\.parquet: missing or damaged, no whole Parquet file of people"
    with pytest.raises(Refused, match=said), told_safely("Spark", folder, tmp_path, (RuntimeError,)):
        raise reading(named)
