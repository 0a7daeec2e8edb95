"""The consent ledger: append-only rows, each hashed with the one before it, and a signed head.

Rows are bitemporal: `effective_at` is from when on a choice holds, `recorded_at` when it was written down. Every id in
it is a keyed ref. SQLite by default, PostgreSQL by URL. Whoever may write to the database can still change it; `verify`
then names the first row that is not what was signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from ..errors import Refused, UsageError
from ..keys import Keyring
from .chain import GENESIS, Entry, Head, Verdict, chained, follow, signed_text
from .observed import news

_ADVISORY = 0x6D70_7032
"""PostgreSQL advisory locks are numbers; this one is ours."""
_CHUNK = 5_000

_METADATA = sa.MetaData()
# Times are ISO-8601 text of fixed width: they sort as times do, and hash alike on every database.
_TIME = sa.String(26)
_ROWS = sa.Table(
    "consent_ledger",
    _METADATA,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("event_ref", sa.String(32), nullable=False, unique=True),
    sa.Column("account_ref", sa.String(32), nullable=False),
    sa.Column("profile_ref", sa.String(32)),
    sa.Column("device_ref", sa.String(32)),
    sa.Column("scope", sa.String(10), nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("basis", sa.String(20)),
    sa.Column("signal", sa.String(10), nullable=False),
    sa.Column("effective_at", _TIME, nullable=False),
    sa.Column("recorded_at", _TIME, nullable=False),
    sa.Column("expires_at", _TIME),
    sa.Column("jurisdiction", sa.Text),
    sa.Column("notice_version", sa.Integer),
    sa.Column("covers_history", sa.Boolean, nullable=False),
    sa.Column("evidence_ref", sa.String(32)),
    sa.Column("prev_hash", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
_HEARD = "signal = 'gpc' and state = 'objected'"
# Looked up account by account, as many as are heard in a night; all else is read from one end to the other.
_BY_ACCOUNT = sa.Index(
    "consent_ledger_heard",
    _ROWS.c.account_ref,
    sqlite_where=sa.text(_HEARD),
    postgresql_where=sa.text(_HEARD),
)
_HEAD = sa.Table(
    "consent_ledger_head",
    _METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("signature", sa.String(128), nullable=False),
)
_SOURCES = sa.Table(
    "consent_ledger_sources",
    _METADATA,
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
)


def stamp(time: datetime | None) -> str | None:
    """A naive UTC time as the ledger writes it."""
    return None if time is None else time.isoformat(" ", "microseconds")


class ConsentLedger:
    """One installation's ledger.

    Raises UsageError for a URL that cannot hold it, and Refused for a database that cannot be reached.
    """

    def __init__(self, url: str, keyring: Keyring) -> None:
        self._keyring = keyring
        address = sa.make_url(url)
        if address.get_backend_name() == "sqlite":
            if address.database in (None, "", ":memory:"):
                raise UsageError("the consent ledger must outlive the run: give it a file or a server, not memory")
            Path(str(address.database)).parent.mkdir(parents=True, exist_ok=True)
        self._engine = _engine(address)
        try:
            with self._engine.begin() as connection:
                _lock(connection)
                _METADATA.create_all(connection)
                # A ledger of before there was one gets it now.
                _BY_ACCOUNT.create(connection, checkfirst=True)
        except sa.exc.SQLAlchemyError as error:
            where = address.render_as_string(hide_password=True)
            raise Refused(f"{where}: the consent ledger cannot be opened: {type(error).__name__}") from None

    def close(self) -> None:
        """Give back the connections."""
        self._engine.dispose()

    def append(
        self,
        entries: Iterable[Entry],
        sources: dict[str, str] | None = None,
        *,
        observed: Iterable[Entry] = (),
    ) -> int:
        """Add the entries that are not there yet, by `event_ref`, in one transaction; return how many they were.

        Of those that are `observed` only the news: see observed.news. `sources` are names and fingerprints of what they
        came from, remembered for `ingested`. Raises Refused where the signed head does not verify: nothing is added to
        a chain that was tampered with.
        """
        with self._engine.begin() as connection:
            _lock(connection)
            head = before = self._head(connection)

            def add(chunk: Sequence[Entry]) -> None:
                nonlocal head
                # What this run added is looked up as well: a source may tell the same twice, however far apart.
                known = _known(connection, chunk) if head.seq else set()
                rows = list(chained(head, [entry for entry in chunk if entry.event_ref not in known]))
                if rows:
                    _insert(connection, rows)
                    head = Head(rows[-1][0], rows[-1][-1])

            for chunk in _chunks(iter(entries), _CHUNK):
                add(list(_unique(chunk)))
            said = head.seq
            for chunk in _chunks(iter(observed), _CHUNK):
                # Not against what was said in this very run: the order of the two would decide.
                add(list(_unique(news(chunk, _observed(connection, chunk, before.seq, said)))))
            added = head.seq - before.seq
            if added:
                connection.execute(sa.delete(_HEAD))
                connection.execute(
                    sa.insert(_HEAD).values(id=1, seq=head.seq, hash=head.hash, signature=self._sign(head))
                )
            for name, fingerprint in (sources or {}).items():
                connection.execute(sa.delete(_SOURCES).where(_SOURCES.c.name == name))
                connection.execute(sa.insert(_SOURCES).values(name=name, fingerprint=fingerprint))
        return added

    def ingested(self) -> dict[str, str]:
        """Fingerprint of each source at the time that it was appended."""
        with self._engine.connect() as connection:
            return {row.name: row.fingerprint for row in connection.execute(sa.select(_SOURCES))}

    def head(self) -> Head:
        """The end of the chain. Raises Refused where its signature does not verify."""
        with self._engine.connect() as connection:
            return self._head(connection)

    def watermark(self, as_of: datetime) -> tuple[int, Head]:
        """How many rows were recorded by a time, and the last of them in the chain: together they identify the set."""
        seen = sa.select(sa.func.count(), sa.func.max(_ROWS.c.seq)).where(_ROWS.c.recorded_at <= stamp(as_of))
        with self._engine.connect() as connection:
            count, last = connection.execute(seen).one()
            if not count:
                return 0, Head(0, GENESIS)
            return count, Head(last, connection.scalars(sa.select(_ROWS.c.hash).where(_ROWS.c.seq == last)).one())

    def newest(self, as_of: datetime) -> datetime | None:
        """The last time by `as_of` at which a row was recorded; None where there is no row."""
        query = sa.select(sa.func.max(_ROWS.c.recorded_at)).where(_ROWS.c.recorded_at <= stamp(as_of))
        with self._engine.connect() as connection:
            found = connection.scalars(query).one()
        return None if found is None else datetime.fromisoformat(found)

    def rows(
        self,
        as_of: datetime,
        *,
        account_ref: str | None = None,
        states: Sequence[str] = (),
        last: int | None = None,
    ) -> pa.Table:
        """Rows recorded by a time, in order of seq: the columns of the contract `consent_ledger`.

        Only those about an account where its ref is given, only those of some states where there are any, and only so
        many of the last where `last` is.
        """
        columns = [column for column in _ROWS.c if column.name not in ("prev_hash", "hash")]
        names = ", ".join(column.name for column in columns)
        with self._engine.connect() as connection:
            # Straight from the driver: SQLAlchemy's rows cost more than reading them.
            mark = _mark(connection)
            about = "" if account_ref is None else f" and account_ref = {mark}"
            about += f" and state in ({', '.join([mark] * len(states))})" if states else ""
            most = "" if last is None else f" limit {last:d}"
            query = f"select {names} from {_ROWS.name} where recorded_at <= {mark}{about} order by seq desc{most}"
            bound = (stamp(as_of), *(() if account_ref is None else (account_ref,)), *states)
            found = connection.exec_driver_sql(query, bound).cursor.fetchall()[::-1]
        values = zip(*found, strict=True) if found else [()] * len(columns)
        return pa.table(
            [_array(column, value) for column, value in zip(columns, values, strict=True)],
            names=[column.name for column in columns],
        )

    def batches(self, as_of: datetime, rows: int = 1 << 15) -> Iterator[pa.RecordBatch]:
        """`rows` of everybody, so many at a time: a ledger is never whole in memory."""
        columns = [column for column in _ROWS.c if column.name not in ("prev_hash", "hash")]
        names = ", ".join(column.name for column in columns)
        with self._engine.connect() as connection:
            query = f"select {names} from {_ROWS.name} where recorded_at <= {_mark(connection)} order by seq"
            # A server would send all of it at once, and its driver keep it.
            streamed = connection.execution_options(stream_results=True)
            with streamed.exec_driver_sql(query, (stamp(as_of),)) as result:
                while found := result.cursor.fetchmany(rows):
                    arrays = [_array(c, v) for c, v in zip(columns, zip(*found, strict=True), strict=True)]
                    yield pa.record_batch(arrays, names=[column.name for column in columns])

    def verify(self) -> Verdict:
        """Recompute the chain from its first row to the signed head."""
        with self._engine.connect() as connection:
            signed = connection.execute(sa.select(_HEAD.c.seq, _HEAD.c.hash, _HEAD.c.signature)).first()
            query = sa.select(_ROWS).order_by(_ROWS.c.seq)
            with connection.execution_options(yield_per=_CHUNK).execute(query) as rows:
                end, broken = follow(rows.mappings())
        if broken is not None:
            return broken
        if signed is None:
            return Verdict(end.seq) if end.seq == 0 else Verdict(end.seq, 1, "the signed head is missing")
        head = Head(signed.seq, signed.hash)
        if not self._signed(head, signed.signature):
            last = max(1, min(head.seq, end.seq))
            return Verdict(end.seq, last, "the head's signature is not by this installation's key")
        if head.seq > end.seq:
            return Verdict(end.seq, end.seq + 1, f"rows {end.seq + 1} to {head.seq} were signed and are cut off")
        if head != end:
            return Verdict(end.seq, min(head.seq + 1, end.seq), "the chain does not end in the head that was signed")
        return Verdict(end.seq)

    def _head(self, connection: sa.Connection) -> Head:
        found = connection.execute(sa.select(_HEAD.c.seq, _HEAD.c.hash, _HEAD.c.signature)).first()
        if found is None:
            return Head(0, GENESIS)
        head = Head(found.seq, found.hash)
        if not self._signed(head, found.signature):
            raise Refused("the consent ledger's head is not signed by this key file: run `media-privacy ledger verify`")
        return head

    def _sign(self, head: Head) -> str:
        return self._keyring.sign(signed_text(head))

    def _signed(self, head: Head, signature: str) -> bool:
        return self._keyring.signed(signature, signed_text(head))


def _insert(connection: sa.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Hand rows to the driver as they are: SQLAlchemy's own handling of parameters costs as much as the insert."""
    columns = ", ".join(column.name for column in _ROWS.c)
    marks = ", ".join([_mark(connection)] * len(_ROWS.c))
    connection.exec_driver_sql(f"insert into {_ROWS.name} ({columns}) values ({marks})", list(rows))


