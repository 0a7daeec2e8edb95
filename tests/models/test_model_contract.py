"""What every recommender promises, run over all of them on a checkerboard whose right answers are seen by eye."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.models.base import Recommender, Storable
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.recommenders.config import (
    AnyConfig,
    BlendConfig,
    EaseConfig,
    IalsConfig,
    ItemKnnConfig,
    PopularityConfig,
    Rp3BetaConfig,
    SuccessorsConfig,
)
from media_privacy_pipeline.models.recommenders.ials import Ials
from media_privacy_pipeline.models.recommenders.kinds import make, restored
from media_privacy_pipeline.models.recommenders.popularity import Popularity
from media_privacy_pipeline.models.serving.filters import Filters

SIZE = 12


def viewer(n: int) -> str:
    return f"v{n:02d}"


def title(n: int) -> str:
    return f"t{n:02d}"


def checkerboard(*, holes: bool = True) -> Interactions:
    """Viewer r watched title c where r and c are both even or both odd; with holes, all but the one on the diagonal."""
    board = [(r, c) for r in range(SIZE) for c in range(SIZE) if (r + c) % 2 == 0 and not (holes and r == c)]
    return Interactions.of([viewer(r) for r, _ in board], [title(c) for _, c in board], np.full(len(board), 5.0))


def mixed() -> Interactions:
    """Forty viewers with one to eleven titles at random, and when they watched them."""
    random = np.random.default_rng(5)
    pairs = [(r, c) for r in range(40) for c in random.permutation(SIZE)[: 1 + r % 11]]
    ages = random.integers(0, 6, len(pairs)).astype(float)
    return Interactions.of([viewer(r) for r, _ in pairs], [title(c) for _, c in pairs], None, ages=ages)


def listed(model: Recommender, histories: Interactions, k: int, filters: Filters | None = None) -> list[list[str]]:
    ranking = model.recommend(histories, k, filters)
    return [[str(model.titles[n]) for n in row if n >= 0] for row in ranking.titles]


class RecommenderContract:
    """Subclasses say how to make the model; `personal` ones must find the hole in each viewer's checkerboard."""

    personal = True

    def make(self) -> Recommender:
        raise AssertionError("a subclass makes its model")

    @pytest.fixture
    def model(self) -> Recommender:
        return self.make().fit(checkerboard())

    def test_the_hole_in_the_checkerboard_is_the_first_recommendation(self, model: Recommender) -> None:
        if self.personal:
            assert [row[0] for row in listed(model, checkerboard(), 1)] == [title(r) for r in range(SIZE)]

    def test_the_first_reason_has_the_colour_of_what_it_explains(self, model: Recommender) -> None:
        ranking = model.recommend(checkerboard(), 1)
        if self.personal:
            assert all(t % 2 == r % 2 for t, r in zip(ranking.titles[:, 0], ranking.reasons[:, 0], strict=True))
            assert ((ranking.shares > 0) & (ranking.shares <= 1)).all()
        else:
            assert (ranking.reasons == -1).all()
            assert np.isnan(ranking.shares).all()

    def test_titles_of_one_colour_are_similar(self, model: Recommender) -> None:
        similar = [name for name, _ in model.similar(title(0), SIZE // 2 - 1)]
        assert title(0) not in similar
        if self.personal:
            assert sorted(similar) == [title(n) for n in range(2, SIZE, 2)]

    def test_seen_titles_are_never_listed(self, model: Recommender) -> None:
        histories = checkerboard()
        seen = [set(histories.titles[histories.block(r, r + 1).columns]) for r in range(SIZE)]
        assert all(not seen[r] & set(row) for r, row in enumerate(listed(model, histories, SIZE)))

    def test_scores_fall_along_the_list(self, model: Recommender) -> None:
        scores = model.recommend(checkerboard(), 6).scores
        assert (np.diff(scores, axis=1) <= 0).all()

    def test_k_larger_than_the_catalogue_gives_what_is_left(self, model: Recommender) -> None:
        rows = listed(model, checkerboard(), 500)
        assert [len(row) for row in rows] == (SIZE - checkerboard().lengths).tolist()

    def test_a_viewer_who_saw_everything_gets_an_empty_list(self, model: Recommender) -> None:
        all_seen = Interactions.of_one({title(n): 5.0 for n in range(SIZE)})
        assert listed(model, all_seen, 3) == [[]]

    def test_an_empty_history_gets_nothing_personal(self, model: Recommender) -> None:
        rows = listed(model, Interactions.of_one({}), 3)
        assert [len(row) for row in rows] == ([0] if self.personal else [3])

    def test_unknown_titles_of_a_history_change_nothing(self, model: Recommender) -> None:
        with_unknown = Interactions.of_one({title(0): 5.0, title(2): 5.0, "never heard of": 9.0})
        without = Interactions.of_one({title(0): 5.0, title(2): 5.0})
        assert listed(model, with_unknown, 4) == listed(model, without, 4)

    def test_the_same_data_gives_the_same_lists_to_the_bit(self) -> None:
        one, two = (self.make().fit(checkerboard()).recommend(checkerboard(), 5) for _ in range(2))
        assert one.scores.tobytes() == two.scores.tobytes()
        assert one.titles.tobytes() == two.titles.tobytes()

    def test_a_viewers_list_does_not_depend_on_who_else_is_served(self, model: Recommender) -> None:
        histories = checkerboard()
        apart = [listed(model, histories.block(r, r + 1), 4)[0] for r in range(SIZE)]
        assert apart == listed(model, histories, 4)

    def test_filters_hold_back_titles_by_age_rating_and_catalogue(self, model: Recommender) -> None:
        ages = {title(n): 18 if n < 4 else 0 for n in range(SIZE - 1)} | {title(4): -1}
        limits = np.where(np.arange(SIZE) < 6, 12, 99)
        rows = listed(model, checkerboard(), SIZE, Filters(ages, limits, np.arange(SIZE) < 6))
        for r, row in enumerate(rows):
            assert title(SIZE - 1) not in row
            if r < 6:
                assert not set(row) & {title(n) for n in range(5)}

    def test_contributions_and_baseline_sum_to_the_score(self, model: Recommender) -> None:
        history = {title(n): 5.0 for n in range(0, SIZE - 2, 2)}
        why = model.explain(history, title(SIZE - 2))
        assert why.baseline + sum(why.contributions.values()) == pytest.approx(why.score, abs=1e-5)
        ranking = model.recommend(Interactions.of_one(history), 1)
        if self.personal:
            assert ranking.scores[0, 0] == pytest.approx(why.score, abs=1e-9)

    @pytest.mark.parametrize("question", ["similar", "explain"])
    def test_asking_about_an_unknown_title_is_a_clear_error(self, model: Recommender, question: str) -> None:
        with pytest.raises(UsageError, match="does not know the title 'nowhere'"):
            model.similar("nowhere", 3) if question == "similar" else model.explain({}, "nowhere")

    def test_k_below_one_is_a_clear_error(self, model: Recommender) -> None:
        with pytest.raises(UsageError, match="at least one title"):
            model.recommend(checkerboard(), 0)

    def test_nothing_to_learn_from_is_a_clear_error(self) -> None:
        with pytest.raises(UsageError, match="nothing to learn from"):
            self.make().fit(Interactions.of([], [], []))

    def test_titles_and_viewers_without_a_pair_do_no_harm(self) -> None:
        whole = mixed()
        some = whole.where((whole.columns != 3) & (whole.rows != 5))
        model = self.make().fit(some)
        ranking = model.recommend(whole, 3)
        assert np.isfinite(ranking.scores[ranking.titles >= 0]).all()

    def test_one_viewer_with_one_title_can_be_learned_from(self) -> None:
        one = Interactions.of(["v"], ["t"], [2.0])
        assert listed(self.make().fit(one), one, 3) == [[]]


class TestPopularity(RecommenderContract):
    personal = False

    def make(self) -> Recommender:
        return Popularity()

    def test_the_most_watched_come_first_and_ties_in_the_order_of_titles(self) -> None:
        watched = Interactions.of(["a", "b", "c", "a", "b", "a"], ["y", "y", "y", "z", "z", "x"])
        assert listed(Popularity().fit(watched), Interactions.of_one({}), 3) == [["y", "z", "x"]]
        tied = Popularity.of_counts({"q": 2.0, "p": 2.0, "r": 1.0, "noise": -3.0})
        assert listed(tied, Interactions.of_one({}), 4) == [["p", "q", "r"]]


IALS = IalsConfig(factors=4, regularisation=0.01, unobserved=0.3)


class StorableContract(RecommenderContract):
    """Subclasses give the configuration; what is stored is the model, and everything adds up."""

    config: AnyConfig

    def make(self) -> Recommender:
        return make(self.config)

    def test_stored_arrays_and_json_bring_the_model_back_to_the_bit(self, model: Storable) -> None:
        arrays = io.BytesIO()
        np.savez(arrays, allow_pickle=False, **model.state())
        arrays.seek(0)
        document = json.loads(model.config.model_dump_json())
        with np.load(arrays, allow_pickle=False) as state:
            again = restored(document, dict(state))
        one, two = (m.recommend(checkerboard(), 5) for m in (model, again))
        assert one.scores.tobytes() == two.scores.tobytes()
        assert one.reasons.tobytes() == two.reasons.tobytes()

    def test_a_list_is_the_same_to_the_bit_in_a_crowd_and_alone(self, model: Storable) -> None:
        histories = mixed()
        together = model.recommend(histories, 6)
        for r in range(0, len(histories), 3):
            alone = model.recommend(histories.block(r, r + 1), 6)
            assert alone.scores[0].tobytes() == together.scores[r].tobytes()
            assert alone.titles[0].tobytes() == together.titles[r].tobytes()

    def test_every_score_of_a_list_is_what_explain_says(self, model: Storable) -> None:
        histories = mixed()
        ranking = model.recommend(histories, 6)
        for r in range(0, len(histories), 7):
            for rank, place in enumerate(ranking.titles[r]):
                if place >= 0:
                    why = model.explain_row(histories, r, str(model.titles[place]))
                    assert why.score == pytest.approx(ranking.scores[r, rank], rel=1e-9, abs=1e-9)
                    assert why.baseline + sum(why.contributions.values()) == pytest.approx(why.score, abs=1e-9)


class TestIals(StorableContract):
    config = IALS

    def test_threads_do_not_change_the_factors(self) -> None:
        one, two = (Ials(IalsConfig(factors=4, threads=n)).fit(mixed()) for n in (1, 2))
        assert one.factors.tobytes() == two.factors.tobytes()

    def test_threads_are_no_part_of_what_a_model_is(self) -> None:
        assert IalsConfig(threads=1).model_dump_json() == IalsConfig(threads=2).model_dump_json()


class TestIalsWithRecency(StorableContract):
    config = IalsConfig(factors=4, regularisation=0.01, half_life_titles=2.0)


class TestEase(StorableContract):
    config = EaseConfig()


class TestPrunedEase(StorableContract):
    config = EaseConfig(neighbours=8, head=SIZE)


class TestItemKnn(StorableContract):
    config = ItemKnnConfig()


class TestRp3Beta(StorableContract):
    config = Rp3BetaConfig()


class TestSuccessors(StorableContract):
    config = SuccessorsConfig()


class TestBlend(StorableContract):
    config = BlendConfig(parts=(IALS, EaseConfig(half_life_days=3.0), Rp3BetaConfig(), PopularityConfig()))


class TestBlendOfOne(StorableContract):
    config = BlendConfig(parts=(Rp3BetaConfig(),))
