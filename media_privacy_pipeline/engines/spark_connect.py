"""A session on a Spark Connect server: the same SQL and frames, sent over gRPC to a Spark that runs elsewhere."""

from __future__ import annotations

import os
import sys
import warnings
from importlib.util import find_spec
from typing import Any

from ..errors import PipelineError, Refused, UsageError
from .spark_config import REQUIRED, SparkConfig, read_token, session_properties

_TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN"  # noqa: S105 - the name of a variable
_MODE = ("SPARK_CONNECT_MODE_ENABLED", "SPARK_REMOTE", _TOKEN)
_MAJOR = 4


def installed() -> bool:
    """Whether the client of Spark Connect is there: the `connect` extra."""
    return all(find_spec(name) is not None for name in ("grpc", "grpc_status", "google.rpc"))


def fit(server: str, config: SparkConfig) -> str | None:
    """The token for a server, or None where none is given.

    Raises UsageError without the `connect` extra, and what `read_token` raises.
    """
    if not installed():
        raise UsageError(f"{server} needs Spark Connect's client: pip install 'media-privacy-pipeline[connect]'")
    return None if config.token_file is None else read_token(config.token_file)


def connect(server: str, config: SparkConfig) -> Any:
    """A new session on a server that takes connections.

    Raises UsageError without the `connect` extra, for a token that the server does not take, another major version of
    Spark, or a server that keeps a setting that our results rest on; Refused where it does not answer as Spark does.
    """
    token = fit(server, config)
    if token is not None:
        # The client reads it from here; in the URL it would show wherever the URL does.
        os.environ[_TOKEN] = token
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    # When it gives up it also says so through here; we word what it raises.
    warnings.filterwarnings("ignore", message=r"\[RETRIES_EXCEEDED\]")
    running = None
    try:
        running = SparkSession.builder.remote(server).getOrCreate()
        _impatient(running, config.wait)
        version = running.version
        if int(version.split(".")[0]) != _MAJOR:
            raise UsageError(f"{server} is Spark {version}: {_MAJOR} is needed, best the version of PySpark here")
        for name, value in session_properties(config, local=False).items():
            _set(running, server, name, value)
    except (PySparkException, OSError, *grpc_errors()) as error:
        disconnect(running)
        raise _meaning(server, error) from None
    except BaseException:
        disconnect(running)
        raise
    return running


def disconnect(running: Any | None) -> None:
    """End a session on its server, as far as it still can be, and forget how it was reached."""
    from pyspark.errors import PySparkException

    if running is not None:
        try:
            running.stop()
        except (PySparkException, OSError, *grpc_errors()):
            running.client.close()
    for name in _MODE:
        os.environ.pop(name, None)


def grpc_errors() -> tuple[type[Exception], ...]:
    """What gRPC raises by itself; nothing where nobody has used it."""
    if "grpc" not in sys.modules:
        return ()
    import grpc

    return (grpc.RpcError,)


def _impatient(running: Any, wait: float) -> None:
    """The client tries for ten minutes to reach a server that went away: let it give up after about `wait` seconds."""
    from pyspark.sql.connect.client.retries import DefaultPolicy

    pause = 2.0
    policy = DefaultPolicy(
        max_retries=max(1, round(wait / pause)),
        initial_backoff=200,
        backoff_multiplier=2.0,
        max_backoff=int(pause * 1000),
    )
    running.client.set_retry_policies([policy])


def _set(running: Any, server: str, name: str, value: str) -> None:
    from pyspark.errors import PySparkException

    try:
        running.conf.set(name, value)
    except PySparkException as error:
        if name in REQUIRED and error.getCondition() is not None:
            raise UsageError(_keeps(server, name, value)) from None
        if error.getCondition() is None:
            raise
    if name in REQUIRED and running.conf.get(name).lower() != value.lower():
        raise UsageError(_keeps(server, name, value))


def _keeps(server: str, name: str, value: str) -> str:
    return f"{server} does not let a session set {name}: set it to {value} where the server is started"


def _meaning(server: str, error: BaseException) -> PipelineError:
    text = str(error)
    if "UNAUTHENTICATED" in text:
        return UsageError(f"{server} does not take our token: is it the one in MEDIA_PRIVACY_SPARK_TOKEN_FILE?")
    if "UNIMPLEMENTED" in text:
        return UsageError(f"{server} is no Spark Connect server: MEDIA_PRIVACY_SPARK_MASTER names it")
    return Refused(
        f"{server} takes connections and does not answer as Spark Connect does ({type(error).__name__}): a token wants "
        f"localhost or TLS (sc://HOST:PORT/;use_ssl=true); nothing was changed"
    )
