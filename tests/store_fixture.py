"""An S3 of the tests' own: moto as a server on loopback, which can be told to fail."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from media_privacy_pipeline.lake import Lake
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.stores import lake_of


@dataclass
class Store:
    """A running server. `fault` looks at each request (method, path) and says with what status and code it fails."""

    endpoint: str
    fault: Callable[[str, str], tuple[int, str] | None] = lambda method, path: None
    requests: list[tuple[str, str]] = field(default_factory=list)

    def fails(self, after: int, status: int, code: str, method: str = "PUT") -> None:
        """Let some requests of a method through, and fail all that follow."""
        left = after

        def fault(asked: str, path: str) -> tuple[int, str] | None:
            nonlocal left
            if asked != method:
                return None
            left -= 1
            return (status, code) if left < 0 else None

        self.fault = fault


@pytest.fixture(scope="session")
def _s3_server() -> Iterator[Store]:
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, *_: Any) -> None:
            pass

    moto = DomainDispatcherApplication(create_backend_app)
    # S3 compares and swaps in one; moto does one after the other.
    one_at_a_time = threading.Lock()
    store = Store("")

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        store.requests.append((method, path))
        failed = store.fault(method, path)
        if failed is not None:
            status, code = failed
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            body = f"<Error><Code>{code}</Code><Message>AKIASECRET is quoted here</Message></Error>".encode()
            headers = [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))]
            start_response(f"{status} Failed", headers)
            return [body]
        if method in ("PUT", "POST"):
            with one_at_a_time:
                return moto(environ, start_response)
        return moto(environ, start_response)

    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    store.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield store
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def store(_s3_server: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The server, with the environment that finds it; it fails no more when the test ends."""
    for name, value in {
        "AWS_ENDPOINT_URL": _s3_server.endpoint,
        "AWS_ACCESS_KEY_ID": "AKIATEST",
        "AWS_SECRET_ACCESS_KEY": "verysecret",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_MAX_ATTEMPTS": "2",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    _s3_server.requests.clear()
    yield _s3_server
    _s3_server.fault = lambda method, path: None


@pytest.fixture
def bucket_url(store: Store) -> str:
    """`s3://` of a new bucket."""
    import boto3

    name = f"tests-{uuid4().hex[:12]}"
    boto3.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return f"s3://{name}"


@pytest.fixture
def store_on_executors(store: Store, spark_engine: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment that finds the server, on executors too: here they were started before it."""
    from pyspark.sql import SparkSession

    running = SparkSession.getActiveSession()
    assert running is not None
    for name, value in os.environ.items():
        if name.startswith("AWS_"):
            monkeypatch.setitem(running.sparkContext.environment, name, value)


@pytest.fixture(params=["folder", "store"])
def any_lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    """An empty lake in each kind of place: a test that takes it holds for both."""
    if request.param == "folder":
        return Lake(tmp_path / "lake")
    return lake_of(Settings(home=tmp_path / "home", lake_url=request.getfixturevalue("bucket_url") + "/lake"))
