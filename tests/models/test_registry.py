"""Stored models: content-addressed, read without pickle, swapped whole."""

from __future__ import annotations

import io
import pickle
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.models.registry import Registry
from media_privacy_pipeline.models.training import registry as registry_of

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


class _Harm:
    """Unpickled, it would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("form", ["npz of objects", "bare pickle", "npy of objects", "no zip", "manifest"])
def test_a_folder_whose_name_fits_a_malicious_file_is_refused_and_runs_nothing(
    registry: Registry, tmp_path: Path, form: str
) -> None:
    harm = tmp_path / "harm"
    objects = np.array([_Harm(harm)], dtype=object)
    buffer = io.BytesIO()
    if form == "npz of objects":
        np.savez(buffer, factors=objects)
    elif form == "bare pickle":
        buffer.write(pickle.dumps(_Harm(harm)))
    elif form == "npy of objects":
        np.save(buffer, objects, allow_pickle=True)
    elif form == "no zip":
        buffer.write(b"PK\x03\x04 and no more")
    else:
        np.savez(buffer, **ARRAYS)
    manifest = b"[1]" if form == "manifest" else b"{}"
    name = sha256(sha256(buffer.getvalue()).digest() + sha256(manifest).digest()).hexdigest()
    folder = registry.root / name
    folder.mkdir(parents=True)
    (folder / "arrays.npz").write_bytes(buffer.getvalue())
    (folder / "manifest.json").write_bytes(manifest)
    with pytest.raises(Refused, match="delete it"):
        registry.promote(name)
    assert not registry.is_whole(name)
    assert registry.champion() is None
    assert not harm.exists()


def test_a_model_is_found_by_the_beginning_of_its_name_alone(registry: Registry) -> None:
    name = registry.store(ARRAYS, {"n": 1})
    assert registry.find(name[:6]) == registry.find(name) == name
    for wrong in (name[:5], "", "0" * 64, f"{name}0"):
        with pytest.raises(UsageError, match="models list"):
            registry.find(wrong)


def test_a_folder_of_before_is_taken_over_with_its_champion(tmp_path: Path) -> None:
    before = Registry(tmp_path / "ials")
    name = before.store(ARRAYS, {"n": 1})
    before.promote(name)
    assert registry_of(tmp_path).champion() == name
    assert not before.root.exists()
    assert registry_of(tmp_path).names() == [name]
