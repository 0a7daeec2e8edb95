"""Loading the definitions is light: every process of Dagster does it, for every run."""

from __future__ import annotations

import subprocess
import sys

import dagster as dg

HEAVY = {"pyspark", "great_expectations", "implicit", "opendp", "sklearn", "scipy", "pandas", "duckdb"}


def test_it_imports_nothing_heavy() -> None:
    code = "import sys, media_privacy_pipeline.definitions; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY & set(loaded)


def test_it_costs_little_more_than_dagster_itself() -> None:
    code = """
import time
started = time.perf_counter()
import dagster
dagster_alone = time.perf_counter() - started
import media_privacy_pipeline.definitions
print((time.perf_counter() - started) / dagster_alone)
"""
    ratios = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    ]
    assert min(ratios) < 4


def test_every_step_of_the_catalogue_exists() -> None:
    from media_privacy_pipeline import policy
    from media_privacy_pipeline.orchestration.catalogue import GROUPS, catalogue
    from media_privacy_pipeline.settings import Settings
    from media_privacy_pipeline.sql import load_project

    rules = policy.load()
    steps = catalogue(rules, load_project(Settings().sql, rules))
    assert {step.group for step in steps} == set(GROUPS)
    for step in steps:
        assert callable(step.load()), step.name


def test_every_asset_says_what_it_is() -> None:
    from media_privacy_pipeline.definitions import defs

    for spec in defs.resolve_all_asset_specs():
        assert spec.description, spec.key
        assert spec.owners, spec.key
        assert spec.kinds, spec.key
        assert spec.group_name, spec.key


def test_every_expectation_is_an_asset_check_of_its_own(defs: dg.Definitions) -> None:
    from media_privacy_pipeline.definitions import defs as real
    from media_privacy_pipeline.engines import Session
    from media_privacy_pipeline.quality import expectations_of
    from media_privacy_pipeline.settings import Settings

    project = Session(Settings()).project
    checks = {(key.asset_key.to_user_string(), key.name) for key in real.resolve_asset_graph().asset_check_keys}
    tables = {key.to_user_string() for key in real.resolve_asset_graph().materializable_asset_keys}
    wanted = {(t, e.name) for t in tables & project.contracts.keys() for e in expectations_of(project, t)}
    assert checks == wanted
    assert wanted