def _known(connection: sa.Connection, entries: Sequence[Entry]) -> set[str]:
    """Which of the entries' events the ledger has."""
    marks = ", ".join([_mark(connection)] * len(entries))
    query = f"select event_ref from {_ROWS.name} where event_ref in ({marks})"
    return set(connection.exec_driver_sql(query, tuple(entry.event_ref for entry in entries)).scalars())


def _observed(connection: sa.Connection, entries: Sequence[Entry], before: int, after: int) -> list[tuple[str, ...]]:
    """account_ref, purpose, effective_at and recorded_at of the objections by Global Privacy Control of the entries'
    accounts that are in the ledger up to one seq and past another; times as stored."""
    accounts = sorted({entry.account_ref for entry in entries})
    marks = ", ".join([_mark(connection)] * len(accounts))
    query = (
        f"select account_ref, purpose, effective_at, recorded_at from {_ROWS.name} where account_ref in ({marks}) "
        f"and {_HEARD} and (seq <= {before:d} or seq > {after:d})"
    )
    found = connection.exec_driver_sql(query, tuple(accounts)).cursor.fetchall()
    return [tuple(row) for row in found]


def _mark(connection: sa.Connection) -> str:
    """How the driver writes a parameter's place."""
    return "?" if connection.dialect.paramstyle == "qmark" else "%s"


