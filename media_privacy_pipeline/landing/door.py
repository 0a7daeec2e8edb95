"""The door for some days of one input: what landed, less the erased; what rows are refused for; what is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from ..engines import Folder, Input, Scan, Session
from ..sql.project import Parameter
from ..sql.screened import scrubs_name
from .accounting import Count, balance
from .broken_signals import broken_among, hears_strings
from .erased import Erased, erased_among, pair_of
from .forms import Unreadable
from .landed import Landed
from .making import made
from .sources import Source

_HEARD = "consent_events"
"""The input whose silence stops a release, see consent.gate."""


@dataclass(frozen=True)
class Refused:
    """Rows that are refused: where they lie and why (columns of landing_refused), and landed rows that hold them."""

    why: Folder
    landed: Input


@dataclass
class Door:
    """Some days of one input, read. `work` is a folder of its own, which goes when the days are done."""

    session: Session
    source: Source
    work: Path
    days: Sequence[date]
    landed: Landed
    counts: list[Count] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._erased: Erased | None = None
        self._broken: Folder | None = None
        every = self.scan(self.days)
        self._count("landed", "", every)
        if self.source.name == _HEARD:
            self._count_empty()
        staged = self.render(f"stg_landing__{self.source.name}")
        if (erased := erased_among(self.session, self.source, every, staged, self.work)) is not None:
            self._count("dropped", "erased", self._joined("semi", every, erased))
            self._erased = erased
        if hears_strings(self.source):
            self._broken = broken_among(self.session.engine, self.scan(self.days), self.work)
        for (day, reason), files in Counter((drop.day, reason) for drop, reason in self.landed.unreadable).items():
            self.counts.append(Count(day, self.source.name, "unreadable_file", reason, files))
        for day, names in self.landed.undeclared.items():
            for name, rows in names.items():
                self.counts.append(Count(day, self.source.name, "undeclared_column", name, rows))

    def scan(self, days: Sequence[date]) -> Scan:
        """The landed rows of some days, those of erased people left out."""
        rows = self.landed.rows(days)
        if self._erased is not None:
            rows = self._joined("anti", rows, self._erased)
        if self._broken is not None:
            sql = f"""
                select landed.*, broken.reason as _malformed from ({rows.sql}) as landed
                left join broken_strings as broken
                    on broken.signal = lower(trim(landed.signal)) and broken.signal_value = trim(landed.signal_value)"""
            rows = Scan(sql, {**rows.folders, "broken_strings": self._broken})
        return rows

    def render(self, model: str) -> str:
        """DuckDB text of a model under this policy."""
        landing = self.session.policy.landing
        parameters: dict[str, Parameter] = {
            "lateness_days": landing.lateness_days,
            "max_skew_seconds": landing.max_skew_seconds,
            "private_app_versions": "|" + "|".join(landing.private_app_versions) + "|",
        }
        return self.session.project.render(model, parameters)

    def make(self, name: str, table: str, sql: str, inputs: Mapping[str, Input]) -> Folder:
        """Run a query into the work folder; it has the columns that `table` has by contract."""
        return self.keep(name, sql, inputs, self.session.project.contracts[table].types)

    def keep(self, name: str, sql: str, inputs: Mapping[str, Input], types: Mapping[str, str]) -> Folder:
        """Run a query into the work folder; it has columns of these types."""
        return made(self.session.engine, self.work / name, sql, inputs, types)

    def hashed(self, text: object) -> str:
        """SQL text of a whole number that stands for a text within a run: eight bytes on either engine."""
        return f"{'hash' if self.session.engine.name == 'duckdb' else 'xxhash64'}({text})"

    def empty(self, table: str) -> Folder:
        """A table without rows."""
        return Folder(self.work, [], self.session.project.contracts[table].types)

    def rejected(self, accepted: Folder | None = None) -> Refused:
        """Rows that break a rule of their own: told once the repeats, and the rows let in where they are given, are
        counted, on those days alone that have other rows left.

        A row that breaks a rule hardly ever has the identity of one that was let in, so that rows of other identities
        are tried first; that they are all is seen by the count, and where they are not, every row is tried. On Spark
        every row is tried at once: to find the others, it would have to carry them all from machine to machine.
        """
        missing = balance(self.counts)
        days = sorted({day for day, _ in missing})
        if not days:
            return Refused(self.empty("landing_refused"), self.empty(self.source.landed))
        if accepted is not None and self.session.engine.name == "duckdb":
            unknown = self._unknown(days, accepted)
            found = self._breaking("suspected", unknown)
            if sum(pq.read_metadata(file).num_rows for file in found.files) == sum(missing.values()):
                return Refused(found, unknown)
        every = self.scan(days)
        return Refused(self._breaking("rejected", every), every)

    def _unknown(self, days: Sequence[date], accepted: Folder) -> Folder:
        """Landed rows whose identity was not let in, told by its hash: of two identities of one hash neither is."""
        name = self.source.identity
        rows = f"""
            select landed.* from landed
            anti join (select {self.hashed(name)} as id from accepted) as known
              on {self.hashed(f"trim(landed.{name})")} = known.id"""
        return self.make("unknown", self.source.landed, rows, {"landed": self.scan(days), "accepted": accepted})

    def _breaking(self, name: str, rows: Input) -> Folder:
        sql = f"""
            select _file, _line, 'quarantined' as stage, reject_reason as reason, arrival_day
            from ({self.render(f"stg_landing__{self.source.name}")}) as checked
            where reject_reason is not null"""
        return self.make(name, "landing_refused", sql, {self.source.landed: rows})

    def count_refused(self, refused: Folder) -> None:
        """Take refused rows into the counts."""
        if not refused.files:
            return
        sql = "select arrival_day, stage, reason, count(*) as rows from refused group by all"
        for row in self.session.engine.fetch(sql, {"refused": refused}).to_pylist():
            self.counts.append(Count(row["arrival_day"], self.source.name, row["stage"], row["reason"], row["rows"]))

    def count_scrubbed(self, accepted: Folder) -> None:
        """Count the accepted rows that hold a token where a personal value was, by column and kind; a snapshot's on the
        day at hand."""
        model = scrubs_name(self.source.name)
        if model not in self.session.project.models:
            return
        for row in self.session.engine.fetch(self.render(model), {self.source.accepted: accepted}).to_pylist():
            day = row.pop("arrival_day", self.days[0])
            for reason, rows in row.items():
                self.counts.append(Count(day, self.source.name, "flagged", reason, rows))

    def _count_empty(self) -> None:
        """Days whose files hold no row: a source that says that there is nothing was heard, a silent one was not."""
        readable = {drop.day for drop, form in self.landed.forms if not isinstance(form, Unreadable)}
        for day in readable.intersection(self.days).difference(count.arrival_day for count in self.counts):
            self.counts.append(Count(day, self.source.name, "landed", "", 0))

    def _joined(self, how: str, rows: Scan, erased: Erased) -> Scan:
        """Landed rows that are of erased people (semi), or that are not (anti)."""
        sql = f"""
            select * from (select *, {pair_of(self.source)} from ({rows.sql})) as landed
            {how} join erased_rows using ({", ".join(erased.columns)})"""
        return Scan(sql, {**rows.folders, "erased_rows": erased.rows})

    def _count(self, stage: str, reason: str, rows: Scan) -> None:
        sql = "select arrival_day, count(*) as rows from landed group by arrival_day"
        for row in self.session.engine.fetch(sql, {"landed": rows}).to_pylist():
            self.counts.append(Count(row["arrival_day"], self.source.name, stage, reason, row["rows"]))
