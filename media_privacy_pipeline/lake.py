"""Parquet folders by table and day: write whole or not at all, list, rewrite, delete.

    LAKE/<table>/_meta.json, part-*.parquet                      a table kept as one snapshot
    LAKE/<table>/<column>=YYYY-MM-DD/_meta.json, part-*.parquet  a table kept by day

(stores.lake keeps the same contract in an object store, which knows neither folders nor renames.)

The partition column is in the folder's name and not in the files. A partition without rows is still a folder with its
`_meta.json`, so that "no rows" and "never made" differ. Writers fill a staging folder beside the table; a folder is
renamed into place when it is whole. What a crash leaves behind is swept by `sweep`, which also puts back a partition
that was taken away and not replaced. Only what `go_on` fills outlives a crash, for the same step to go on with.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq

from .filtering import Keep, Rewritten, filter_file

_META = "_meta.json"
_STAGING = ".staging-"
_TRASH = ".trash-"
_UNFINISHED = ".unfinished-"
_WITHIN = "@"


@dataclass(frozen=True)
class PartitionMeta:
    """What is known of one partition: its rows, and the fingerprint of everything that it was made from.

    `rewritten` marks what was taken out of it since: it is still made from the same, and what derives from it is not.
    """

    rows: int
    fingerprint: str
    rewritten: str = ""

    @property
    def identity(self) -> str:
        """What those who derive from the partition depend on."""
        return fingerprint_of(self.fingerprint, self.rewritten) if self.rewritten else self.fingerprint


def fingerprint_of(*parts: object) -> str:
    """Digest of the inputs of a step (upstream fingerprints, SQL text, policy digest, as-of time), in order."""
    return sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()[:32]


class Lake:
    """The folders of one home. One process writes at a time (the run lock sees to it); any number may read."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, table: str) -> Path:
        """Folder of a table; it may not exist."""
        return self.root / table

    def tables(self) -> list[str]:
        """Names of all tables that were written, in order; those that a crash left half made are not among them."""
        if not self.root.is_dir():
            return []
        return sorted(at.name for at in self.root.iterdir() if at.is_dir() and at.name[0] != "." and self.has(at.name))

    def days(self, table: str) -> list[date]:
        """Days that a table has whole partitions for, in order; empty for a snapshot or an unknown table."""
        return sorted(self._partitions(table))

    def has(self, table: str) -> bool:
        """Whether a table has been written at least once."""
        return self._is_snapshot(table) or bool(self._partitions(table))

    def files(self, table: str, days: Iterable[date] | None = None) -> list[Path]:
        """Parquet files of a table in a fixed order: all of it, or the given days (those that exist)."""
        folders = self._folders(table, days)
        return [file for folder in folders for file in self._files_in(folder)]

    def meta(self, table: str, day: date | None = None) -> PartitionMeta | None:
        """Meta of a snapshot (no day) or of one day; None where it was never written whole."""
        folder = self.path(table) if day is None else self._partitions(table, (day,)).get(day)
        return None if folder is None else self._meta_at(folder)

    def fingerprints(self, table: str) -> dict[date, str]:
        """What each day of a table was made from; empty for a snapshot or an unknown table."""
        metas = ((day, self._meta_at(folder)) for day, folder in self._partitions(table).items())
        return {day: meta.fingerprint for day, meta in metas if meta is not None}

    def rows(self, table: str, days: Iterable[date] | None = None) -> int:
        """Rows of a table, or of the given days of it."""
        metas = (self._meta_at(folder) for folder in self._folders(table, days))
        return sum(meta.rows for meta in metas if meta is not None)

    def fingerprint(self, table: str, days: Iterable[date] | None = None) -> str:
        """Digest of what a table, or the given days of it, was made from: for the fingerprints of what derives."""
        metas = [(folder.name, self._meta_at(folder)) for folder in self._folders(table, days)]
        return fingerprint_of(table, [(name, meta.identity) for name, meta in metas if meta is not None])

    def is_current(self, table: str, fingerprint: str, days: Sequence[date] | None = None) -> bool:
        """Whether a snapshot, or every given day, was made from exactly this fingerprint."""
        if days is None:
            meta = self.meta(table)
            return meta is not None and meta.fingerprint == fingerprint
        folders = self._partitions(table, frozenset(days))
        metas = [self._meta_at(folders[day]) if day in folders else None for day in days]
        return all(meta is not None and meta.fingerprint == fingerprint for meta in metas)

    @contextmanager
    def write(
        self,
        table: str,
        fingerprint: str | Mapping[date, str],
        days: Sequence[date] | None = None,
        *,
        by: str = "arrival_day",
    ) -> Iterator[Path]:
        """Give a staging folder to fill and, if the block ends well, put what is in it in place.

        Without days the folder's Parquet files become the snapshot. With days it must hold folders named
        `<by>=YYYY-MM-DD`; each given day is replaced, and a day without a folder becomes an empty partition. One
        fingerprint stands for all of them, unless each day has its own.
        Raises ValueError for a folder of a day that was not announced; then, as on any error, nothing changes.
        """
        staging = self._stage(table)
        try:
            yield staging
            if days is None:
                self._commit(table, {"": (staging, str(fingerprint))})
            else:
                names = {
                    f"{by}={day.isoformat()}": fingerprint if isinstance(fingerprint, str) else fingerprint[day]
                    for day in days
                }
                strays = sorted(folder.name for folder in staging.iterdir() if folder.name not in names)
                if strays:
                    raise ValueError(f"{table}: rows for partitions that were not announced: {', '.join(strays[:3])}")
                for name in names:
                    (staging / name).mkdir(exist_ok=True)
                self._commit(table, {name: (staging / name, names[name]) for name in sorted(names)})
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    @contextmanager
    def go_on(self, table: str, fingerprint: str) -> Iterator[Path]:
        """As `write` without days, in a folder that holds what an earlier block of the same fingerprint left there.

        On any error, and after a crash, what is in the folder stays. Only who makes the same files from the same inputs
        may use it, and a file must not have its `.parquet` name before it is whole. What was left for another
        fingerprint goes.
        """
        staging = self._unfinished / f"{_UNFINISHED}{table}-{fingerprint}"
        self.drop_unfinished(table, but=staging)
        staging.mkdir(parents=True, exist_ok=True)
        yield staging
        self._commit(table, {"": (staging, fingerprint)})
        shutil.rmtree(staging, ignore_errors=True)

    @contextmanager
    def until_done(self, work: str, fingerprint: str) -> Iterator[Path]:
        """A folder of scratch for a piece of work, with what an earlier block of the same fingerprint left in it.

        It outlives an error and a crash, as that of `go_on` does, and goes when the block ends well. It is no table.
        """
        scratch = self._unfinished / f"{_UNFINISHED}{work}-{fingerprint}"
        self.drop_unfinished(work, but=scratch)
        scratch.mkdir(parents=True, exist_ok=True)
        yield scratch
        shutil.rmtree(scratch)

    def drop_unfinished(self, table: str = "*", *, but: Path | None = None) -> None:
        """Remove what is left of unfinished writings of a table, or of all."""
        for folder in self._unfinished.glob(f"{_UNFINISHED}{table}-*"):
            if folder != but:
                shutil.rmtree(folder)

    def rewrite(
        self,
        table: str,
        keep: Keep,
        mark: str,
        days: Iterable[date] | None = None,
        *,
        columns: Sequence[str] | None = None,
        ahead: Callable[[Sequence[Rewritten]], None] | None = None,
    ) -> list[Rewritten]:
        """Take rows out of a snapshot, or of all or the given days of a table, one partition at a time.

        `keep` says of each row of a piece of a file (the partition column is not in it) whether it stays; nulls go.
        `columns` are all that it looks at: a file that loses nothing is then read no further. A partition that loses
        nothing is not touched, and one that does is replaced whole: its fingerprint stays, so that it counts as made,
        and `mark` (what the rows were taken out for) changes what derives from it. `ahead` is told of a partition
        before it is replaced, so that a journal can be ahead of every loss.
        """
        done = []
        for folder in self._folders(table, days):
            meta = self._meta_at(folder)
            if meta is None:
                continue
            files = self._files_in(folder)
            staging = self._stage(table)
            try:
                lost = [
                    one
                    for file in files
                    if (one := filter_file(file, staging / file.name, keep, self.root, columns=columns))
                ]
                if lost:
                    if ahead is not None:
                        ahead(lost)
                    self._replace(folder, staging, meta.fingerprint, fingerprint_of(meta.rewritten, mark))
                    done += lost
            finally:
                shutil.rmtree(staging, ignore_errors=True)
        return done

    def delete(self, table: str, days: Iterable[date] | None = None) -> None:
        """Remove a table, or the given days of it; with all of it, what is unfinished of it."""
        if days is None:
            self.drop_unfinished(table)
        folders = [self.path(table)] if days is None else self._folders(table, days)
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what crashed writers left behind, and put back what they took away and did not replace."""
        if self.root.exists():
            for folder in self.root.glob(f"{_TRASH}*"):
                target = self.root / folder.name.removeprefix(_TRASH).replace(_WITHIN, "/")
                if (folder / _META).exists() and not target.exists():
                    folder.rename(target)
            for pattern in (f"{_STAGING}*", f"{_TRASH}*"):
                for folder in self.root.glob(pattern):
                    shutil.rmtree(folder, ignore_errors=True)

    @property
    def _unfinished(self) -> Path:
        """Where what `go_on` fills outlives a crash."""
        return self.root

    def _stage(self, table: str) -> Path:
        """A new folder to fill."""
        staging = self.root / f"{_STAGING}{table}-{uuid.uuid4().hex[:8]}"
        staging.mkdir(parents=True)
        return staging

    def _commit(self, table: str, parts: Mapping[str, tuple[Path, str]]) -> None:
        """Put filled folders in the place of partitions, by name ("": the snapshot), each with its fingerprint."""
        target = self.path(table)
        for folder, fingerprint in parts.values():
            _seal(folder, fingerprint)
        for name, (folder, _) in parts.items():
            if name:
                target.mkdir(exist_ok=True)
            self._swap(folder, target / name if name else target)

    def _replace(self, folder: Path, staging: Path, fingerprint: str, rewritten: str) -> None:
        """Put a rewritten partition in the place of what it was."""
        _seal(staging, fingerprint, rewritten)
        self._swap(staging, folder)

    def _files_in(self, folder: Path) -> list[Path]:
        return sorted(folder.glob("*.parquet"))

    def _meta_at(self, folder: Path) -> PartitionMeta | None:
        try:
            return PartitionMeta(**json.loads((folder / _META).read_text()))
        except FileNotFoundError:
            return None

    def _is_snapshot(self, table: str) -> bool:
        return (self.path(table) / _META).exists()

    def _swap(self, new: Path, target: Path) -> None:
        trash = self.root / f"{_TRASH}{str(target.relative_to(self.root)).replace('/', _WITHIN)}"
        shutil.rmtree(trash, ignore_errors=True)
        if target.exists():
            # A crash between the two renames leaves the partition missing, never mixed: its name says where it goes.
            target.rename(trash)
        new.rename(target)
        shutil.rmtree(trash, ignore_errors=True)

    def _partitions(self, table: str, wanted: Collection[date] | None = None) -> dict[date, Path]:
        """Folders of whole partitions by day. A table has thousands of days: only the wanted ones are looked into."""
        root = self.path(table)
        if not root.is_dir():
            return {}
        if wanted is None:
            folders = (folder for folder in root.iterdir() if "=" in folder.name)
            days = [(date.fromisoformat(folder.name.partition("=")[2]), folder) for folder in folders]
        else:
            # By name: whoever asks for one day after the other would list them all each time.
            column = _column(root)
            days = [(day, root / f"{column}={day.isoformat()}") for day in wanted]
        return {day: at for day, at in days if (at / _META).exists()}

    def _folders(self, table: str, days: Iterable[date] | None) -> list[Path]:
        if days is not None:
            partitions = self._partitions(table, frozenset(days))
            return [partitions[day] for day in sorted(partitions)]
        partitions = self._partitions(table)
        if partitions:
            return [partitions[day] for day in sorted(partitions)]
        return [self.path(table)] if self._is_snapshot(table) else []


def _column(root: Path) -> str | None:
    """The column that a table is kept by, told from any one of its partitions; None where it has none."""
    with os.scandir(root) as entries:
        return next((entry.name.partition("=")[0] for entry in entries if "=" in entry.name), None)


def _seal(folder: Path, fingerprint: str, rewritten: str = "") -> None:
    rows = sum(pq.read_metadata(file).num_rows for file in folder.glob("*.parquet"))
    (folder / _META).write_text(json.dumps(asdict(PartitionMeta(rows, fingerprint, rewritten))))
