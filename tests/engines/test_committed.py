"""Of what Spark wrote only the files of a whole job count, whatever a lost machine's task still writes beside them."""

from __future__ import annotations

from pathlib import Path

from media_privacy_pipeline.engines.spark import committed


def test_what_a_late_task_writes_is_passed_over(tmp_path: Path) -> None:
    attempt = "_temporary/0/_temporary/attempt_202611281"
    names = ["part-0.parquet", "day=2026-01-01/part-1.parquet"]
    late = [f"{attempt}/part-0.parquet", f"{attempt}/day=2026-01-01/part-1.parquet", ".part-0.parquet", "_SUCCESS"]
    for name in (*names, *late):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [str(file.relative_to(tmp_path)) for file in committed(tmp_path)] == sorted(names)
