"""What a Spark session is told: requirements always win, secrets stay in their file, and the file is ours alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_privacy_pipeline.engines.spark_config import (
    REQUIRED,
    SparkConfig,
    application_properties,
    read_properties,
    read_token,
    session_properties,
)
from media_privacy_pipeline.errors import Refused, UsageError

TEXT = """# of the cluster
spark.authenticate.secret  s3cr3t
spark.executor.memory=2g
spark.sql.session.timeZone: Asia/Kathmandu

spark.sql.shuffle.partitions 500
spark.executor.extraJavaOptions -XX:+UseZGC -Da=b
"""


@pytest.fixture
def properties(tmp_path: Path) -> Path:
    file = tmp_path / "spark.properties"
    file.write_text(TEXT)
    file.chmod(0o600)
    return file


def test_names_and_values_are_read_as_spark_reads_them(properties: Path) -> None:
    assert read_properties(properties) == {
        "spark.authenticate.secret": "s3cr3t",
        "spark.executor.memory": "2g",
        "spark.sql.session.timeZone": "Asia/Kathmandu",
        "spark.sql.shuffle.partitions": "500",
        "spark.executor.extraJavaOptions": "-XX:+UseZGC -Da=b",
    }


def test_what_results_rest_on_wins_over_the_file_and_what_is_tuned_does_not(properties: Path) -> None:
    told = session_properties(SparkConfig(properties=properties), local=False)
    assert told["spark.sql.session.timeZone"] == "UTC"
    assert told.items() >= REQUIRED.items()
    assert "spark.sql.shuffle.partitions" not in told
    asked = session_properties(SparkConfig(properties=properties, partitions=7), local=False)
    assert asked["spark.sql.shuffle.partitions"] == "7"


def test_a_secret_is_never_among_what_is_told_on_a_command_line(properties: Path) -> None:
    told = application_properties(SparkConfig(properties=properties, executor_cores=2), local=False)
    assert "s3cr3t" not in str(told)
    assert told["spark.executor.cores"] == "2"
    assert "spark.executor.memory" not in told
    assert told["spark.executor.extraJavaOptions"].startswith("-XX:+UseZGC -Da=b -Dslf4j.provider=")


def test_a_secret_that_others_may_read_is_refused(properties: Path) -> None:
    properties.chmod(0o640)
    with pytest.raises(Refused, match=r"mode 0640 lets others read a secret; run: chmod 600") as error:
        read_properties(properties)
    assert "s3cr3t" not in str(error.value)


def test_a_file_without_secrets_may_be_read_by_all(tmp_path: Path) -> None:
    (file := tmp_path / "p").write_text("spark.executor.memory 2g\n")
    file.chmod(0o644)
    assert read_properties(file) == {"spark.executor.memory": "2g"}


@pytest.mark.parametrize("line", ["executor.memory 2g", "spark.authenticate.secret", "s3cr3t"])
def test_a_line_that_is_no_property_is_told_by_its_number_alone(tmp_path: Path, line: str) -> None:
    (file := tmp_path / "p").write_text(f"spark.a b\n{line}\n")
    file.chmod(0o600)
    with pytest.raises(UsageError, match=r"p, line 2: not `spark\.<name> <value>`") as error:
        read_properties(file)
    assert "s3cr3t" not in str(error.value)


def test_a_missing_file_is_told_with_the_setting_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"MEDIA_PRIVACY_SPARK_PROPERTIES=.*No such file"):
        read_properties(tmp_path / "none")
    with pytest.raises(UsageError, match=r"MEDIA_PRIVACY_SPARK_TOKEN_FILE=.*No such file"):
        read_token(tmp_path / "none")


def test_a_token_is_one_word_in_a_file_that_is_ours_alone(tmp_path: Path) -> None:
    (file := tmp_path / "token").write_text("tok-1\n")
    file.chmod(0o600)
    assert read_token(file) == "tok-1"
    file.write_text("tok-1 tok-2")
    with pytest.raises(UsageError, match="one token") as error:
        read_token(file)
    assert "tok-2" not in str(error.value)
    file.chmod(0o644)
    with pytest.raises(Refused, match="chmod 600"):
        read_token(file)
