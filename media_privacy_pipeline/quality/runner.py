"""Runs one table's expectations in Great Expectations and brings back counts: no value, no message, no traceback."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .configured import configured_once
from .docs import Documented, write
from .importing import main_module_with_a_file
from .spec import ExpectationSpec, Kind, Severity

if TYPE_CHECKING:
    import pandas as pd

_WITHOUT_VALUES = {"result_format": "BASIC", "partial_unexpected_count": 0}

_COUNTS = ".counts"

_CLASSES: Mapping[Kind, str] = {
    "not_null": "ExpectColumnValuesToNotBeNull",
    "unique": "ExpectColumnValuesToBeUnique",
    "unique_together": "ExpectCompoundColumnsToBeUnique",
    "in_set": "ExpectColumnValuesToBeInSet",
    "between": "ExpectColumnValuesToBeBetween",
    "regex": "ExpectColumnValuesToMatchRegex",
    "at_least": "ExpectColumnPairValuesAToBeGreaterThanB",
}


@dataclass(frozen=True)
class CheckOutcome:
    """How one expectation came out: rows that break it out of rows looked at. `broken`: it could not be evaluated."""

    name: str
    table: str
    passed: bool
    severity: Severity
    unexpected: int
    total: int
    kind: Kind
    broken: bool = False


class Runner:
    """Evaluates the suites of any number of tables, and keeps what came out for their Data Docs."""

    def __init__(self) -> None:
        with _hushed(), main_module_with_a_file():
            self._frame = _frame()
        self._documented: dict[str, Documented] = {}

    def run(
        self,
        table: str,
        specs: Sequence[ExpectationSpec],
        frame: pd.DataFrame | None,
        counts: Mapping[str, tuple[int, int]],
    ) -> list[CheckOutcome]:
        """Evaluate a table's expectations over its frame and its counts, in the order of the specs."""
        import pandas as pd

        counted = [spec for spec in specs if spec.name in counts]
        framed = [spec for spec in specs if spec.name not in counts]
        tallied = [replace(spec, kind="query") for spec in counted]
        tallies = pd.DataFrame({name: [unexpected] for name, (unexpected, _) in counts.items()})
        documented = self._documented.setdefault(table, Documented())
        documented.counted.extend((spec, *counts[spec.name]) for spec in counted)
        with _hushed():
            found = {
                **(self._validate(table, framed, frame) if framed and frame is not None else {}),
                **(self._validate(table + _COUNTS, tallied, tallies) if counted else {}),
            }
        return [_outcome(table, spec, found.get(spec.name), counts.get(spec.name)) for spec in specs]

    def document(self, folder: Path, as_of: datetime) -> Path:
        """Write the Data Docs of everything that ran so far into a folder; return their index."""
        with _hushed():
            return write(self._documented, as_of, folder)

    def _validate(self, name: str, specs: Sequence[ExpectationSpec], frame: pd.DataFrame) -> dict[str, Any]:
        from great_expectations import ExpectationSuite

        suite = ExpectationSuite(name=name, expectations=[_expectation(spec) for spec in specs])
        # Neither suite nor validation is kept in the context: to store them takes a fifth of the time, and nobody asks.
        batch = self._frame.get_batch(batch_parameters={"dataframe": frame})
        try:
            with configured_once():
                result = batch.validate(suite, result_format=_WITHOUT_VALUES)
        finally:
            loaded = batch.datasource.get_execution_engine().batch_manager
            loaded.reset_batch_cache()
            loaded.batch_data_cache.clear()
        if not name.endswith(_COUNTS):
            self._documented[name].results.extend(result.results)
        return {each.expectation_config.meta["name"]: each for each in result.results}


@cache
def _frame() -> Any:
    """The one batch definition of the process, in an ephemeral context: whatever is added to a context is written out
    as YAML three times, which took a quarter of the time of checking a table."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    source = context.data_sources.add_pandas("frames")
    return source.add_dataframe_asset("frame").add_batch_definition_whole_dataframe("whole")


def _expectation(spec: ExpectationSpec) -> Any:
    import great_expectations.expectations as gxe

    common = {"meta": {"name": spec.name}, "notes": spec.meaning or None}
    if spec.kind in ("query", "schema"):
        return gxe.ExpectColumnValuesToBeBetween(column=spec.name, min_value=0, max_value=0, **common)
    kwargs = dict(spec.kwargs)
    if spec.kind == "at_least":
        kwargs |= {"or_equal": True, "ignore_row_if": "either_value_is_missing"}
    if spec.kind == "unique_together":
        kwargs |= {"ignore_row_if": "never"}
    return getattr(gxe, _CLASSES[spec.kind])(**kwargs, **common)


def _outcome(table: str, spec: ExpectationSpec, found: Any, counted: tuple[int, int] | None) -> CheckOutcome:
    broken = found is None or _raised(found.exception_info)
    if counted is not None:
        unexpected, total = counted
    elif broken:
        unexpected, total = 0, 0
    else:
        unexpected, total = found.result.get("unexpected_count", 0), found.result.get("element_count", 0)
    passed = not broken and bool(found.success)
    return CheckOutcome(spec.name, table, passed, spec.severity, int(unexpected), int(total), spec.kind, broken)


def _raised(info: Mapping[str, Any]) -> bool:
    """Great Expectations reports an exception flat, or one level down under the metric that raised it."""
    flat = info.get("raised_exception")
    if flat is not None:
        return bool(flat)
    return any(isinstance(each, Mapping) and each.get("raised_exception") for each in info.values())


@contextmanager
def _hushed() -> Iterator[None]:
    """Great Expectations logs the text of exceptions, which may quote a value; PySpark, which it imports, warns."""
    # 1.24 ships no analytics client; a version that does again reads this before the context exists.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logger, nowhere = logging.getLogger("great_expectations"), logging.NullHandler()
    before, logger.propagate = logger.propagate, False
    logger.addHandler(nowhere)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.propagate = before
        logger.removeHandler(nowhere)
