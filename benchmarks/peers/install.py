"""Environments of the peers, one each, from the package index, with pinned versions."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
_TAIL = 300


@dataclass(frozen=True)
class Peer:
    """A system: its name in the table, its script, and what its environment has."""

    name: str
    script: str
    packages: tuple[str, ...]


PEERS = (
    Peer("OpenDP 0.16.0, polars", "opendp_polars", ("opendp[polars]==0.16.0", "pyarrow==26.0.1")),
    Peer("Tumult Analytics 0.21.0, local Spark", "tumult", ("tmlt-analytics==0.21.0", "pyarrow==18.1.0")),
    Peer(
        "PipelineDP 0.3.1, local",
        "pipelinedp",
        ("pipeline-dp==0.3.1", "dp-accounting==0.6.0", "pyarrow==26.0.1"),
    ),
)


class NotInstalled(Exception):
    """An environment could not be made; the text says why."""


def python_of(peer: Peer, work: Path) -> Path:
    """The Python of a peer's environment, made on first use under `work`. Raises NotInstalled."""
    folder = work / "peers" / peer.script
    python, done = folder / "bin" / "python", folder / "installed"
    if done.exists() and done.read_text().split("\n") == list(peer.packages):
        return python
    shutil.rmtree(folder, ignore_errors=True)
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", *peer.packages],
    ):
        ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if ended.returncode:
            lines = [line for line in ended.stdout.splitlines() if line.strip() and not line.startswith("WARNING")]
            raise NotInstalled(f"could not be installed: {(lines or ['pip failed'])[-1][:_TAIL]}")
    done.write_text("\n".join(peer.packages))
    return python
