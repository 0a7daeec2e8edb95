"""What is told holds k, l and t, adds up, and lets nobody be found by adding and subtracting."""

from __future__ import annotations

from itertools import combinations

from exact_world import exact
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.consent.small_cells import OTHER
from media_privacy_pipeline.exact.counting import Counted
from media_privacy_pipeline.exact.deciding import Cell, decide
from media_privacy_pipeline.exact.differences import decide_together

CELLS = st.dictionaries(
    st.tuples(st.sampled_from(["DE", "FR", OTHER]), st.sampled_from(["tv", OTHER]), st.sampled_from(["x", "y", "z"])),
    st.integers(1, 60),
    max_size=14,
)
JOINT = st.dictionaries(
    st.tuples(
        st.tuples(st.sampled_from("ab"), st.sampled_from("pq"), st.sampled_from("xy")),
        st.tuples(st.sampled_from("cd"), st.sampled_from("pq"), st.sampled_from("xy")),
    ),
    st.integers(1, 60),
    max_size=14,
)


@given(CELLS, st.sampled_from([1.0, 1.5, 2.0]), st.sampled_from([0.2, 0.5, 1.0]))
def test_what_is_told_holds_and_everybody_is_in_it(counts: dict[Cell, int], least: float, t: float) -> None:
    table = exact(l=least, t=t)
    decision = decide(table, counts)
    report = decision.report
    if not decision.cells:
        assert report.withheld
        return
    assert min(decision.cells.values()) == report.k >= table.k
    assert sum(decision.cells.values()) == sum(counts.values()) == report.accounts
    assert min(report.distinct_l, report.entropy_l) >= table.l
    assert report.t <= table.t
    # Every counted cell went somewhere, and that is what the told cells are made of.
    back: dict[Cell, int] = {}
    for cell, count in counts.items():
        back[decision.went[cell]] = back.get(decision.went[cell], 0) + count
    assert back == dict(decision.cells)


@given(CELLS)
def test_no_subset_of_what_is_told_differs_from_another_by_a_few(counts: dict[Cell, int]) -> None:
    table = exact(l=1, t=1)
    told = list(decide(table, counts).cells.values())
    sums = {sum(part) for size in range(min(len(told), 3) + 1) for part in combinations(told, size)}
    assert all(total == 0 or total >= table.k for total in sums)


def test_a_class_that_is_all_of_one_kind_is_told_with_others() -> None:
    counts = {("DE", "tv", "x"): 50, ("DE", "tv", "y"): 50, ("FR", "tv", "x"): 40}
    found = decide(exact(l=1.9, t=1), counts)
    assert {cell[:2] for cell in found.cells} == {(OTHER, OTHER)}
    assert found.report.together == 140
    assert {cell[:2] for cell in decide(exact(l=1, t=1), counts).cells} == {("DE", "tv"), ("FR", "tv")}


def test_t_is_asked_of_each_class() -> None:
    counts = {("DE", "tv", "x"): 90, ("DE", "tv", "y"): 10, ("FR", "tv", "x"): 10, ("FR", "tv", "y"): 90}
    assert decide(exact(l=1, t=0.5), counts).report.t == 0.4
    assert {cell[:2] for cell in decide(exact(l=1, t=0.3), counts).cells} == {(OTHER, OTHER)}


def test_nothing_is_told_of_a_few() -> None:
    found = decide(exact(), {("DE", "tv", "x"): 9})
    assert not found.cells
    assert "fewer than k" in found.report.withheld


@given(JOINT)
def test_two_tables_cut_out_nobody_together(jointly: dict[tuple[Cell, Cell], int]) -> None:
    tables = {"one": exact(l=1, t=1), "two": exact(l=1, t=1)}
    by_table: dict[str, dict[Cell, int]] = {"one": {}, "two": {}}
    for cells, count in jointly.items():
        for name, cell in zip(tables, cells, strict=True):
            by_table[name][cell] = by_table[name].get(cell, 0) + count
    found = decide_together(tables, Counted(by_table, jointly))
    if all(each.cells for each in found.values()):
        together: dict[tuple[Cell, ...], int] = {}
        for cells, count in jointly.items():
            place = tuple(each.went[cell] for each, cell in zip(found.values(), cells, strict=True))
            together[place] = together.get(place, 0) + count
        assert min(together.values()) >= 10


def test_a_table_whose_difference_is_one_account_is_withheld_and_says_so() -> None:
    # By country 100 and 100; by device 101 and 99: who is German and watches on French televisions is one account.
    one = {("DE", "x", "s"): 100, ("FR", "x", "s"): 100}
    two = {("tv", "x", "s"): 101, ("web", "x", "s"): 99}
    jointly = {
        (("DE", "x", "s"), ("tv", "x", "s")): 100,
        (("FR", "x", "s"), ("tv", "x", "s")): 1,
        (("FR", "x", "s"), ("web", "x", "s")): 99,
    }
    tables = {"one": exact(l=1, t=1), "two": exact(l=1, t=1)}
    found = decide_together(tables, Counted({"one": one, "two": two}, jointly))
    assert found["one"].cells == one
    assert not found["two"].cells
    assert "one table less the other" in found["two"].report.withheld
