"""Stored models: content-addressed, read without pickle, swapped whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.models.registry import Registry

ARRAYS = {"titles": np.array(["a", "b"]), "factors": np.eye(2, dtype=np.float32)}


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models" / "recommenders")


def test_the_same_model_has_the_same_name_and_another_has_another(registry: Registry) -> None:
    name = registry.store(ARRAYS, {"version": "1"})
    assert registry.store(dict(reversed(ARRAYS.items())), {"version": "1"}) == name
    assert registry.store(ARRAYS, {"version": "2"}) != name
    loaded = registry.load(name)
    assert loaded.manifest == {"version": "1"}
    assert loaded.arrays["titles"].tolist() == ["a", "b"]


def test_promotion_moves_the_pointer_and_leaves_no_other_file(registry: Registry) -> None:
    assert registry.champion() is None
    one, two = registry.store(ARRAYS, {"n": 1}), registry.store(ARRAYS, {"n": 2})
    registry.promote(one)
    registry.promote(two)
    assert registry.champion() == two
    assert sorted(path.name for path in registry.root.iterdir()) == sorted(["CHAMPION", "MOVES", one, two])


@pytest.mark.parametrize("file", ["arrays.npz", "manifest.json"])
def test_a_changed_file_is_refused_and_not_promoted(registry: Registry, file: str) -> None:
    good, bad = registry.store(ARRAYS, {"n": 1}), registry.store(ARRAYS, {"n": 2})
    registry.promote(good)
    path = registry.root / bad / file
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(Refused, match="changed or damaged"):
        registry.promote(bad)
    assert registry.champion() == good


def test_a_missing_model_is_refused(registry: Registry) -> None:
    with pytest.raises(Refused, match="train again"):
        registry.load("0" * 64)


def test_objects_that_would_need_pickle_are_not_stored(registry: Registry) -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        registry.store({"titles": np.array(["a", None], dtype=object)}, {})


def test_pruning_keeps_the_champion_and_the_newest_and_sweeps_staging(registry: Registry) -> None:
    names = [registry.store(ARRAYS, {"n": n}) for n in range(4)]
    for name in names:
        registry.promote(name)
    registry.promote(names[0])
    (registry.root / ".staging-crashed").mkdir()
    registry.prune(2)
    assert sorted(registry.names()) == sorted([names[0], names[3]])
    assert not list(registry.root.glob(".staging-*"))
    registry.retire()
    registry.prune(0)
    assert registry.names() == []


def test_a_flagged_model_is_never_put_in_service_and_goes_once_another_is(registry: Registry) -> None:
    one, two, three = (registry.store(ARRAYS, {"n": n}) for n in range(3))
    registry.promote(one)
    registry.flag([one, two], "erasure 1")
    assert registry.flagged() == {one: "erasure 1", two: "erasure 1"}
    with pytest.raises(Refused, match="someone who was erased is in it"):
        registry.promote(two)
    registry.prune(9)
    assert sorted(registry.names()) == sorted([one, three])
    registry.promote(three)
    registry.prune(9)
    assert registry.names() == [three]
    assert registry.flagged() == {}
