"""A server that keeps what results rest on is refused by the setting's name; what is only tuned may stay its own."""

from __future__ import annotations

import pytest
from pyspark.errors import PySparkException
from pyspark.errors.exceptions.connect import AnalysisException

from media_privacy_pipeline.engines import spark_connect
from media_privacy_pipeline.engines.spark_config import SparkConfig
from media_privacy_pipeline.errors import UsageError

SERVER = "sc://localhost:1"


class Server:
    """As much of a session as the settings need: `kept` it does not change, `static` it says so."""

    def __init__(self, kept: dict[str, str], static: set[str]) -> None:
        self.conf, self._kept, self._static, self._set = self, kept, static, dict[str, str]()

    def set(self, name: str, value: str) -> None:
        if name in self._static:
            raise AnalysisException(message="[CANNOT_MODIFY_CONFIG] no", errorClass="CANNOT_MODIFY_CONFIG")
        self._set[name] = value

    def get(self, name: str) -> str:
        return self._kept.get(name, self._set[name])


@pytest.mark.parametrize("how", ["kept", "static"])
def test_a_zone_that_cannot_be_set_is_refused(how: str) -> None:
    name = "spark.sql.session.timeZone"
    server = Server({name: "Europe/Berlin"} if how == "kept" else {}, {name} if how == "static" else set())
    with pytest.raises(UsageError, match=rf"{SERVER} does not let a session set {name}: set it to UTC where"):
        spark_connect._set(server, SERVER, name, "UTC")


def test_what_is_tuned_may_stay_the_servers_own() -> None:
    server = Server({}, {"spark.sql.shuffle.partitions"})
    spark_connect._set(server, SERVER, "spark.sql.shuffle.partitions", "64")


def test_a_server_that_fails_for_another_reason_is_not_taken_for_one_that_keeps_a_setting() -> None:
    class Broken(Server):
        def set(self, name: str, value: str) -> None:
            raise PySparkException("gone")

    with pytest.raises(PySparkException, match="gone"):
        spark_connect._set(Broken({}, set()), SERVER, "spark.sql.ansi.enabled", "true")


def test_without_the_client_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark_connect, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"pip install 'media-privacy-pipeline\[connect\]'"):
        spark_connect.fit(SERVER, SparkConfig())
