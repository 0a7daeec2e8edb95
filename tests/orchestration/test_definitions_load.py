"""Loading the definitions is light: every process of Dagster does it, for every run."""

from __future__ import annotations

import subprocess
import sys

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


def test_each_expectation_of_what_comes_in_and_goes_out_is_a_check_of_its_own() -> None:
    from media_privacy_pipeline.definitions import defs
    from media_privacy_pipeline.engines import Session
    from media_privacy_pipeline.quality import expectations_of
    from media_privacy_pipeline.settings import Settings
    from media_privacy_pipeline.sql import Access

    project = Session(Settings()).project
    graph = defs.resolve_asset_graph()
    tables = {key.to_user_string(): graph.get(key).group_name for key in graph.materializable_asset_keys}
    looked_at = {
        table
        for table, contract in project.contracts.items()
        if tables.get(table) in ("landing", "permitted", "anonymised", "rights")
        or (table in tables and contract.meta.access is not Access.internal)
    }
    wanted = {(table, each.name) for table in looked_at for each in expectations_of(project, table)}
    assert {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys} == wanted
    assert len(wanted) > 100
