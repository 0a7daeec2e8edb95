"""The step of title_forecast, forecast_backtest and emerging_titles: all three of one panel of released counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa

from ...engines import Session, Span, StepResult
from ...lake import fingerprint_of
from ..interactions import Floats
from .backtest import GROUPS, Score, champions, chosen, groups_of, scores, trials
from .candidates import CANDIDATES, FALLBACK, Forecast, days_ahead, known_of
from .config import ForecastConfig
from .emerging import Rise, rising
from .inputs import COUNTS, panel, released_days
from .panel import Panel
from .sparks import sparkline

FORECAST, BACKTEST, EMERGING = "title_forecast", "forecast_backtest", "emerging_titles"
ANALOGUE = "analogue"
"""The model of titles that were never counted: what titles like them have."""
_VERSION = 1
_SCHEMAS = {
    FORECAST: pa.schema(
        [
            ("title_id", pa.string()),
            ("day", pa.date32()),
            *((name, pa.float64()) for name in ("forecast", "forecast_low", "forecast_high")),
            *((name, pa.float64()) for name in ("released_low", "released_high")),
            ("title_group", pa.string()),
            ("model", pa.string()),
        ]
    ),
    BACKTEST: pa.schema(
        [
            ("title_group", pa.string()),
            ("model", pa.string()),
            ("titles", pa.int32()),
            ("origins", pa.int32()),
            *((name, pa.float64()) for name in ("mase", "wape", "coverage")),
            ("champion", pa.bool_()),
            ("reason", pa.string()),
        ]
    ),
    EMERGING: pa.schema(
        [
            ("rank", pa.int32()),
            ("title_id", pa.string()),
            ("since", pa.date32()),
            *((name, pa.float64()) for name in ("lift", "lift_low", "lift_high", "expected", "evidence")),
            ("reason", pa.string()),
        ]
    ),
}
TABLES = tuple(_SCHEMAS)
_SHOWN = 10


def forecast_titles(session: Session, span: Span, config: ForecastConfig | None = None) -> StepResult:
    """Forecast every title of the catalogue from released counts, after a backtest of each way to do so; list the
    titles that rise beyond what was expected. All three tables are empty where no day was released yet."""
    config, lake = config or ForecastConfig(), session.lake
    days = released_days(session, COUNTS, span.as_of, config.history_days)
    holidays = session.policy.calendar.holidays
    inputs = fingerprint_of(
        lake.fingerprint(COUNTS, days),
        lake.fingerprint("accepted_titles"),
        sorted(map(str, holidays)),
        config.model_dump_json(),
        _VERSION,
    )
    if all(lake.is_current(name, inputs) for name in TABLES):
        return StepResult({name: lake.rows(name) for name in TABLES}, skipped=True)
    counts = panel(session, days)
    if not len(counts) or not len(counts.titles):
        for name, schema in _SCHEMAS.items():
            session.put(name, inputs, schema.empty_table())
        return StepResult(dict.fromkeys(TABLES, 0), metadata={"reason": "no day was released yet"})
    told = scores(trials(counts, holidays, config), config)
    known = known_of(counts, holidays, config)
    made = {name: candidate(known) for name, candidate in CANDIDATES.items()}
    rises = rising(counts, known.factors, known.launched[0], config)
    found = {
        FORECAST: _forecasts(counts, made, told, known.noise, config),
        BACKTEST: pa.Table.from_pylist([_scored(score) for score in told], _SCHEMAS[BACKTEST]),
        EMERGING: pa.Table.from_pylist(
            [_risen(counts, n + 1, rise) for n, rise in enumerate(rises)], _SCHEMAS[EMERGING]
        ),
    }
    for name, table in found.items():
        session.put(name, inputs, table)
    best = champions(told)
    return StepResult(
        {name: table.num_rows for name, table in found.items()},
        metadata={
            "released days": len(days),
            "titles that were never counted": int((~counts.seen()).all(axis=0).sum()),
            "titles released in these days": known.curve.titles,
            "origins": max((score.origins for score in told), default=0),
            "false discovery rate of emerging_titles": config.false_discoveries,
            **{f"champion of {group}": best[group].model for group in GROUPS if group in best},
        },
        previews={FORECAST: _preview(counts, made[FALLBACK].mean), BACKTEST: _backtest_preview(told)},
    )


def _forecasts(
    counts: Panel, made: dict[str, Forecast], told: Sequence[Score], noise: float, config: ForecastConfig
) -> pa.Table:
    groups = groups_of(counts, config)
    models, reach = chosen(groups, told, config)
    mean, deviation = (np.zeros((config.horizon, len(counts.titles))) for _ in range(2))
    for name, forecast in made.items():
        at = models == name
        mean[:, at], deviation[:, at] = forecast.mean[:, at], forecast.deviation[:, at]
    never = (~counts.seen()).all(axis=0)
    models = np.where(never, ANALOGUE, models)
    released = np.sqrt(deviation**2 + noise**2)
    below, above = reach.T
    columns = {
        "forecast": mean,
        "forecast_low": mean - below * deviation,
        "forecast_high": mean + above * deviation,
        "released_low": mean - below * released,
        "released_high": mean + above * released,
    }
    days = days_ahead(counts, config.horizon)
    order = [(n, h) for n in range(len(counts.titles)) for h in range(config.horizon)]
    titles, ahead = np.array(order).T
    return pa.table(
        [
            pa.array(counts.titles[titles].tolist(), pa.string()),
            pa.array([days[h] for h in ahead.tolist()], pa.date32()),
            *(pa.array(_told(values)[ahead, titles]) for values in columns.values()),
            pa.array(groups[titles].tolist(), pa.string()),
            pa.array(models[titles].tolist(), pa.string()),
        ],
        schema=_SCHEMAS[FORECAST],
    )


def _told(values: Floats) -> Floats:
    """Nobody watches less than nobody; tenths are enough of what is uncertain."""
    return np.asarray(np.round(np.maximum(values, 0.0), 1))


def _scored(score: Score) -> dict[str, object]:
    return {
        "title_group": score.group,
        "model": score.model,
        "titles": score.titles,
        "origins": score.origins,
        "mase": score.mase,
        "wape": score.wape,
        "coverage": score.coverage,
        "champion": score.champion,
        "reason": score.reason,
    }


def _risen(counts: Panel, rank: int, rise: Rise) -> dict[str, object]:
    since: date = counts.days[rise.since]
    days = (counts.days[-1] - since).days + 1
    above = f"{rise.expected:,.0f} viewers a day were expected, {rise.expected + rise.lift:,.0f} came"
    return {
        "rank": rank,
        "title_id": str(counts.titles[rise.title]),
        "since": since,
        "lift": round(rise.lift, 1),
        "lift_low": round(rise.low, 1),
        "lift_high": round(rise.high, 1),
        "expected": round(rise.expected, 1),
        "evidence": round(rise.evidence, 2),
        "reason": f"{above}, over {days} {'day' if days == 1 else 'days'}",
    }


def _preview(counts: Panel, mean: Floats) -> str:
    """The titles with the highest forecasts: what was released of them, and what is expected."""
    best = np.argsort(-mean.sum(axis=0), kind="stable")[:_SHOWN]
    lines = ["| title | released, 28 days | expected, 28 days | viewers a day |", "|---|---|---|---:|"]
    for n in best.tolist():
        past, ahead = np.maximum(np.nan_to_num(counts.counts[-len(mean) :, n]), 0), np.maximum(mean[:, n], 0)
        top = max(float(past.max()), float(ahead.max()))
        name = str(counts.titles[n]).replace("|", "\\|")
        lines.append(f"| {name} | {sparkline(past, top)} | {sparkline(ahead, top)} | {ahead.mean():,.0f} |")
    return "\n".join(lines)


def _backtest_preview(told: Sequence[Score]) -> str:
    lines = ["| titles | way | WAPE | MASE | coverage | champion |", "|---|---|---:|---:|---:|---|"]
    for score in told:
        figures = [f"{x:.3f}" if x is not None else "-" for x in (score.wape, score.mase, score.coverage)]
        lines.append(f"| {score.group} | {score.model} | {' | '.join(figures)} | {score.reason} |")
    return "\n".join(lines)
