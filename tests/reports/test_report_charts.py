"""Charts put figures where they belong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.reports.charts import DIGIT, WIDTH, bars, line, stacks
from media_privacy_pipeline.reports.curves import curves

values = st.floats(0, 1e9, allow_nan=False)


@given(st.lists(st.tuples(values, values), min_size=1, max_size=12))
def test_bars_and_whiskers_stay_inside_the_picture(figures: list[tuple[float, float]]) -> None:
    chart = bars([("x", value, max(value - half, 0.0), value + half) for value, half in figures])
    for bar in chart.bars:
        assert bar.length + chart.left <= WIDTH
        assert chart.left <= bar.whisker[0] <= bar.whisker[1] <= WIDTH
        assert bar.y < chart.height


@pytest.mark.parametrize("days", [0, 1, 2, 90])
def test_a_series_has_a_point_a_day(days: int) -> None:
    chart = line([(f"2024-01-{n:02}", 1.0, 0.5, 2.0) for n in range(days)])
    assert chart.line.count(",") == days
    assert chart.band.count(",") == 2 * days


@given(st.dictionaries(st.floats(1e-3, 1e3), st.tuples(values, values), min_size=1, max_size=5), values)
def test_curves_and_levels_stay_inside_the_picture(points: dict[float, tuple[float, float]], level: float) -> None:
    figures = {x: (value, max(value - half, 0.0), value + half) for x, (value, half) in points.items()}
    chart = curves({"one": figures}, {"level": level})
    own, across = chart.curves
    assert [mark.x for mark in own.marks] == sorted(mark.x for mark in own.marks)
    for mark in own.marks:
        assert chart.left < mark.x < chart.right < WIDTH
        assert 0 <= mark.whisker[1] - 1e-6 <= mark.y <= mark.whisker[0] + 1e-6 <= chart.height
    assert across.marks == ()
    assert (own.kind, across.kind) == (0, 1)


def test_a_scale_of_powers_puts_the_geometric_mean_in_the_middle() -> None:
    low, middle, high = (mark.x for mark in curves({"a": dict.fromkeys((1, 3, 9), (1, 1, 1))}, {}).curves[0].marks)
    assert middle - low == pytest.approx(high - middle)


@given(values)
def test_the_labels_of_a_scale_have_room(value: float) -> None:
    chart = line([("2024-01-01", value, value, value), ("2024-01-02", 0.0, 0.0, 0.0)])
    assert all(DIGIT * len(f"{tick:,.0f}") < chart.left for _, tick in chart.y_labels)
    assert chart.left < WIDTH / 2


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.dictionaries(st.sampled_from("abcdefghij"), st.integers(1, 10**6))))
)
def test_the_pieces_of_a_stack_are_its_whole(rows: list[tuple[int, dict[str, int]]]) -> None:
    chart = stacks([("p", used, withheld) for used, withheld in rows])
    for stack, (used, withheld) in zip(chart.stacks, rows, strict=True):
        assert sum(piece.value for piece in stack.segments) == stack.total == used + sum(withheld.values())
        assert all(piece.x + piece.width <= WIDTH + 1e-6 for piece in stack.segments)
    assert len(chart.legend) <= 7
