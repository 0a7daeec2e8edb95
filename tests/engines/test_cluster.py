"""A cluster of ours is closed: no page, no REST port, nothing beyond this machine, secrets in files of mode 0600."""

from __future__ import annotations

import http.client
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from media_privacy_pipeline.engines.cluster import Running, cluster, status
from media_privacy_pipeline.engines.spark_config import read_properties
from media_privacy_pipeline.errors import UsageError

pytestmark = pytest.mark.spark


def test_pages_are_closed_and_there_is_no_rest_port(spark_cluster: Running) -> None:
    for pid in spark_cluster.pids.values():
        for port in listening(pid):
            assert port != 6066
            assert page(port) in (None, 403)


def test_everything_listens_on_this_machine_alone(spark_cluster: Running) -> None:
    hosts = {host for pid in spark_cluster.pids.values() for host in addresses(pid)}
    assert hosts
    assert all(host.endswith("0100007F") for host in hosts)


def test_secrets_are_in_files_that_nobody_else_reads(spark_cluster: Running) -> None:
    secret = (spark_cluster.folder / "connect.token").read_text()
    holders = [
        file
        for file in spark_cluster.folder.rglob("*")
        if file.is_file() and secret in file.read_text(errors="replace")
    ]
    assert {file.name for file in holders} == {"connect.token", "connect.properties"}
    assert {file.stat().st_mode & 0o777 for file in spark_cluster.folder.glob("*.*") if file.is_file()} <= {0o600}
    assert status(spark_cluster.folder) == spark_cluster


def page(port: int) -> int | None:
    """HTTP's code for a page that anybody asks for, or None where something else is spoken."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            code: int = answer.status
            return code
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, http.client.HTTPException):
        return None


def sockets(pid: int) -> Iterator[tuple[str, int]]:
    """What a process listens on, as the kernel writes it."""
    own = {link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if "socket:" in str(link.readlink())}
    for family in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{family}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in own:
                host, port = words[1].split(":")
                yield host, int(port, 16)


def addresses(pid: int) -> set[str]:
    return {host for host, _ in sockets(pid)}


def listening(pid: int) -> set[int]:
    return {port for _, port in sockets(pid)}


SCRIPT = """
import sys
from pathlib import Path
from media_privacy_pipeline.engines.spark import SparkEngine
from media_privacy_pipeline.engines.spark_config import SparkConfig
from media_privacy_pipeline.errors import PipelineError
config = SparkConfig(properties=Path(sys.argv[2]), wait=20)
try:
    SparkEngine(Path("work"), master=sys.argv[1], memory_limit="512MB", config=config).fetch("select 1 as one", {})
except PipelineError as error:
    print(error.exit_code, error)
"""


def test_a_wrong_secret_is_refused_in_words(spark_cluster: Running, tmp_path: Path) -> None:
    right = (spark_cluster.folder / "spark.properties").read_text()
    secret = read_properties(spark_cluster.folder / "spark.properties")["spark.authenticate.secret"]
    (wrong := tmp_path / "wrong.properties").touch(mode=0o600)
    wrong.write_text(right.replace(secret, "not-this-one"))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, spark_cluster.master, wrong],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith(f"2 {spark_cluster.master} answers, and does not let us in")
    logs = [file.read_text(errors="replace") for file in (spark_cluster.folder / "log").iterdir()]
    for hidden in ("not-this-one", secret):
        assert not [text for text in (done.stdout, done.stderr, *logs) if hidden in text]
    assert done.stderr == ""


def test_a_second_cluster_in_the_same_folder_or_port_is_refused(spark_cluster: Running, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a cluster runs there already"), cluster(spark_cluster.folder):
        pass
    port = int(spark_cluster.master.rpartition(":")[2])
    with pytest.raises(UsageError, match=f"port {port} is taken"), cluster(tmp_path / "other", port=port):
        pass
    assert not (tmp_path / "other" / "spark.properties").exists()
