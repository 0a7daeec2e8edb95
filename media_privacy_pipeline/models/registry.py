"""Trained models as content-addressed folders, and the pointer to the one in service.

    HOME/models/ials/<sha256>/factors.npz, manifest.json     never changed once there; the name is the digest of both
    HOME/models/ials/CHAMPION                                the name of the folder in service
    HOME/models/ials/FLAGGED                                 models that someone who was erased is in, and why, as JSON

Arrays are read without pickle. A folder is renamed into place when it is whole, the pointer swapped after an fsync:
whoever reads sees the old champion or the new one.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..durable import replace_bytes, sync, sync_tree
from ..errors import Refused

_FACTORS = "factors.npz"
_MANIFEST = "manifest.json"
_POINTER = "CHAMPION"
_FLAGS = "FLAGGED"
_STAGING = ".staging-"


@dataclass(frozen=True)
class StoredModel:
    """A model as it was stored: its name, what it was made from and how good it is, and its arrays by name."""

    name: str
    manifest: Mapping[str, Any]
    arrays: Mapping[str, npt.NDArray[Any]]


class Registry:
    """The models of one kind under one folder. One process writes at a time (the run lock sees to it)."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def store(self, arrays: Mapping[str, npt.NDArray[Any]], manifest: Mapping[str, Any]) -> str:
        """Write a model and return its name; one of the same content that is there already stays, unless it is damaged.

        The manifest must be JSON and should hold no time of day, so that the same training has the same name.
        """
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **dict(sorted(arrays.items())))
        document = json.dumps(manifest, indent=1, sort_keys=True).encode()
        name = _digest(buffer.getvalue(), document)
        folder = self.root / name
        if not self.is_whole(name):
            shutil.rmtree(folder, ignore_errors=True)
            staging = self.root / f"{_STAGING}{uuid.uuid4().hex[:8]}"
            staging.mkdir(parents=True)
            (staging / _FACTORS).write_bytes(buffer.getvalue())
            (staging / _MANIFEST).write_bytes(document)
            sync_tree(staging)
            staging.rename(folder)
            sync(self.root)
        return name

    def load(self, name: str) -> StoredModel:
        """Read a model. Raises Refused for one that is missing, damaged or not what its name says."""
        folder = self.root / name
        try:
            factors, document = (folder / _FACTORS).read_bytes(), (folder / _MANIFEST).read_bytes()
        except OSError as error:
            raise Refused(f"{folder}: cannot be read ({error.strerror}); train again") from None
        if _digest(factors, document) != name:
            raise Refused(f"{folder}: was changed or damaged after it was stored; delete it and train again")
        with np.load(io.BytesIO(factors), allow_pickle=False) as arrays:
            return StoredModel(name, json.loads(document), {key: arrays[key] for key in arrays.files})

    def is_whole(self, name: str) -> bool:
        """Whether a model is there and is what its name says."""
        try:
            self.load(name)
        except Refused:
            return False
        return True

    def names(self) -> list[str]:
        """Names of the stored models, the newest first."""
        if not self.root.is_dir():
            return []
        folders = [folder for folder in self.root.iterdir() if (folder / _MANIFEST).exists() and folder.name[0] != "."]
        return [f.name for f in sorted(folders, key=lambda f: (f.stat().st_mtime_ns, f.name), reverse=True)]

    def champion(self) -> str | None:
        """Name of the model in service; None where there is none."""
        try:
            return (self.root / _POINTER).read_text().strip() or None
        except FileNotFoundError:
            return None

    def promote(self, name: str) -> None:
        """Put a stored model in service. Raises Refused where it cannot be read whole, or is flagged."""
        self.load(name)
        if name in self.flagged():
            raise Refused(f"{self.root / name}: someone who was erased is in it; train again")
        os.utime(self.root / name)
        replace_bytes(self.root / _POINTER, f"{name}\n".encode())

    def retire(self) -> None:
        """Take the champion out of service."""
        (self.root / _POINTER).unlink(missing_ok=True)

    def flag(self, names: Iterable[str], why: str) -> None:
        """Mark models that someone who was erased is in: they are never put in service again, and go when pruned."""
        flags = self.flagged()
        new = {name: why for name in names if name not in flags}
        if new:
            replace_bytes(self.root / _FLAGS, json.dumps({**flags, **new}, sort_keys=True).encode())

    def flagged(self) -> dict[str, str]:
        """Flagged models that are still stored, with why."""
        try:
            flags: dict[str, str] = json.loads((self.root / _FLAGS).read_text())
        except FileNotFoundError:
            return {}
        return {name: why for name, why in flags.items() if (self.root / name).exists()}

    def prune(self, keep: int) -> None:
        """Delete all but the champion and the newest others, `keep` in all, and what crashed writers left behind.

        Of flagged models only the champion stays, until another takes its place.
        """
        names, champion, flags = self.names(), self.champion(), self.flagged()
        fit = [name for name in names if name == champion or name not in flags]
        staying = sorted(fit, key=lambda name: name != champion)[:keep]
        for name in set(names) - set(staying):
            shutil.rmtree(self.root / name)
        # Nothing that stays has a hidden name.
        for left in self.root.glob(".*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()


def _digest(factors: bytes, manifest: bytes) -> str:
    return sha256(sha256(factors).digest() + sha256(manifest).digest()).hexdigest()
