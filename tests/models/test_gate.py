"""The gate's rule, on made-up figures of viewers: what is promoted, what is refused and why, what stays."""

from __future__ import annotations

import numpy as np
import pytest

from media_privacy_pipeline.models.config import GateConfig
from media_privacy_pipeline.models.gate import Contest, Decision, decide, interval
from media_privacy_pipeline.models.interactions import Floats
from media_privacy_pipeline.models.recipes import FLOOR_RECIPE, Recipe

CHAMPION, NEW, OTHER = Recipe("ials", {"factors": 8}), Recipe("ease", {}), Recipe("item_knn", {"k": 50})
RULE = GateConfig(resamples=400)


def figures(mean: float, spread: float = 0.2, viewers: int = 900) -> Floats:
    """NDCG of each viewer; all such figures are paired, as two models' on the same viewers are."""
    noise = np.random.default_rng(5).normal(0, spread, viewers)
    return np.asarray(mean + noise - noise.mean())


def contest(
    floor: float = 0.1, configured: tuple[Recipe, ...] = (NEW,), barred: tuple[Recipe, ...] = (), **means: float
) -> Contest:
    recipes = {"champion": CHAMPION, "new": NEW, "other": OTHER}
    values = {recipes[name].digest: figures(mean) for name, mean in means.items()}
    values[FLOOR_RECIPE.digest] = figures(floor, 0.1)
    return Contest(
        CHAMPION if "champion" in means else None,
        [recipe for recipe in (NEW, OTHER) if recipe.digest in values],
        frozenset(recipe.digest for recipe in configured),
        values,
        {},
        frozenset(recipe.digest for recipe in barred),
    )


def reason(decision: Decision, recipe: Recipe) -> str:
    (found,) = [each for each in decision.tried if each.recipe == recipe.digest]
    return f"{found.outcome}: {found.reason}"


@pytest.mark.parametrize(
    ("tonight", "serves", "of", "why"),
    [
        (contest(new=0.3), NEW, NEW, "promoted: ahead of popularity"),
        (contest(new=0.1), FLOOR_RECIPE, NEW, "refused: it is not shown to be ahead of popularity"),
        (contest(champion=0.3, new=0.297), NEW, NEW, "promoted: ahead of popularity and no worse"),
        (contest(champion=0.3, new=0.29), CHAMPION, NEW, "refused: it may be worse than the champion by more than 2%"),
        (contest(champion=0.3, new=0.29), CHAMPION, CHAMPION, "kept: trained anew by its own recipe"),
        (contest(champion=0.3, new=0.4), NEW, CHAMPION, "replaced: by ease"),
        (
            contest(champion=0.3, new=0.297, configured=(CHAMPION, NEW)),
            CHAMPION,
            NEW,
            "refused: it is not ahead of the",
        ),
        (contest(champion=0.3, new=0.35, other=0.4), OTHER, NEW, "refused: another challenger is ahead of it"),
        (contest(champion=0.02, new=0.05), FLOOR_RECIPE, CHAMPION, "taken out: it is behind popularity"),
        (contest(champion=0.02, new=0.3), NEW, CHAMPION, "taken out: it is behind popularity"),
        (contest(champion=0.3, new=0.4, barred=(NEW,)), CHAMPION, NEW, "refused: it was taken out of service by hand"),
    ],
)
def test_the_rule(tonight: Contest, serves: Recipe, of: Recipe, why: str) -> None:
    decision = decide(tonight, RULE)
    assert decision.recipe == serves
    assert reason(decision, of).startswith(why)


def test_an_interval_that_reaches_the_margin_is_not_enough_however_good_the_mean() -> None:
    noisy = np.random.default_rng(6).normal(0.31, 0.9, 900)
    tonight = contest(champion=0.3, new=0.3)
    tonight.values[NEW.digest] = noisy - noisy.mean() + 0.31  # type: ignore[index]
    decision = decide(tonight, RULE)
    assert decision.recipe == CHAMPION
    assert "may be worse" in reason(decision, NEW)


def test_what_cannot_be_trained_or_measured_is_not_promoted() -> None:
    broken = Contest(CHAMPION, [NEW], frozenset(), {}, {NEW.digest: "it diverged"})
    assert reason(decide(broken, RULE), NEW) == "refused: it diverged"
    assert decide(broken, RULE).recipe == CHAMPION
    unmeasured = Contest(None, [NEW], frozenset(), {}, {})
    assert "nothing could be measured" in reason(decide(unmeasured, RULE), NEW)
    assert decide(unmeasured, RULE).recipe == FLOOR_RECIPE
    lost = Contest(CHAMPION, [], frozenset(), {}, {CHAMPION.digest: "it diverged"})
    assert decide(lost, RULE).recipe == FLOOR_RECIPE


def test_several_challengers_share_the_error_so_that_the_luckiest_is_not_taken_for_good() -> None:
    narrow, wide = interval(figures(0.1), 0.95, RULE), interval(figures(0.1), 1 - 0.05 / 4, RULE)
    assert wide[1] < narrow[1] < narrow[0] < narrow[2] < wide[2]
    lone, many = contest(champion=0.3, new=0.3), contest(champion=0.3, new=0.3, other=0.2)
    widths = [
        next(t.lead[2] - t.lead[1] for t in decide(each, RULE).tried if t.recipe == NEW.digest and t.lead)
        for each in (lone, many)
    ]
    assert widths[1] > widths[0]


def test_equal_recipes_are_promoted_no_more_often_than_the_interval_says() -> None:
    """A challenger that is worse by just the margin passes in about one of forty nights (half of one minus .95)."""
    random, passed, nights = np.random.default_rng(3), 0, 200
    for _ in range(nights):
        champion = random.normal(0.5, 0.2, 200)
        new = champion * 0.98 + random.normal(0, 0.1, 200)
        values = {CHAMPION.digest: champion, NEW.digest: new, FLOOR_RECIPE.digest: np.zeros(200)}
        decision = decide(Contest(CHAMPION, [NEW], frozenset(), values, {}), GateConfig(resamples=200))
        passed += decision.recipe == NEW
    assert passed <= 14
