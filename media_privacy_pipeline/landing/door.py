"""The door for some days of one input: what landed, less the erased; what rows are refused for; what is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from ..engines import Engine, Folder, Input, Scan, Session
from ..engines.duckdb import quote
from ..sql.project import Parameter
from ..sql.screened import scrubs_name
from .accounting import Count, balance
from .broken_signals import broken_among, hears_strings
from .erased import erased_among, pair_of
from .forms import Unreadable
from .reading import Landed
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
    reading: Engine
    work: Path
    days: Sequence[date]
    landed: Landed
    counts: list[Count] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._erased: str | None = None
        self._broken: str | None = None
        every = self.scan(self.days).sql
        self._count("landed", "", every)
        if self.source.name == _HEARD:
            self._count_empty()
        staged = self.render(f"stg_landing__{self.source.name}")
        if (erased := erased_among(self.session, self.reading, self.source, every, staged)) is not None:
            file = self.work / "erased.parquet"
            pq.write_table(erased.rows, file)
            self._erased = f"join read_parquet({quote(file)}) using ({', '.join(erased.columns)})"
            self._count("dropped", "erased", f"{self._with_pair(every)} semi {self._erased}")
        if hears_strings(self.source):
            file = self.work / "broken_signals.parquet"
            pq.write_table(broken_among(self.reading, self.scan(self.days).sql), file)
            self._broken = f"read_parquet({quote(file)})"
        for (day, reason), files in Counter((drop.day, reason) for drop, reason in self.landed.unreadable).items():
            self.counts.append(Count(day, self.source.name, "unreadable_file", reason, files))
        for day, names in self.landed.undeclared.items():
            for name, rows in names.items():
                self.counts.append(Count(day, self.source.name, "undeclared_column", name, rows))

    def scan(self, days: Sequence[date]) -> Scan:
        """The landed rows of some days, those of erased people left out."""
        rows = self.landed.rows(days)
        if self._erased is not None:
            rows = f"{self._with_pair(rows)} anti {self._erased}"
        if self._broken is not None:
            rows = f"""
                select landed.*, broken.reason as _malformed from ({rows}) as landed
                left join {self._broken} as broken
                    on broken.signal = lower(trim(landed.signal)) and broken.signal_value = trim(landed.signal_value)"""
        return Scan(rows)

    def render(self, model: str) -> str:
        """DuckDB text of a model under this policy."""
        landing = self.session.policy.landing
        parameters: dict[str, Parameter] = {
            "lateness_days": landing.lateness_days,
            "max_skew_seconds": landing.max_skew_seconds,
            "private_app_versions": "|" + "|".join(landing.private_app_versions) + "|",
        }
        return self.session.project.render(model, parameters)

    def make(self, name: str, table: str, sql: str, inputs: Mapping[str, Input], engine: Engine) -> Folder:
        """Run a query into the work folder; it has the columns that `table` has by contract."""
        folder = self.work / name
        folder.mkdir()
        engine.write(sql, inputs, folder)
        return Folder(folder, sorted(folder.glob("*.parquet")), self.session.project.contracts[table].types)

    def empty(self, table: str) -> Folder:
        """A table without rows."""
        return Folder(self.work, [], self.session.project.contracts[table].types)

    def rejected(self, accepted: Folder | None = None) -> Refused:
        """Rows that break a rule of their own: told once the repeats, and the rows let in where they are given, are
        counted, on those days alone that have other rows left.

        A row that breaks a rule hardly ever has the identity of one that was let in, so that rows of other identities
        are tried first; that they are all is seen by the count, and where they are not, every row is tried.
        """
        missing = balance(self.counts)
        days = sorted({day for day, _ in missing})
        if not days:
            return Refused(self.empty("landing_refused"), self.empty(self.source.landed))
        if accepted is not None:
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
            anti join (select hash({name}) as id from accepted) as known on hash(trim(landed.{name})) = known.id"""
        return self.make(
            "unknown", self.source.landed, rows, {"landed": self.scan(days), "accepted": accepted}, self.reading
        )

    def _breaking(self, name: str, rows: Input) -> Folder:
        sql = f"""
            select _file, _line, 'quarantined' as stage, reject_reason as reason, arrival_day
            from ({self.render(f"stg_landing__{self.source.name}")}) as checked
            where reject_reason is not null"""
        return self.make(name, "landing_refused", sql, {self.source.landed: rows}, self.session.engine)

    def count_refused(self, refused: Folder) -> None:
        """Take refused rows into the counts."""
        sql = "select arrival_day, stage, reason, count(*) as rows from refused group by all"
        for row in self.reading.fetch(sql, {"refused": refused}).to_pylist():
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

    def _with_pair(self, rows: str) -> str:
        return f"select * from (select *, {pair_of(self.source)} from ({rows}))"

    def _count(self, stage: str, reason: str, rows: str) -> None:
        sql = f"select arrival_day, count(*) as rows from ({rows}) group by arrival_day"
        for row in self.reading.fetch(sql, {}).to_pylist():
            self.counts.append(Count(row["arrival_day"], self.source.name, stage, reason, row["rows"]))
