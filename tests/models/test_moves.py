"""The log of the pointer's moves: bound line to line, torn lines left out, interrupted moves finished."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.models.moves import NIGHT, PROMOTE, Author
from media_privacy_pipeline.models.registry import Registry

ARRAYS = {"titles": np.array(["a", "b"]), "factors": np.eye(2, dtype=np.float32)}
ANN = Author("ann", "to try it", PROMOTE)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models" / "recommenders")


def test_every_move_says_when_who_why_and_between_which_models_and_recipes(registry: Registry) -> None:
    one, two = registry.store(ARRAYS, {"n": 1, "recipe": "r1"}), registry.store(ARRAYS, {"n": 2, "recipe": "r2"})
    registry.promote(one)
    registry.promote(two, ANN)
    registry.promote(two, ANN)
    registry.retire()
    moves = registry.moves.read()
    assert [(m.by, m.manner, m.origin, m.to, m.left, m.taken, m.why) for m in moves] == [
        (NIGHT.by, "train", None, one, "", "r1", NIGHT.why),
        ("ann", "promote", one, two, "r1", "r2", "to try it"),
        (NIGHT.by, "retire", two, None, "r2", "", "nothing may be learned from"),
    ]
    assert all(m.at.endswith("+00:00") for m in moves)
    assert registry.champion() is None


@pytest.mark.parametrize("harm", ["change", "take out"])
def test_a_line_that_was_changed_or_taken_out_is_seen(registry: Registry, harm: str) -> None:
    for n in range(3):
        registry.promote(registry.store(ARRAYS, {"n": n}), ANN)
    lines = registry.moves.path.read_text().splitlines()
    kept = [lines[0], lines[2]] if harm == "take out" else [lines[0].replace("ann", "bob"), *lines[1:]]
    registry.moves.path.write_text("\n".join(kept) + "\n")
    with pytest.raises(Refused, match="the log was changed"):
        registry.moves.read()
    with pytest.raises(Refused, match="the log was changed"):
        registry.retire()


def test_a_torn_last_line_is_no_move_and_is_written_over(registry: Registry) -> None:
    one, two = registry.store(ARRAYS, {"n": 1}), registry.store(ARRAYS, {"n": 2})
    registry.promote(one)
    whole = registry.moves.path.read_bytes()
    registry.moves.path.write_bytes(whole + whole[:40])
    assert [move.to for move in registry.moves.read()] == [one]
    registry.promote(two)
    assert [move.to for move in registry.moves.read()] == [one, two]
    assert registry.moves.path.read_bytes().startswith(whole)


def test_a_move_that_was_written_down_and_not_made_is_made_by_the_next(registry: Registry) -> None:
    one, two = registry.store(ARRAYS, {"n": 1}), registry.store(ARRAYS, {"n": 2})
    registry.promote(one)
    registry.moves.append(ANN, one, two, "", "")
    assert registry.champion() == one
    assert registry.settle() == registry.moves.last()
    assert registry.champion() == two
    assert registry.settle() is None


def test_one_that_can_be_made_no_more_is_taken_back(registry: Registry) -> None:
    one, two = registry.store(ARRAYS, {"n": 1}), registry.store(ARRAYS, {"n": 2})
    registry.promote(one)
    registry.moves.append(ANN, one, two, "", "")
    registry.flag([two], "erasure 1")
    registry.settle()
    assert registry.champion() == one
    last = registry.moves.read()[-1]
    assert (last.by, last.origin, last.to) == ("recovery", two, one)
