"""Titles that nobody watched yet are ranked by what the catalogue says of them, and by nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from models_world import GENRES, QUICK, SPAN, World, rows_of
from test_model_contract import IALS, SIZE, RecommenderContract, checkerboard, mixed, title
from test_private_contract import small

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.models.base import Recommender
from media_privacy_pipeline.models.coldstart.derived import derived
from media_privacy_pipeline.models.coldstart.metadata import Metadata
from media_privacy_pipeline.models.coldstart.recommender import ColdStart, with_new_titles
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.private.config import improved
from media_privacy_pipeline.models.recommenders.ials import Ials
from media_privacy_pipeline.models.recommenders.popularity import Popularity
from media_privacy_pipeline.models.steps import recommend, train

COLOURS = {title(n): Metadata.of((f"{'red' if n % 2 else 'blue'} film {n}",)) for n in range(SIZE)}
NEW = {
    "new blue": Metadata.of(("A blue one",)),
    "new red": Metadata.of(("The RED one",)),
    "silent": Metadata.of(("Unheard words", None)),
    "nameless": Metadata(),
}


class TestAColdStartThatDerivesNothingIsTheModelItself(RecommenderContract):
    def make(self) -> Recommender:
        return ColdStart(Ials(IALS), {**COLOURS, "silent": NEW["silent"]})


@pytest.fixture(params=["ials", "private_als"])
def model(request: pytest.FixtureRequest) -> ColdStart:
    inner = Ials(IALS) if request.param == "ials" else small(improved(1e6))
    return ColdStart(inner, {**COLOURS, **NEW}).fit(checkerboard(holes=False))


def test_a_new_title_goes_to_those_who_watch_what_it_is_said_to_be(model: ColdStart) -> None:
    ranking = model.recommend(checkerboard(holes=False), 2)
    for viewer in range(SIZE):
        assert model.titles[ranking.titles[viewer, 0]] == ("new red" if viewer % 2 else "new blue")
        reason = str(model.titles[ranking.reasons[viewer, 0]])
        assert int(reason[1:]) % 2 == viewer % 2


def test_a_title_whose_metadata_says_nothing_is_not_listed(model: ColdStart) -> None:
    assert set(model.new.titles.tolist()) == {"new blue", "new red"}
    assert not {"silent", "nameless"} & set(model.titles.tolist())


def test_the_learned_titles_keep_their_scores_and_a_watched_new_title_moves_nobody(model: ColdStart) -> None:
    own = {title(0): 1.0, title(2): 1.0}
    before = model.model.explain(own, title(4)).score
    after = model.explain({**own, "new red": 9.0}, title(4))
    assert after.score == pytest.approx(before, abs=1e-9)
    assert after.contributions["new red"] == 0
    watched = model.recommend(Interactions.of_one({**own, "new blue": 1.0}), 50)
    assert "new blue" not in model.titles[watched.titles[0][watched.titles[0] >= 0]].tolist()
    assert (model.recommend(Interactions.of_one({"new blue": 1.0}), 5).titles == -1).all()


def test_every_score_of_a_new_title_is_the_sum_of_its_reasons_in_a_crowd_and_alone(model: ColdStart) -> None:
    histories = mixed()
    together = model.recommend(histories, SIZE)
    new = 0
    for row in range(0, len(histories), 3):
        assert (
            model.recommend(histories.block(row, row + 1), SIZE).scores[0].tobytes() == together.scores[row].tobytes()
        )
        for rank, place in enumerate(together.titles[row]):
            if place >= 0:
                why = model.explain_row(histories, row, str(model.titles[place]))
                new += str(model.titles[place]) in NEW
                assert sum(why.contributions.values()) == pytest.approx(together.scores[row, rank], abs=1e-9)
    assert new


def test_where_metadata_explain_nothing_of_held_out_titles_nothing_is_derived() -> None:
    random = np.random.default_rng(3)
    names = np.array([f"t{n:03d}" for n in range(200)])
    told = {name: Metadata.of((), [str(random.integers(5))]) for name in names.tolist()}
    factors = random.normal(size=(200, 8)).astype(np.float32)
    found = derived(names, factors, {**told, "x": Metadata.of((), ["1"])})
    assert found.explained is not None
    assert found.explained <= 0
    assert not len(found.titles)


def test_a_kind_without_factors_stays_as_it_is() -> None:
    floor = Popularity().fit(checkerboard())
    assert with_new_titles(floor, {**COLOURS, **NEW}) is floor
    with pytest.raises(UsageError, match="has no factors"):
        ColdStart(floor, COLOURS)


def test_the_night_offers_new_titles_of_the_catalogue_to_viewers_of_their_genre(session: Session) -> None:
    world = World().store(session)
    train(session, SPAN, QUICK)
    World(titles=world.titles + len(GENRES)).store_titles(session)
    recommend(session, SPAN, QUICK)
    new = {world.title(world.titles + n): world.genre(world.titles + n) for n in range(len(GENRES))}
    tastes = {world.key("personalisation", v): GENRES[world.taste(v)] for v in range(world.viewers)}
    best: dict[str, str] = {}
    for row in sorted(rows_of(session, "recommendations"), key=lambda row: int(str(row["rank"]))):
        if row["title_id"] in new:
            best.setdefault(str(row["viewer_key"]), new[str(row["title_id"])])
    assert best.keys() == tastes.keys()
    assert np.mean([best[viewer] == taste for viewer, taste in tastes.items()]) > 0.9
