"""A standalone Spark cluster on the loopback, to try and to test with: a master, workers, and a Connect server.

Everything that talks proves that it knows a secret, made anew for each start, and everything sent or spilled is
encrypted. The secret lies in files of mode 0600 and in the environment of executors, on no command line.

    FOLDER/spark.properties        what a session is told: MEDIA_PRIVACY_SPARK_PROPERTIES
    FOLDER/connect.token           the token of the Connect server: MEDIA_PRIVACY_SPARK_TOKEN_FILE
    FOLDER/cluster.json            what runs: addresses and process ids
    FOLDER/log/*  FOLDER/worker-N/ logs of each process, and where a worker works
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path

from ..errors import Refused, UsageError
from .jre import java_home
from .spark_config import QUIET, SparkConfig, application_properties, read_properties, session_properties
from .spark_master import reach

_HOST = "127.0.0.1"
_STATE = "cluster.json"
_PACKAGE = Path(__file__).resolve().parent.parent
_SHARED = {
    "spark.authenticate": "true",
    "spark.network.crypto.enabled": "true",
    "spark.network.crypto.authEngineVersion": "2",
    "spark.network.crypto.cipher": "AES/GCM/NoPadding",
    "spark.network.crypto.saslFallback": "false",
    "spark.io.encryption.enabled": "true",
    "spark.io.encryption.keySizeBits": "256",
}
_DAEMONS = {
    "spark.master.rest.enabled": "false",
    # Master and workers have pages that cannot be turned off: this filter lets in who holds a key that nobody keeps.
    "spark.ui.filters": "org.apache.spark.ui.JWSFilter",
}


@dataclass(frozen=True)
class Size:
    """How large a cluster is: workers, cores and memory of each one's executor, and the heap of its own processes.

    A Connect server has as many executors of that size of its own: it keeps them for as long as it runs.
    """

    workers: int = 2
    cores: int = 1
    memory: str = "1g"
    heap: str = "256m"


@dataclass(frozen=True)
class Running:
    """A cluster that was started: where it is and its processes by name."""

    folder: Path
    master: str
    connect: str | None
    pids: Mapping[str, int] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The settings under which a run uses the cluster."""
        return {
            "MEDIA_PRIVACY_ENGINE": "spark",
            "MEDIA_PRIVACY_SPARK_MASTER": self.master,
            "MEDIA_PRIVACY_SPARK_PROPERTIES": str(self.folder / "spark.properties"),
        }

    @property
    def connect_environment(self) -> dict[str, str]:
        """The settings under which a run uses the Connect server. Raises UsageError where there is none."""
        if self.connect is None:
            raise UsageError(f"{self.folder}: this cluster was started without a Connect server")
        return {
            "MEDIA_PRIVACY_ENGINE": "spark",
            "MEDIA_PRIVACY_SPARK_MASTER": self.connect,
            "MEDIA_PRIVACY_SPARK_TOKEN_FILE": str(self.folder / "connect.token"),
        }

    @property
    def alive(self) -> dict[str, bool]:
        """Which of its processes live."""
        return {name: _is_ours(pid, self.folder) for name, pid in self.pids.items()}


@contextmanager
def cluster(
    folder: Path, *, port: int = 7077, connect_port: int | None = None, size: Size | None = None, wait: float = 60.0
) -> Iterator[Running]:
    """A cluster that lives as long as the block; all its processes end with it.

    Raises UsageError where there is no Java, the port is taken, or a cluster runs in this folder already; Refused where
    a process does not come up.
    """
    size = size or Size()
    if (there := status(folder)) is not None and any(there.alive.values()):
        raise UsageError(f"{folder}: a cluster runs there already; `media-privacy cluster stop` ends it")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    (folder / "log").mkdir()
    java = java_home(folder)
    _secrets(folder, size)
    master = f"spark://{_HOST}:{port}"
    children: dict[str, subprocess.Popen[bytes]] = {}

    def start(name: str, *words: str, **environment: str) -> None:
        children[name] = _start(folder, java, size, name, words, environment)

    # The name, and not the number: only to this name does a client send a token without TLS.
    connect = None if connect_port is None else f"sc://localhost:{connect_port}"
    try:
        daemon = ("--properties-file", str(folder / "daemon.properties"), "--host", _HOST, "--webui-port", "0")
        _free(port)
        start("master", "org.apache.spark.deploy.master.Master", *daemon, "--port", str(port))
        _up(children["master"], master, wait, folder)
        room = 1 if connect is None else 2
        for number in range(size.workers):
            at = folder / f"worker-{number}"
            start(
                at.name,
                *("org.apache.spark.deploy.worker.Worker", *daemon, "--cores", str(room * size.cores)),
                *("--memory", _times(room, size.memory), "--work-dir", str(at), master),
                SPARK_LOCAL_DIRS=str(at / "local"),
            )
        # Who asks before all workers are known gets executors on those that are, and leaves the others no room there.
        for name, child in children.items():
            if name != "master":
                _registered(child, folder / "log" / f"{name}.log", wait)
        if connect is not None and connect_port is not None:
            _free(connect_port)
            _connect_properties(folder, master, connect_port, size)
            start(
                "connect",
                *("org.apache.spark.deploy.SparkSubmit", "--properties-file", str(folder / "connect.properties")),
                *("--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"),
                SPARK_DAEMON_MEMORY="512m",
            )
            _up(children["connect"], connect, wait, folder)
        running = Running(folder, master, connect, {name: child.pid for name, child in children.items()})
        _write(folder / _STATE, json.dumps({**asdict(running), "folder": str(folder)}))
        yield running
    finally:
        for child in reversed(children.values()):
            child.terminate()
        for child in children.values():
            _end(child)
        for secret in ("spark.properties", "daemon.properties", "connect.properties", "connect.token", _STATE):
            (folder / secret).unlink(missing_ok=True)


