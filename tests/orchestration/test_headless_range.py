"""One run takes in a whole range of days; what it tells are counts."""

from __future__ import annotations

from datetime import date, datetime

import dagster as dg
import pytest
from orchestration_toy import FIRST, LAST, Toy

from media_privacy_pipeline.engines import Span
from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.orchestration.headless import run_range
from media_privacy_pipeline.orchestration.instance import open_instance
from media_privacy_pipeline.settings import Settings

SPAN = Span.of(FIRST, LAST, datetime(2026, 1, 7, 12))


def test_each_step_runs_once_for_all_days(defs: dg.Definitions, settings: Settings, toy: Toy) -> None:
    report = run_range(defs, settings, SPAN)
    assert [name for name, _ in toy.calls] == ["accept", "look", "permit", "publish"]
    assert {span for _, span in toy.calls} == {SPAN}
    assert report.rows == {"events": 7, "people": 7, "devices": 7, "permitted_events": 7}


def test_every_day_of_the_range_is_shown_as_materialised(defs: dg.Definitions, settings: Settings, toy: Toy) -> None:
    run_range(defs, settings, SPAN)
    days = {day.isoformat() for day in SPAN.days}
    with open_instance(settings) as instance:
        assert instance.get_materialized_partitions(dg.AssetKey("events")) == days
        assert instance.get_materialized_partitions(dg.AssetKey("permitted_events")) == days
        latest = instance.fetch_materializations(dg.AssetKey("events"), limit=1).records[0].asset_materialization
        assert latest is not None
        assert latest.metadata["people_seen"].value == 3
        assert latest.metadata["dagster/partition_row_count"].value == 0


def test_nothing_is_pickled_into_the_instance(defs: dg.Definitions, settings: Settings, toy: Toy) -> None:
    run_range(defs, settings, SPAN)
    stored = {path.name for path in (settings.dagster_home / "storage").rglob("*") if path.is_file()}
    assert not stored & {"result", "events", "people", "release"}


def test_a_refusal_is_told_in_its_own_words_and_not_tried_again(
    defs: dg.Definitions, settings: Settings, toy: Toy
) -> None:
    def refuse() -> None:
        raise Refused("the consent source is 9 days old")

    toy.instead["permit"] = refuse
    with pytest.raises(Refused, match="permit: the consent source is 9 days old"):
        run_range(defs, settings, SPAN)
    assert [name for name, _ in toy.calls] == ["accept", "look", "permit"]


def test_a_wrong_request_keeps_its_exit_code(defs: dg.Definitions, settings: Settings, toy: Toy) -> None:
    def reject() -> None:
        raise UsageError("no such purpose")

    toy.instead["look"] = reject
    with pytest.raises(UsageError, match="no such purpose"):
        run_range(defs, settings, SPAN)


def test_a_foreign_error_tells_its_kind_and_place_but_not_its_text(
    defs: dg.Definitions, settings: Settings, toy: Toy
) -> None:
    def quote() -> None:
        raise ValueError("could not convert 'jane.doe@example.org'")

    toy.instead["permit"] = quote
    with pytest.raises(Refused, match="ValueError") as caught:
        run_range(defs, settings, SPAN)
    assert "jane" not in str(caught.value)
    for file in settings.dagster_home.rglob("*"):
        assert not file.is_file() or b"jane" not in file.read_bytes(), file


def test_a_passing_trouble_is_tried_again(
    defs: dg.Definitions, settings: Settings, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media_privacy_pipeline.orchestration.failures._RETRY_SECONDS", 0)
    troubles = [ConnectionError(), TimeoutError()]

    def stumble() -> None:
        if troubles:
            raise troubles.pop()

    toy.instead["look"] = stumble
    run_range(defs, settings, SPAN)
    assert [name for name, _ in toy.calls].count("look") == 3


def test_a_run_that_died_is_buried_by_the_next(defs: dg.Definitions, settings: Settings, toy: Toy) -> None:
    run_range(defs, settings, SPAN)
    with open_instance(settings) as instance:
        job = defs.resolve_job_def("nightly")
        tags = {"media_privacy/headless": "true", "dagster/partition": date(2026, 1, 3).isoformat()}
        dead = instance.create_run_for_job(job, tags=tags, status=dg.DagsterRunStatus.STARTED)
        run_range(defs, settings, SPAN)
        found = instance.get_run_by_id(dead.run_id)
        assert found is not None
        assert found.status is dg.DagsterRunStatus.FAILURE


def test_an_interrupt_ends_the_run_and_is_not_tried_again(defs: dg.Definitions, settings: Settings, toy: Toy) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    toy.instead["look"] = interrupt
    with pytest.raises(KeyboardInterrupt):
        run_range(defs, settings, SPAN)
    assert [name for name, _ in toy.calls] == ["accept", "look"]
    with open_instance(settings) as instance:
        assert instance.get_runs()[0].status in (dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.FAILURE)


def test_a_full_disk_is_named_as_such(defs: dg.Definitions, settings: Settings, toy: Toy) -> None:
    def fill() -> None:
        raise OSError(28, "No space left on device")

    toy.instead["permit"] = fill
    with pytest.raises(Refused, match="permit: the disk is full"):
        run_range(defs, settings, SPAN)
