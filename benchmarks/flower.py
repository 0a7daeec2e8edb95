"""`python -m benchmarks.flower`: a federated training carried by Flower, against the same one in this process.

Run by the Python of an environment of its own, since Flower's pins and the pipeline's do not go together:

    python -m benchmarks.flower --install /path/to/venv
    /path/to/venv/bin/python -m benchmarks.flower

Flower's simulation runs each device as a node, in several worker processes; a device's memory is in its node's context.
Devices and histories are made up, and no noise is drawn, so that both trainings must end with the same item factors.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from math import inf
from pathlib import Path
from typing import Any

PACKAGES = (
    # 1.42 wants typer < 0.21, rich < 15 and protobuf < 7: each is below what the pipeline has.
    "flwr[simulation]==1.42.0",
    "numpy>=2.4,<3",
    "cryptography>=50,<51",
    # What the rooms that are used here import.
    "pyarrow>=26,<27",
    "pandas>=3.1,<4",
    "duckdb>=2.0,<3",
    "opendp>=0.16,<0.17",
    "scipy>=1.17,<2",
    "threadpoolctl>=3.8,<4",
    "sqlglot>=30.30,<31",
    "sqlalchemy>=2.1,<3",
    "pydantic>=2.14,<3",
    "pydantic-settings>=2.16,<3",
    "pyyaml>=6,<7",
)
TITLES = 60


def install(folder: Path) -> Path:
    """An environment with Flower; its Python."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return python


def trained(devices: int) -> dict[str, Any]:
    """Train under Flower and in this process; what came of it."""
    # Neither tells anybody that it runs.
    os.environ |= {"FLWR_TELEMETRY_ENABLED": "0", "RAY_USAGE_STATS_ENABLED": "0"}
    from flwr.serverapp import ServerApp
    from flwr.simulation import run_simulation

    from benchmarks.federated import histories
    from media_privacy_pipeline.models.federated.client import Client, Compute
    from media_privacy_pipeline.models.federated.flower import Fleet, client_app
    from media_privacy_pipeline.models.federated.local import compute_of
    from media_privacy_pipeline.models.federated.simulation import enrol, in_process
    from media_privacy_pipeline.models.federated.sizes import Crowd
    from media_privacy_pipeline.models.federated.training import Training
    from media_privacy_pipeline.models.private.config import PrivateAlsConfig

    watched = histories(devices, TITLES, 12)
    config = PrivateAlsConfig(mu=1.0, factors=4, gram_share=0.0, head_share=0.5, clip=0.4, regularisation=1.0)
    crowd = Crowd(devices, 1, devices * 4 // 5)

    def computed(place: int) -> Compute:
        return compute_of(watched.block(place, place + 1), config)

    found: list[Any] = []
    app = ServerApp()

    @app.main()
    def main(grid: Any, context: Any) -> None:
        fleet = Fleet(grid, crowd)
        training = Training(config, fleet.directory, fleet.ask(), bare=True)
        found.append((training.learn(watched.titles), training.survivors))

    started = time.perf_counter()
    backend = {"client_resources": {"num_cpus": 1, "num_gpus": 0}, "init_args": {"num_cpus": 2}}
    run_simulation(app, client_app(computed, inf), devices, backend_config=backend)
    under_flower = time.perf_counter() - started
    started = time.perf_counter()
    own = enrol(crowd, inf)
    clients = [Client(device, computed(device.me)) for device in own]
    training = Training(config, own[0].directory, in_process(clients), bare=True)
    here = training.learn(watched.titles)
    factors, survivors = found[0]
    return {
        "devices": devices,
        "rounds": len(survivors),
        "survivors": survivors,
        "same": factors.factors.tobytes() == here.factors.tobytes(),
        "largest_factor": float(abs(here.factors).max()),
        "seconds_flower": round(under_flower, 1),
        "seconds_here": round(time.perf_counter() - started, 1),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Install, or train and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flower", description=__doc__)
    parser.add_argument("--install", type=Path, help="make an environment with Flower here, and do nothing else")
    parser.add_argument("--devices", type=int, default=24)
    chosen = parser.parse_args(arguments)
    if chosen.install is not None:
        print(install(chosen.install))
    else:
        print(json.dumps(trained(chosen.devices)))


if __name__ == "__main__":
    main()
