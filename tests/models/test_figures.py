"""Intervals, differences and groups; and what lists do beside hitting, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.models.evaluation.beyond import average_popularity, covered, gini, miscalibration, novelty
from media_privacy_pipeline.models.evaluation.bootstrap import ends, jackknife, means, resampled_means
from media_privacy_pipeline.models.evaluation.figures import by_group, compared
from media_privacy_pipeline.models.evaluation.groups import of_file, thirds
from media_privacy_pipeline.models.evaluation.judging import Judged
from media_privacy_pipeline.models.evaluation.plain import genres_of
from media_privacy_pipeline.models.evaluation.split import Split, temporal
from media_privacy_pipeline.models.interactions import Interactions

NAN = float("nan")


def test_gini_is_0_where_all_titles_are_alike_and_near_1_where_one_takes_all() -> None:
    assert gini(np.array([2.0, 2, 2])) == pytest.approx(0)
    assert gini(np.array([0.0, 0, 0, 8])) == pytest.approx(3 / 4)
    assert gini(np.array([1.0, 3])) == pytest.approx(1 / 4)
    assert gini(np.zeros(3)) == 0
    assert covered(np.array([0.0, 1, 5, 0])) == 1 / 2


def test_popularity_and_novelty_are_means_over_what_is_listed() -> None:
    listed, share = np.array([[0, 1], [1, -1], [-1, -1]]), np.array([0.5, 0.25, 0.0])
    assert average_popularity(listed, share).tolist()[:2] == [0.375, 0.25]
    assert novelty(listed, share, 4).tolist()[:2] == [1.5, 2.0]
    assert novelty(np.array([[2]]), share, 4).tolist() == [2.0]
    assert math.isnan(average_popularity(listed, share)[2])


def test_miscalibration_is_the_divergence_of_steck() -> None:
    titles = np.array(["a", "b", "c"])
    kinds = np.array([[1.0, 0], [0, 1], [0, 0]])
    histories = Interactions.of(["u", "u", "v", "w"], ["a", "b", "a", "c"])
    found = miscalibration(np.array([[0, 0], [0, 2], [0, 1]]), histories, kinds, titles)
    expected = 0.5 * math.log(0.5 / (0.99 * 1 + 0.01 * 0.5)) + 0.5 * math.log(0.5 / (0.01 * 0.5))
    assert found[:2].tolist() == pytest.approx([expected, 0])
    assert math.isnan(found[2]), "a history without a genre has nothing to be true to"


def test_means_leave_out_who_has_no_figure() -> None:
    values = np.array([[1.0, NAN], [3.0, NAN], [NAN, NAN]])
    assert means(values)[0] == 2
    assert math.isnan(means(values)[1])
    low, high = ends(resampled_means(values, 200, 1))
    assert 1 <= low[0] <= 2 <= high[0] <= 3
    assert math.isnan(low[1])


def test_the_interval_in_blocks_is_that_of_one_resample_after_another() -> None:
    values = np.random.default_rng(2).random((50, 3))
    random = np.random.default_rng(9)
    one_by_one = np.array([values[random.integers(0, 50, 50)].mean(axis=0) for _ in range(300)])
    for ours, theirs in zip(ends(resampled_means(values, 300, 9)), ends(one_by_one), strict=True):
        assert ours == pytest.approx(theirs)


def test_ninety_five_of_a_hundred_intervals_hold_the_truth() -> None:
    held = 0
    for seed in range(200):
        sample = np.random.default_rng(seed).exponential(size=(80, 1))
        low, high = ends(resampled_means(sample, 300, seed))
        held += bool(low[0] <= 1 <= high[0])
    assert 176 <= held <= 198


def test_the_jackknife_holds_the_coverage_of_other_viewers() -> None:
    random = np.random.default_rng(5)
    everyone = random.integers(0, 60, (4_000, 2)) * (random.random((4_000, 2)) < 0.9)
    parts = [covered(np.bincount(everyone[n : n + 100].ravel(), minlength=60)) for n in range(0, 4_000, 100)]
    held = 0
    for n in range(0, 4_000, 100):
        value, low, high = jackknife(everyone[n : n + 100], 60, covered, 1)
        assert low <= value <= high
        held += low <= np.mean(parts) <= high
    assert held >= 30
    assert math.isnan(jackknife(everyone[:1], 60, covered, 1)[1])


def judged(values: np.ndarray) -> Judged:
    return Judged({("ndcg", 10): values}, {("coverage", 10): (0.5, 0.4, 0.6)})


def test_a_difference_is_paired() -> None:
    base = np.random.default_rng(1).random(400)
    figures, differences = compared({"new": judged(base + 0.01), "old": judged(base)}, 300, 1)
    (found,) = differences
    assert (found.model, found.other, found.apart) == ("new", "old", True)
    assert found.value == pytest.approx(0.01)
    assert found.low == pytest.approx(0.01)
    spread = {f.model: f for f in figures if f.metric == "ndcg"}
    assert spread["new"].low < spread["old"].high  # type: ignore[operator]
    assert not compared({"a": judged(base), "b": judged(base[::-1])}, 300, 1)[1][0].apart


def test_groups_tell_their_figures_and_the_gap_and_small_ones_nothing() -> None:
    values = np.concatenate([np.full(20, 0.2), np.full(20, 0.6), np.full(9, 0.9), [0.5]])
    groups = ["a"] * 20 + ["b"] * 20 + ["few"] * 9 + [None]
    figures, gaps = by_group({"m": judged(values)}, {"file": groups}, 50, 1)
    assert {f.group: (f.value, f.viewers) for f in figures} == {
        "a": (pytest.approx(0.2), 20),
        "b": (pytest.approx(0.6), 20),
        "few": (None, 9),
    }
    (gap,) = gaps
    assert (gap.highest, gap.lowest) == ("b", "a")
    assert (gap.value, gap.low, gap.high) == (pytest.approx(0.4), pytest.approx(0.4), pytest.approx(0.4))


@pytest.fixture
def split() -> Split:
    pairs = [(f"u{n}", f"t{t}") for n in range(9) for t in range(n + 1)]
    before = Interactions.of([u for u, _ in pairs], [t for _, t in pairs])
    return temporal(before, Interactions.of([f"u{n}" for n in range(9)], ["new"] * 9))


def test_thirds_go_by_the_length_and_the_popularity_of_histories(split: Split) -> None:
    found = thirds(split)
    assert found["activity"] == ["1 least active"] * 3 + ["2 middle"] * 3 + ["3 most active"] * 3
    assert found["taste"] == ["3 mainstream"] * 3 + ["2 mixed"] * 3 + ["1 niche"] * 3


def test_groups_of_a_file(split: Split, tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "groups.csv"
    path.write_text("user,group\nu0,x\nu8,y\nu99,x\n")
    assert of_file(path, split)["file"] == ["x", *[None] * 7, "y"]
    path.write_text("u0,x\nu0,y\n")
    with pytest.raises(Refused, match="row 2: the user came before"):
        of_file(path, split)
    path.write_text("u99,x\n")
    with pytest.raises(Refused, match="none of the tested users"):
        of_file(path, split)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("movies.csv", 'movieId,title,genres\n1,"One, the",Drama|War\n2,Two,(no genres listed)\n'),
        ("movies.dat", "1::One, the::Drama|War\n2::Two::\n"),
        ("u.item", "1|One|d||x|" + "0|" * 8 + "1|" + "0|" * 8 + "1|0\n2|Two|d||x|" + "|".join("0" * 19) + "\n"),
    ],
)
def test_genres_of_each_form(tmp_path, name: str, text: str) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / name).write_text(text)
    found = genres_of(tmp_path / name)
    assert found.names == ("Drama", "War")
    assert found.over(np.array(["0", "1", "2"])).tolist() == [[0, 0], [0.5, 0.5], [0, 0]]
