"""What a scan looks for, and finding it in bytes: thousands of names in one pass.

How a name can be looked for depends on the name:

* distinctive: eight characters or more that are not all digits. Found anywhere, inside longer text and in raw bytes.
* a word: four to seven characters with a letter among them, or a longer name that is part of somebody else's. Found
  as a value of structured files (Parquet, SQLite, JSON), and in text where no letter, digit, - or _ is beside it.
* opaque: shorter, or digits alone, as some services have them. Such text is everywhere: it is found as a value alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_WINDOW = 8
_WORD = 4
_FEW = 1_000
# A product by an odd number, of which the upper bits are taken: 20 bits that depend on all eight bytes.
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(44)
_BESIDE = rb"[0-9A-Za-z_\-]"


class Grade(StrEnum):
    """How a name can be told from other text."""

    distinctive = "distinctive"
    word = "word"
    opaque = "opaque"


def grade_of(name: str, *, inside_another: bool = False) -> Grade:
    """The grade of a name; `inside_another`: whether it is part of a longer name of somebody who stays."""
    if len(name) < _WORD or name.isdigit():
        return Grade.opaque
    return Grade.word if inside_another or len(name.encode()) < _WINDOW else Grade.distinctive


@dataclass(frozen=True)
class Needles:
    """Names by the number of the person that they stand for, graded."""

    people: Mapping[str, int]
    grades: Mapping[str, Grade]

    def whole(self, values: pa.Array) -> set[int]:
        """People of whom a name that is no distinctive one is among some values; of few values, of any name."""
        if len(values) < _FEW:
            return {self.people[value] for value in values.to_pylist() if value in self.people}
        if not len(self._short):
            return set()
        found = values.filter(pc.is_in(values, value_set=self._short))
        return {self.people[name] for name in pc.unique(found).to_pylist()}

    def text(self, data: bytes) -> set[int]:
        """People of whom a name stands in a text: distinctive ones anywhere, words where nothing is beside them."""
        found = self.raw(data)
        if self._words is not None:
            found |= {self.people[hit[1].decode()] for hit in self._words.finditer(data)}
        return found

    def raw(self, data: bytes | pa.Buffer) -> set[int]:
        """People of whom a distinctive name stands anywhere in some bytes.

        Every eight bytes are looked up by their hash: one pass, however many names there are.
        """
        found: set[int] = set()
        if not self._tails:
            return found
        view = memoryview(data)
        for start in range(min(_WINDOW, max(0, len(view) - _WINDOW + 1))):
            words = np.frombuffer(view, "<u8", (len(view) - start) // _WINDOW, start)
            likely = np.flatnonzero(self._sieve[(words * _SPREAD) >> _SHIFT])
            for at in likely[self._is_tail(words[likely])] if len(likely) else ():
                end = start + int(at) * _WINDOW + _WINDOW
                for name, number in self._tails[int(words[at])]:
                    if end >= len(name) and view[end - len(name) : end] == name:
                        found.add(number)
        return found

    @cached_property
    def longest(self) -> int:
        """Bytes of the longest name: how far blocks of a file must overlap."""
        return max((len(name.encode()) for name in self.people), default=0)

    def _is_tail(self, words: np.ndarray) -> np.ndarray:
        place = np.minimum(np.searchsorted(self._keys, words), len(self._keys) - 1)
        found: np.ndarray = self._keys[place] == words
        return found

    @cached_property
    def _short(self) -> pa.Array:
        """Names that can be found as values alone, or as words."""
        return pa.array([name for name in self.people if self.grades[name] is not Grade.distinctive], pa.string())

    @cached_property
    def _tails(self) -> dict[int, list[tuple[bytes, int]]]:
        found: dict[int, list[tuple[bytes, int]]] = {}
        for name, number in self.people.items():
            if self.grades[name] is Grade.distinctive:
                raw = name.encode()
                found.setdefault(int.from_bytes(raw[-_WINDOW:], "little"), []).append((raw, number))
        return found

    @cached_property
    def _keys(self) -> np.ndarray:
        return np.array(sorted(self._tails), np.uint64)

    @cached_property
    def _sieve(self) -> np.ndarray:
        sieve = np.zeros(1 << (64 - int(_SHIFT)), bool)
        sieve[(self._keys * _SPREAD) >> _SHIFT] = True
        return sieve

    @cached_property
    def _words(self) -> re.Pattern[bytes] | None:
        words = [name.encode() for name, grade in self.grades.items() if grade is Grade.word]
        if not words:
            return None
        listed = b"|".join(map(re.escape, sorted(words, key=len, reverse=True)))
        return re.compile(b"(?<!" + _BESIDE + b")(" + listed + b")(?!" + _BESIDE + b")")


def needles(names: Mapping[str, int], ids: Mapping[str, int], staying: Iterable[str]) -> Needles:
    """Pseudonyms and ids to look for; `staying` are the ids of everybody who stays."""
    inside = _inside(set(ids), staying)
    grades = dict.fromkeys(names, Grade.distinctive)
    grades |= {name: grade_of(name, inside_another=name in inside) for name in ids}
    return Needles({**names, **ids}, grades)


def _inside(names: set[str], others: Iterable[str]) -> set[str]:
    """Names that are a part of one of the others."""
    lengths = sorted({len(name) for name in names})
    found = set()
    for other in others:
        for length in lengths:
            if length >= len(other):
                break
            found |= names.intersection(other[at : at + length] for at in range(len(other) - length + 1))
    return found
