"""Trained models as content-addressed folders, and the pointer to the one in service.

    HOME/models/recommenders/<sha256>/arrays.npz, manifest.json   never changed once there; the name is their digest
    HOME/models/recommenders/<sha256>/README.md                   the model card, made from the manifest
    HOME/models/recommenders/CHAMPION                             the name of the folder in service
    HOME/models/recommenders/MOVES                                every move of the pointer: see moves
    HOME/models/recommenders/DECISION                             what the gate decided last, as JSON
    HOME/models/recommenders/FLAGGED                              models that someone who was erased is in, and why

Models of every kind lie side by side; the manifest says which kind one is. Arrays are read without pickle. A folder is
renamed into place when it is whole, the pointer swapped after an fsync: whoever reads sees the old champion or the new.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import uuid
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..durable import replace_bytes, sync, sync_tree
from ..errors import Refused, UsageError
from .moves import NIGHT, RETIRE, Author, Move, Moves

_ARRAYS = "arrays.npz"
_MANIFEST = "manifest.json"
_CARD = "README.md"
_POINTER = "CHAMPION"
_FLAGS = "FLAGGED"
_DECISION = "DECISION"
_STAGING = ".staging-"
_GONE = ".gone-"
_LEAST_PREFIX = 6
_PRIVATE_KEPT = 2


@dataclass(frozen=True)
class StoredModel:
    """A model as it was stored: its name, what it was made from and how good it is, and its arrays by name."""

    name: str
    manifest: Mapping[str, Any]
    arrays: Mapping[str, npt.NDArray[Any]]


class Registry:
    """The models under one folder. One process writes at a time (the run lock sees to it), any number may read."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def moves(self) -> Moves:
        """The log of the pointer's moves."""
        return Moves(self.root / "MOVES")

    def store(
        self, arrays: Mapping[str, npt.NDArray[Any]], manifest: Mapping[str, Any], card: str | None = None
    ) -> str:
        """Write a model and return its name; one of the same content that is there already stays, unless it is damaged.

        The manifest must be JSON and should hold no time of day, so that the same training has the same name. The card
        is no part of the name: it says nothing that the manifest does not.
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
            (staging / _ARRAYS).write_bytes(buffer.getvalue())
            (staging / _MANIFEST).write_bytes(document)
            if card is not None:
                (staging / _CARD).write_text(card, encoding="utf-8")
            sync_tree(staging)
            staging.rename(folder)
            sync(self.root)
        return name

    def load(self, name: str) -> StoredModel:
        """Read a model. Raises Refused when it is missing, is not what its name says, or is no plain arrays."""
        folder = self.root / name
        try:
            arrays, document = (folder / _ARRAYS).read_bytes(), (folder / _MANIFEST).read_bytes()
        except OSError as error:
            raise Refused(f"{folder}: cannot be read ({error.strerror}); train again") from None
        if _digest(arrays, document) != name:
            raise Refused(f"{folder}: was changed or damaged after it was stored; delete it and train again")
        try:
            manifest = json.loads(document)
            # Somebody may have made a folder whose name fits what is in it. An array of objects is a pickle, which runs
            # what it says when it is read: numpy refuses it here, before it looks inside.
            with np.load(io.BytesIO(arrays), allow_pickle=False) as found:
                loaded = {key: found[key] for key in found.files}
        except (ValueError, TypeError, AttributeError, EOFError, KeyError, zipfile.BadZipFile):
            raise Refused(
                f"{folder}: holds no plain arrays with a manifest; nothing of it was run; delete it"
            ) from None
        if not isinstance(manifest, dict):
            raise Refused(f"{folder}: its manifest is no manifest; delete it and train again")
        return StoredModel(name, manifest, loaded)

    def manifest(self, name: str) -> Mapping[str, Any] | None:
        """What a model says of itself; None for one that is not there, or is not what its name says."""
        try:
            return self.load(name).manifest
        except Refused:
            return None

    def is_whole(self, name: str) -> bool:
        """Whether a model is there and is what its name says."""
        return self.manifest(name) is not None

    def card(self, name: str) -> str | None:
        """The card beside a model; None where none was written."""
        path = self.root / name / _CARD
        return path.read_text(encoding="utf-8") if path.exists() else None

    def names(self) -> list[str]:
        """Names of the stored models, the newest first."""
        if not self.root.is_dir():
            return []
        folders = [folder for folder in self.root.iterdir() if (folder / _MANIFEST).exists() and folder.name[0] != "."]
        return [f.name for f in sorted(folders, key=lambda f: (f.stat().st_mtime_ns, f.name), reverse=True)]

    def find(self, beginning: str) -> str:
        """The one stored model whose name begins so. Raises UsageError for none, for several and for a short beginning.

        Twelve letters are told everywhere; six are the least that is taken.
        """
        found = [name for name in self.names() if name.startswith(beginning)]
        if len(beginning) < _LEAST_PREFIX or len(found) != 1:
            why = "stands for no stored model" if not found else f"stands for {len(found)} of the stored models"
            if len(beginning) < _LEAST_PREFIX:
                why = f"is shorter than {_LEAST_PREFIX} letters"
            raise UsageError(f"{beginning!r} {why}; `media-privacy models list` names them")
        return found[0]

    def champion(self) -> str | None:
        """Name of the model in service; None where there is none."""
        try:
            return (self.root / _POINTER).read_text().strip() or None
        except FileNotFoundError:
            return None

    def promote(self, name: str, author: Author = NIGHT) -> None:
        """Put a stored model in service. Raises Refused where it cannot be read whole, or is flagged."""
        self.load(name)
        if name in self.flagged():
            raise Refused(f"{self.root / name}: someone who was erased is in it; train again")
        self.settle()
        os.utime(self.root / name)
        self._move(name, author)

    def retire(self, by: str = NIGHT.by, why: str = "nothing may be learned from") -> None:
        """Take the champion out of service."""
        self.settle()
        self._move(None, Author(by, why, RETIRE))

    def settle(self) -> Move | None:
        """Finish a move that a crash interrupted after it was written down; the move, if there was one.

        One that can be made no longer, since its model went or was flagged since, is taken back in the log.
        """
        last, champion = self.moves.last(), self.champion()
        if last is None or last.to == champion:
            return None
        if last.to is not None and (not self.is_whole(last.to) or last.to in self.flagged()):
            why = "an interrupted move could not be finished: its model is not fit to serve any more"
            back = Author("recovery", why, RETIRE if champion is None else last.manner)
            self.moves.append(back, last.to, champion, last.taken, self.recipe(champion))
        else:
            self._point(last.to)
        return last

    def _move(self, name: str | None, author: Author) -> None:
        """Write the move down, then make it: whoever is killed between the two is finished by `settle`."""
        champion = self.champion()
        if name != champion:
            self.moves.append(author, champion, name, self.recipe(champion), self.recipe(name))
            self._point(name)

    def recipe(self, name: str | None) -> str:
        """Digest of the recipe that a model was made by; empty for none, and for a model that cannot be read."""
        manifest = None if name is None else self.manifest(name)
        return "" if manifest is None else str(manifest.get("recipe", ""))

    def _point(self, name: str | None) -> None:
        if name is None:
            (self.root / _POINTER).unlink(missing_ok=True)
            sync(self.root)
        else:
            replace_bytes(self.root / _POINTER, f"{name}\n".encode())

    def decide(self, decision: Mapping[str, Any]) -> None:
        """Keep what the gate decided last."""
        replace_bytes(self.root / _DECISION, json.dumps(decision, indent=1, sort_keys=True).encode())

    def decision(self) -> dict[str, Any] | None:
        """What the gate decided last; None before the first night."""
        try:
            found: dict[str, Any] = json.loads((self.root / _DECISION).read_text())
        except FileNotFoundError:
            return None
        return found

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

        Of flagged models only the champion stays, until another takes its place. Private models, which hold nobody, are
        counted apart: two of them stay at least.
        """
        champion, flags = self.champion(), self.flagged()
        fit = [name for name in self.names() if name == champion or name not in flags]
        fit.sort(key=lambda name: name != champion)
        private = [name for name in fit if (self.manifest(name) or {}).get("epsilon") is not None]
        personal = [name for name in fit if name not in private]
        staying = personal[:keep] + private[: max(keep, _PRIVATE_KEPT)]
        folders = {folder.name for folder in self.root.glob("[!.]*") if folder.is_dir()}
        # Folders without a manifest too: what is left of a model is personal data like all of it.
        for name in folders - set(staying):
            self.delete(name)
        # Nothing that stays has a hidden name.
        for left in self.root.glob(".*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()

    def delete(self, name: str) -> None:
        """Destroy a model: from its first byte on it is no model, and what a crash leaves of it is swept by `prune`."""
        gone = self.root / f"{_GONE}{uuid.uuid4().hex[:8]}"
        (self.root / name).rename(gone)
        shutil.rmtree(gone)


def _digest(arrays: bytes, manifest: bytes) -> str:
    return sha256(sha256(arrays).digest() + sha256(manifest).digest()).hexdigest()