def _unique(entries: Iterable[Entry]) -> Iterator[Entry]:
    seen: set[str] = set()
    for entry in entries:
        if entry.event_ref not in seen:
            seen.add(entry.event_ref)
            yield entry


def _chunks(entries: Iterator[Entry], size: int) -> Iterator[list[Entry]]:
    while chunk := list(islice(entries, size)):
        yield chunk


def _array(column: sa.Column[Any], values: Sequence[object]) -> pa.Array:
    if column.type is _TIME:
        return pa.array(values, pa.string()).cast(pa.timestamp("us"))
    if isinstance(column.type, sa.Boolean):
        # SQLite has no booleans, only 0 and 1.
        return pa.array(map(bool, values), pa.bool_())
    kinds: dict[type[Any], pa.DataType] = {sa.BigInteger: pa.int64(), sa.Integer: pa.int32()}
    return pa.array(values, kinds.get(type(column.type), pa.string()))


def _lock(connection: sa.Connection) -> None:
    """One appender at a time: SQLite begins immediately, PostgreSQL is asked."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY)))


def _engine(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url)
    engine = sa.create_engine(url, connect_args={"timeout": 60})

    # The driver would begin late and lock later still; two appenders could then both read one head.
    @sa.event.listens_for(engine, "connect")
    def _no_implicit_begin(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        # The index on refs is written all over: at SQLite's default of 2 MB a first load spills it again and again.
        connection.execute("pragma cache_size = -65536")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("begin immediate")

    return engine
