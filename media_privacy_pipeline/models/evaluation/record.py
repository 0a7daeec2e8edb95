"""The record of a search: JSON lines, each written whole and kept before the next trial begins."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import Refused, UsageError


class Record:
    """What was tried before and is not tried again, and what comes to it. The first line says of which search it is."""

    def __init__(self, path: Path, search: Mapping[str, Any]) -> None:
        """Open or begin. Raises UsageError for a record of another search, Refused for a file that is no record."""
        self.path = path
        lines = _whole_lines(path)
        if not lines:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("", encoding="utf-8")
            self.lines: list[dict[str, Any]] = []
            self.append({"search": dict(search)})
        else:
            self.lines = lines
            before = lines[0].get("search")
            if not isinstance(before, dict):
                raise Refused(f"{path}: it is not the record of a search; give another --record")
            now = json.loads(json.dumps(search))
            if other := sorted(name for name in {*before, *now} if before.get(name) != now.get(name)):
                raise UsageError(
                    f"{path}: it is the record of another search ({', '.join(other)} differ); give another --record, "
                    "or the options of then to go on with it"
                )

    def trial(self, number: int, share: float) -> dict[str, Any] | None:
        """What a trial found before."""
        return next((t for t in self.lines if (t.get("trial"), t.get("share")) == (number, share)), None)

    def append(self, line: Mapping[str, Any]) -> None:
        """Add a line that outlives a crash of the machine."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.lines.append(dict(line))


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    """Lines of a record. A last one without an end, which a crash tore, is cut off the file."""
    if not path.exists():
        return []
    try:
        data = path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        lines = [json.loads(line) for line in whole.decode("utf-8").splitlines()]
    except (OSError, ValueError):
        raise Refused(f"{path}: it is not the record of a search; give another --record") from None
    if (data and not whole) or not all(isinstance(line, dict) for line in lines):
        raise Refused(f"{path}: it is not the record of a search; give another --record")
    if len(whole) < len(data):
        with path.open("r+b") as file:
            file.truncate(len(whole))
    return lines