def status(folder: Path) -> Running | None:
    """The cluster that was started in a folder and not stopped, or None."""
    try:
        told = json.loads((folder / _STATE).read_text())
    except FileNotFoundError:
        return None
    return Running(**{**told, "folder": Path(told["folder"])})


def stop(folder: Path) -> int:
    """End what still runs of a cluster that another process started, or left behind; how many processes that were."""
    there = status(folder)
    living = [] if there is None else [pid for name, pid in there.pids.items() if there.alive[name]]
    for pid in reversed(living):
        os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + 20
    while any(_is_ours(pid, folder) for pid in living) and time.monotonic() < until:
        time.sleep(0.1)
    (folder / _STATE).unlink(missing_ok=True)
    return len(living)


def _secrets(folder: Path, size: Size) -> None:
    executors = {"spark.executor.memory": size.memory, "spark.executor.cores": str(size.cores)}
    shared = {**_SHARED, **executors, "spark.authenticate.secret": secrets.token_hex(32)}
    key = {"spark.org.apache.spark.ui.JWSFilter.param.secretKey": secrets.token_urlsafe(48)}
    _write(folder / "spark.properties", _text(shared))
    _write(folder / "daemon.properties", _text({**shared, **_DAEMONS, **key}))
    _write(folder / "connect.token", secrets.token_hex(32))


def _connect_properties(folder: Path, master: str, port: int, size: Size) -> None:
    config = SparkConfig()
    _write(
        folder / "connect.properties",
        _text(
            {
                **read_properties(folder / "spark.properties"),
                **session_properties(config, local=False),
                **application_properties(config, local=False),
                "spark.master": master,
                "spark.cores.max": str(size.workers * size.cores),
                "spark.connect.grpc.binding.address": _HOST,
                "spark.connect.grpc.binding.port": str(port),
                "spark.connect.authenticate.token": (folder / "connect.token").read_text(),
                "spark.driver.host": _HOST,
                "spark.driver.bindAddress": _HOST,
                "spark.driver.extraJavaOptions": f"{QUIET} -Duser.timezone=UTC",
                "spark.local.dir": str(folder / "connect"),
                "spark.sql.warehouse.dir": str(folder / "warehouse"),
            }
        ),
    )


def _start(
    folder: Path, java: Path, size: Size, name: str, words: tuple[str, ...], environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    found = find_spec("pyspark")
    if found is None or not found.submodule_search_locations:
        raise UsageError("pyspark is not installed: run `make setup`")
    spark = Path(found.submodule_search_locations[0])
    given = {
        **{key: value for key, value in os.environ.items() if not key.startswith("MEDIA_PRIVACY_")},
        "JAVA_HOME": str(java),
        "SPARK_HOME": str(spark),
        "SPARK_LOCAL_IP": _HOST,
        "SPARK_DAEMON_MEMORY": size.heap,
        "SPARK_CONNECT_MODE": "0",
        # Executors run this Python with this package, installed or not.
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(_PACKAGE.parent), os.environ.get("PYTHONPATH")))),
        **environment,
    }
    with (folder / "log" / f"{name}.log").open("wb") as log:
        # In a session of its own: Ctrl-C reaches the process that waits, which then ends them in order.
        return subprocess.Popen(
            [str(spark / "bin" / "spark-class"), *words],
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
            cwd=folder,
        )


def _up(child: subprocess.Popen[bytes], address: str, wait: float, folder: Path) -> None:
    until = time.monotonic() + wait
    while True:
        try:
            return reach(address, 0.1)
        except Refused:
            if child.poll() is not None or time.monotonic() > until:
                raise Refused(f"{address} did not come up; {folder / 'log'} may say why") from None
            time.sleep(0.1)


def _registered(child: subprocess.Popen[bytes], log: Path, wait: float) -> None:
    until = time.monotonic() + wait
    while "registered with master" not in log.read_text(errors="replace"):
        if child.poll() is not None or time.monotonic() > until:
            raise Refused(f"a worker did not come up; {log} may say why")
        time.sleep(0.1)


def _times(number: int, memory: str) -> str:
    return f"{number * int(memory[:-1])}{memory[-1]}"


def _free(port: int) -> None:
    try:
        reach(f"spark://{_HOST}:{port}", 0.1)
    except Refused:
        return
    raise UsageError(f"port {port} is taken: give another one")


def _end(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(timeout=20)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _is_ours(pid: int, folder: Path) -> bool:
    """Whether a process of this number lives that was started for this folder: numbers are used again."""
    try:
        return str(folder).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _text(properties: Mapping[str, str]) -> str:
    return "".join(f"{name} {value}\n" for name, value in properties.items())


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
