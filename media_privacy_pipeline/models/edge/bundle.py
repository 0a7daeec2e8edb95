"""A bundle: what is copied to viewers' devices, written whole or not at all, and only of a private model.

    manifest.json   the model's name, what it is and what it cost (epsilon, delta), what a device solves with, the terms
                    of use, and every file's length and digest
    titles.json     title ids, in the order of the factors' rows
    factors.bin     "MPF1", titles and width as 32-bit, 4 bytes of zeros, then float32 row by row; all little-endian
    factors.npz     the same factors and titles for numpy
    recommend.py    the reference in numpy, and
    recommend.mjs   in JavaScript: a device needs either, and nothing else

A device with a history of titles j solves (u Σ v vᵀ + Σ v_j v_jᵀ + λI) x = (1 + u) Σ v_j, the first sum over all
titles, and ranks unseen titles by v · x; u is `unobserved`, λ `regularisation`. So the server solves a viewer's vector.
"""

from __future__ import annotations

import io
import json
import math
import shutil
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeGuard
from uuid import uuid4

import numpy as np
from pydantic import ValidationError

from ...durable import sync, sync_tree
from ...errors import Refused, UsageError
from ...privacy.accountant import epsilon_of
from ..interactions import Floats, Strings
from ..private.config import PrivateAlsConfig
from ..private.shelf import against
from ..registry import Registry, StoredModel

FORMAT = "media-privacy edge bundle 1"
MAGIC = b"MPF1"
KIND = "private_als"
TERMS_OF_USE = (
    "For recommendations to a viewer on the viewer's own device, from the history that is there. The factors are "
    "differentially private by the epsilon and delta above: they may be copied to any device. The history stays on it."
)
_READERS = ("recommend.py", "recommend.mjs")


@dataclass(frozen=True)
class PrivateFactors:
    """Item factors that may leave: float32 (titles, width), what a device solves with, and what they cost."""

    model: str
    titles: Strings
    factors: Floats
    regularisation: float
    unobserved: float
    epsilon: float
    delta: float


def stored_model(models: Path, name: str) -> StoredModel:
    """The model of a name, of whatever kind. Raises UsageError for a name that no stored model has."""
    for folder in sorted(models.glob("*")):
        if folder.is_dir() and name in (where := Registry(folder)).names():
            return where.load(name)
    raise UsageError(f"--model {name}: no model of this name is stored under {models}")


def private_factors(stored: StoredModel) -> PrivateFactors:
    """What of a stored model may leave. Raises Refused for any model whose item factors were not paid for, and for one
    that did not beat noisy popularity, that says less of its cost than its configuration spends, or whose arrays do not
    fit together."""
    kind, name = stored.manifest.get("kind"), stored.name
    if kind != KIND:
        raise Refused(
            f"model {name} is {kind}: who was learned from can be told from its item factors, so that they never leave "
            f"the home; only those of {KIND} may"
        )
    if (why := against(stored.manifest)) is not None:
        raise Refused(f"model {name} was refused: {why}: it is not worth a device's while")
    epsilon, delta = _promise(stored)
    try:
        config = PrivateAlsConfig.model_validate(stored.manifest["config"])
        titles, factors = stored.arrays["titles"], stored.arrays["factors"].astype(np.float32)
    except (KeyError, ValidationError):
        raise Refused(f"model {name}: has no configuration or no factors that this version can read") from None
    if factors.ndim != 2 or len(titles) != len(factors) or not np.isfinite(factors).all():
        raise Refused(f"model {name}: its arrays do not fit together; delete it and train again")
    # The last digit of a figure that was rounded for a report is no broken promise.
    if epsilon_of(config.mu, delta) > epsilon * 1.001:
        raise Refused(f"model {name}: its configuration spends more than the epsilon that it says: it may not leave")
    return PrivateFactors(name, titles, factors, config.regularisation, config.unobserved, epsilon, delta)


def written(out: Path, factors: PrivateFactors) -> dict[str, Any]:
    """Write a bundle to a folder that is not there yet; its manifest. Raises UsageError where something is there."""
    if out.exists():
        raise UsageError(f"{out}: is there already; name a folder that is not")
    here = Path(__file__).parent
    files = {
        "titles.json": json.dumps([str(title) for title in factors.titles], ensure_ascii=False).encode(),
        "factors.bin": binary(factors.factors),
        "factors.npz": _npz(factors),
        **{name: (here / name).read_bytes() for name in _READERS},
    }
    manifest = {
        "format": FORMAT,
        "kind": KIND,
        "model": factors.model,
        "epsilon": factors.epsilon,
        "delta": factors.delta,
        "unit": "account",
        "titles": len(factors.titles),
        "width": int(factors.factors.shape[1]),
        "regularisation": factors.regularisation,
        "unobserved": factors.unobserved,
        "terms_of_use": TERMS_OF_USE,
        "version": version("media-privacy-pipeline"),
        "files": {name: {"bytes": len(c), "sha256": sha256(c).hexdigest()} for name, c in sorted(files.items())},
    }
    files["manifest.json"] = json.dumps(manifest, indent=1, sort_keys=True).encode()
    _place(out, files)
    return manifest


def binary(factors: Floats) -> bytes:
    """factors.bin."""
    header = MAGIC + struct.pack("<III", factors.shape[0], factors.shape[1], 0)
    return header + np.ascontiguousarray(factors, "<f4").tobytes()


def _promise(stored: StoredModel) -> tuple[float, float]:
    epsilon, delta = stored.manifest.get("epsilon"), stored.manifest.get("delta")
    if not (_is_number(epsilon) and _is_number(delta) and 0 < epsilon < math.inf and 0 < delta < 1):
        raise Refused(f"model {stored.name}: tells no epsilon and delta that it keeps: its factors may not leave")
    return float(epsilon), float(delta)


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _npz(factors: PrivateFactors) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, factors=factors.factors.astype("<f4"), titles=factors.titles)
    return buffer.getvalue()


def _place(out: Path, files: Mapping[str, bytes]) -> None:
    staging = out.with_name(f".{out.name}.{uuid4().hex[:8]}")
    staging.mkdir(parents=True)
    try:
        for name, content in files.items():
            (staging / name).write_bytes(content)
        sync_tree(staging)
        staging.rename(out)
        sync(out.parent)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
