"""Local copies of objects, as many as a limit allows: every reader and engine reads files.

An object's name is never used twice, so that a copy is never out of date. A copy stays as long as anybody holds its
path; of the others, those that were asked for longest ago go first.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PosixPath
from weakref import WeakValueDictionary

from ..errors import Refused, UsageError

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


class Held(PosixPath):
    """A path whose file stays while the path is alive."""


def size_of(text: str) -> int:
    """Bytes that a text such as "20GB" means. Raises UsageError for another."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?B?)", text.strip().upper())
    if found is None or found[2] not in _UNITS:
        raise UsageError(f"MEDIA_PRIVACY_CACHE_LIMIT: {text}: not a size such as 20GB")
    return int(float(found[1]) * _UNITS[found[2]])


class Cache:
    """A folder of copies by name. What lies there when it is made is not known to it: runs empty HOME/work first."""

    def __init__(self, root: Path, limit: int) -> None:
        self.root = root
        self._limit = limit
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._held: WeakValueDictionary[str, Held] = WeakValueDictionary()

    def paths(self, wanted: Mapping[str, int], fetch: Callable[[Mapping[str, Path]], None]) -> list[Path]:
        """Local paths of objects, in order, by name and size; `fetch` is given those to get, and where to.

        Raises Refused where they are more than the limit.
        """
        if sum(wanted.values()) > self._limit:
            needed = sum(wanted.values()) / 10**9
            raise Refused(
                f"{self.root}: what is read at once is {needed:.1f} GB, and MEDIA_PRIVACY_CACHE_LIMIT is "
                f"{self._limit / 10**9:.1f} GB: raise it, or run fewer days at once"
            )
        found = [self._hold(name) for name in wanted]
        missing = {name: size for name, size in wanted.items() if not (self.root / name).exists()}
        self._make_room(sum(missing.values()))
        if missing:
            fetch({name: self.root / name for name in missing})
        for name, size in wanted.items():
            self._sizes[name] = size
            self._sizes.move_to_end(name)
        return list(found)

    def adopt(self, name: str, file: Path) -> None:
        """Move a file that was just uploaded in, so that it need not be fetched."""
        size = file.stat().st_size
        if size > self._limit:
            return
        self._make_room(size)
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
        self._sizes[name] = size

    def forget(self, names: Iterable[str]) -> None:
        """Delete copies of objects that are no more, whoever holds them."""
        for name in names:
            self._sizes.pop(name, None)
            (self.root / name).unlink(missing_ok=True)

    def _hold(self, name: str) -> Held:
        found = self._held.get(name)
        if found is None:
            found = self._held[name] = Held(self.root / name)
        return found

    def _make_room(self, wanted: int) -> None:
        free = self._limit - sum(self._sizes.values())
        for name in [*self._sizes]:
            if free >= wanted:
                return
            if name not in self._held:
                free += self._sizes[name]
                self.forget([name])
