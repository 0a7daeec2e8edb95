"""The schedule takes yesterday; alerts carry ids, names of steps and counts."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg
import pytest
from orchestration_toy import FIRST, LAST, Toy

from media_privacy_pipeline.engines import Span
from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.orchestration.headless import run_range
from media_privacy_pipeline.orchestration.instance import open_instance
from media_privacy_pipeline.settings import Settings


def test_the_schedule_takes_in_yesterday(defs: dg.Definitions) -> None:
    schedule = defs.resolve_schedule_def("nightly_at_three")
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance, datetime(2026, 1, 5, 3, tzinfo=UTC), repository_def=defs.get_repository_def()
        )
        data = schedule.evaluate_tick(context)
    assert data.run_requests is not None
    assert [request.partition_key for request in data.run_requests] == ["2026-01-04"]


def test_a_missing_day_is_told_once(settings: Settings, defs: dg.Definitions) -> None:
    (settings.landing / "viewing_events" / "day=2026-01-04").rmdir()
    sensor = defs.resolve_sensor_def("landing_late")
    with dg.DagsterInstance.ephemeral() as instance:
        first = sensor.evaluate_tick(dg.build_sensor_context(instance))
        assert first.skip_message is not None
        assert "2026-01-04" in first.skip_message
        again = sensor.evaluate_tick(dg.build_sensor_context(instance, cursor=first.cursor))
        assert again.cursor == first.cursor


def test_a_failure_is_told_with_the_run_and_the_step_only(
    defs: dg.Definitions, settings: Settings, toy: Toy, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> None:
        raise Refused("anything that was said")

    toy.instead["permit"] = refuse
    with pytest.raises(Refused):
        run_range(defs, settings, Span.of(FIRST, LAST))
    with open_instance(settings) as instance:
        run = instance.get_runs(limit=1)[0]
        event = next(
            e for e in instance.all_logs(run.run_id) if e.dagster_event_type is dg.DagsterEventType.RUN_FAILURE
        )
        assert event.dagster_event is not None
        context = dg.build_run_status_sensor_context(
            "nightly_failed", event.dagster_event, instance, run
        ).for_run_failure()
        defs.resolve_sensor_def("nightly_failed")(context)
    assert run.run_id in caplog.text
    assert '"permit"' in caplog.text
    assert "anything that was said" not in caplog.text
