"""A master that is not there, or is named wrongly, is told in seconds and in words."""

from __future__ import annotations

import socket
import time

import pytest
from cluster_fixture import free_port

from media_privacy_pipeline.engines.spark_master import Address, addresses, is_loopback, reach
from media_privacy_pipeline.errors import Refused, UsageError


@pytest.mark.parametrize(
    ("master", "there"),
    [
        ("local[2]", []),
        ("local", []),
        ("yarn", []),
        ("k8s://https://api:6443", []),
        ("spark://one:7078,two", [Address("one", 7078), Address("two", 7077)]),
        ("sc://host", [Address("host", 15002)]),
        ("sc://host:15003/;use_ssl=true;user_id=ann", [Address("host", 15003)]),
        ("spark://[::1]:7077", [Address("::1", 7077)]),
    ],
)
def test_hosts_and_ports_of_a_master(master: str, there: list[Address]) -> None:
    assert addresses(master) == there


@pytest.mark.parametrize("master", ["", "host:7077", "http://host", "spark://", "spark://host:port", "local[", "sc:/x"])
def test_what_is_no_master_is_wrong_usage(master: str) -> None:
    with pytest.raises(UsageError, match="MEDIA_PRIVACY_SPARK_MASTER"):
        addresses(master)


def test_a_token_in_the_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError, match="MEDIA_PRIVACY_SPARK_TOKEN_FILE") as error:
        addresses("sc://host:15002/;user_id=x;token=tok-1")
    assert "tok-1" not in str(error.value)


@pytest.mark.parametrize(
    ("master", "alone"),
    [("local[4]", True), ("spark://127.0.0.1:1", True), ("spark://127.0.0.1,host", False), ("yarn", False)],
)
def test_only_what_stays_on_this_machine_is_bound_to_it(master: str, alone: bool) -> None:
    assert is_loopback(master) is alone


def test_nothing_that_listens_is_told_within_the_wait() -> None:
    port, started = free_port(), time.monotonic()
    with pytest.raises(Refused, match=rf"no answer within 1 s \(127\.0\.0\.1:{port}: Connection refused\)"):
        reach(f"spark://127.0.0.1:{port}", 1)
    assert time.monotonic() - started < 10


def test_one_of_several_masters_is_enough() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        reach(f"spark://127.0.0.1:{free_port()},127.0.0.1:{server.getsockname()[1]}", 5)
