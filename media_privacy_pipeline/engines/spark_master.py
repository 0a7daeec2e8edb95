"""Whether a Spark master or Connect server is there, found out in seconds and told in words."""

from __future__ import annotations

import re
import socket
import time
from typing import Any, NamedTuple

from ..errors import Refused, UsageError

_STANDALONE_PORT, _CONNECT_PORT = 7077, 15002
_BETWEEN = 0.5


class Address(NamedTuple):
    """A host and port."""

    host: str
    port: int

    def __str__(self) -> str:
        """As people write it."""
        return f"{self.host}:{self.port}"


def is_local(master: str) -> bool:
    """Whether Spark runs inside this process's own Java."""
    return master.startswith("local")


def is_connect(master: str) -> bool:
    """Whether a master URL is a Spark Connect server's."""
    return master.startswith("sc://")


def is_loopback(master: str) -> bool:
    """Whether nothing but this machine takes part."""
    if is_local(master):
        return True
    there = addresses(master)
    return bool(there) and all(one.host in ("localhost", "::1") or one.host.startswith("127.") for one in there)


def addresses(master: str) -> list[Address]:
    """Hosts and ports of a `spark://` or `sc://` URL; none for masters that others resolve (local, yarn, k8s).

    Raises UsageError for an URL that is none of these, or that holds a token: it would stand in process lists and logs.
    """
    kind, _, rest = master.partition("://")
    if kind in ("k8s", "yarn") or re.fullmatch(r"local(\[[^\]]+\])?", master):
        return []
    if kind not in ("spark", "sc") or not rest:
        raise UsageError(
            "MEDIA_PRIVACY_SPARK_MASTER: expected local[N], spark://HOST:PORT[,HOST:PORT], sc://HOST:PORT, yarn or k8s://URL"
        )
    if ";token=" in rest.replace(" ", ""):
        raise UsageError(
            "MEDIA_PRIVACY_SPARK_MASTER holds a token: put it into a file for MEDIA_PRIVACY_SPARK_TOKEN_FILE to name"
        )
    return [_address(part, kind) for part in rest.partition("/")[0].split(",")]


def reach(master: str, wait: float) -> None:
    """Return once one of a master's addresses takes connections. Raises Refused after `wait` seconds without any."""
    there = addresses(master)
    if not there:
        return
    until = time.monotonic() + wait
    while True:
        reasons = [reason for address in there if (reason := _no_answer(address, until)) is not None]
        if len(reasons) < len(there):
            return
        if time.monotonic() + _BETWEEN > until:
            raise Refused(
                f"{master}: no answer within {wait:.0f} s ({'; '.join(reasons)}); nothing was changed: start Spark "
                f"there, or correct MEDIA_PRIVACY_SPARK_MASTER"
            )
        time.sleep(_BETWEEN)


def admitted(jvm: Any, master: str) -> None:
    """Ask a standalone master for its name, as Spark's own client does before it tries for a minute.

    `jvm` is a Java process with the properties of the session to be. Raises UsageError when none of the master's
    addresses, which take connections, talks to us: the secret or the encryption is not its own.
    """
    from py4j.protocol import Py4JError

    conf = jvm.org.apache.spark.SparkConf(True)
    manager = jvm.org.apache.spark.SecurityManager
    # Scala's default arguments.
    security = manager(conf, *(getattr(manager, f"$lessinit$greater$default${n}")() for n in (2, 3)))
    host = conf.get("spark.driver.host", socket.gethostname())
    environment = jvm.org.apache.spark.rpc.RpcEnv.create("media-privacy", host, 0, conf, security, True)
    try:
        for address in addresses(master):
            try:
                environment.setupEndpointRef(jvm.org.apache.spark.rpc.RpcAddress(*address), "Master")
            except Py4JError:
                continue
            return
    finally:
        environment.shutdown()
    raise UsageError(
        f"{master} answers, and does not let us in: spark.authenticate.secret or the encryption of the network is not "
        f"its own, or it is another version of Spark; MEDIA_PRIVACY_SPARK_PROPERTIES names the file that holds them"
    )


def _no_answer(address: Address, until: float) -> str | None:
    try:
        with socket.create_connection(address, timeout=max(0.2, min(5.0, until - time.monotonic()))):
            return None
    except TimeoutError:
        return f"{address}: silent"
    except OSError as error:
        return f"{address}: {error.strerror or type(error).__name__}"


def _address(text: str, kind: str) -> Address:
    host, separator, port = text.strip().rpartition(":")
    if not separator:
        host, port = text.strip(), str(_CONNECT_PORT if kind == "sc" else _STANDALONE_PORT)
    if not host or not port.isdigit():
        raise UsageError("MEDIA_PRIVACY_SPARK_MASTER: HOST:PORT is expected after the scheme")
    return Address(host.strip("[]"), int(port))
