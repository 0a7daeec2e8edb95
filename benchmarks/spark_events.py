"""What a Spark event log tells of a run: bytes shuffled, spilled and read, by the stage of ours that asked for it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class Work:
    """Sums over tasks: bytes written for a shuffle, bytes spilled to the disk, bytes of input, tasks, and the
    milliseconds of the longest and of all."""

    shuffled: int = 0
    spilled: int = 0
    read: int = 0
    tasks: int = 0
    longest_ms: int = 0
    all_ms: int = 0

    def add(self, task: Mapping[str, Any]) -> None:
        """Take in a task that ended."""
        info, metrics = task["Task Info"], task.get("Task Metrics") or {}
        took = info["Finish Time"] - info["Launch Time"]
        self.shuffled += metrics.get("Shuffle Write Metrics", {}).get("Shuffle Bytes Written", 0)
        self.spilled += metrics.get("Disk Bytes Spilled", 0)
        self.read += metrics.get("Input Metrics", {}).get("Bytes Read", 0)
        self.tasks += 1
        self.longest_ms = max(self.longest_ms, took)
        self.all_ms += took


def logging_to(folder: Path, properties: Path | None = None) -> Path:
    """A file of Spark's properties, those of another file among them, under which a session writes its events into a
    folder; the file is in that folder, and its owner's alone."""
    events = folder / "events"
    events.mkdir(parents=True)
    given = properties.read_text() if properties is not None else ""
    file = folder / "spark.properties"
    file.touch(mode=0o600)
    file.write_text(
        f"{given}\nspark.eventLog.enabled true\nspark.eventLog.compress false\nspark.eventLog.rolling.enabled false\n"
        f"spark.eventLog.dir {events.as_uri()}\n"
    )
    return file


def by_stage(folder: Path, began: Sequence[tuple[str, float]]) -> dict[str, Work]:
    """Work by stage of ours; `began` are their names and beginnings (seconds since 1970), in order."""
    found = {name: Work() for name, _ in began}
    for file in sorted((folder / "events").iterdir()):
        with file.open() as lines:
            for line in lines:
                if not line.startswith('{"Event":"SparkListenerTaskEnd"'):
                    continue
                task = json.loads(line)
                at = task["Task Info"]["Launch Time"] / 1000
                name = next((name for name, start in reversed(began) if start <= at), None)
                if name is not None:
                    found[name].add(task)
    return found
