"""Runs that the UI or the schedule starts hold the home's lock, like those of the command line."""

from __future__ import annotations

import dagster as dg
from orchestration_toy import Toy

from media_privacy_pipeline.orchestration.instance import open_instance
from media_privacy_pipeline.runlock import holder_of, run_lock
from media_privacy_pipeline.settings import Settings

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def _run(defs: dg.Definitions, settings: Settings) -> dg.ExecuteInProcessResult:
    with open_instance(settings) as instance:
        return defs.resolve_job_def("nightly").execute_in_process(
            instance=instance, partition_key="2026-01-04", run_config=QUIET, raise_on_error=False
        )


def test_one_partition_is_a_span_of_one_day(defs: dg.Definitions, settings: Settings, toy: Toy) -> None:
    held: list[str] = []
    toy.instead["look"] = lambda: held.append(str(holder_of(settings.home)))
    assert _run(defs, settings).success
    assert {(span.first.isoformat(), span.last.isoformat()) for _, span in toy.calls} == {("2026-01-04", "2026-01-04")}
    assert "in Dagster" in held[0]
    assert holder_of(settings.home) is None


def test_a_run_that_finds_the_home_taken_says_by_whom(defs: dg.Definitions, settings: Settings, toy: Toy) -> None:
    with run_lock(settings.home, "the other run", wait=0):
        refused = _run(defs, settings)
    assert not refused.success
    assert toy.calls == []
    with open_instance(settings) as instance:
        said = [entry.user_message for entry in instance.all_logs(refused.run_id)]
    assert any("another run holds this home: the other run" in message for message in said)


def test_a_snapshot_by_itself_is_made_as_of_all_that_landed(defs: dg.Definitions, settings: Settings, toy: Toy) -> None:
    with open_instance(settings) as instance:
        job = defs.resolve_implicit_global_asset_job_def().get_subset(
            asset_selection={dg.AssetKey("people"), dg.AssetKey("devices")}
        )
        assert job.execute_in_process(instance=instance, run_config=QUIET).success
    assert [(span.first.day, span.last.day) for _, span in toy.calls] == [(3, 6)]
