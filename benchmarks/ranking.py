"""Make again what `tests/models/test_metrics_by_ranx.py` compares with: `python -m benchmarks.ranking`.

ranx needs numba, which is too much for a test environment: it is installed apart, with pinned versions, and what it
computes is kept in the repository. The file changes only if ranx or the script does.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from benchmarks.peers.install import Peer, python_of

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "models" / "figures_by_ranx.json"
PEER = Peer("ranx 0.3.21", "ranx_figures", ("ranx==0.3.21", "numba==0.68.1", "numpy==2.4.6"))


def main() -> None:
    """Install, compute, keep."""
    python = python_of(PEER, Path(__file__).parent / "work")
    script = Path(__file__).parent / "peers" / f"{PEER.script}.py"
    done = subprocess.run([str(python), str(script)], stdout=subprocess.PIPE, text=True, check=True)
    GOLDEN.write_text(done.stdout + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
