"""Who received what, person by person: the lake table `disclosures`, written before the log and told by it."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...engines import Session
from ...engines.types import arrow_schema
from ...errors import Refused
from ...lake import fingerprint_of

TABLE = "disclosures"


def keep(session: Session, seq: int, day: date, people: pa.Array, said: dict[str, str]) -> None:
    """Add a row a person for the disclosure that the log will call `seq`."""
    if not len(people):
        return
    count = len(people)
    columns = {"disclosure_no": pa.repeat(pa.scalar(seq, pa.int64()), count), "viewer_key": people}
    columns |= {name: pa.repeat(pa.scalar(value, pa.string()), count) for name, value in said.items()}
    types = session.project.contracts[TABLE].types
    schema = arrow_schema({name: kind for name, kind in types.items() if name != "day"})
    parts = [pq.ParquetFile(file).read().select(schema.names).cast(schema) for file in session.lake.files(TABLE, [day])]
    table = pa.concat_tables([*parts, pa.table(columns).select(schema.names).cast(schema)])
    with session.lake.write(TABLE, fingerprint_of(TABLE, day, seq), [day], by="day") as staging:
        folder = staging / f"day={day}"
        folder.mkdir()
        pq.write_table(table, folder / "part-0.parquet", compression="zstd")


def forget_unrecorded(session: Session, end: int) -> None:
    """Take out what a crash left of the disclosure after the log's last line: it was never handed over.

    Raises Refused where rows tell of more than that one: then lines are missing from the log.
    """
    last = newest(session)
    if last > end + 1:
        raise Refused(
            f"{TABLE} tells of disclosure {last} and the log ends at {end}: lines were cut off; restore it from your "
            "backup"
        )
    if last > end:
        session.lake.rewrite(TABLE, lambda piece: pc.less_equal(piece["disclosure_no"], end), f"unrecorded {last}")


def newest(session: Session) -> int:
    """The highest number that a row tells of; 0 where there is none."""
    files = session.lake.files(TABLE)
    found = [pc.max(pq.ParquetFile(file).read(["disclosure_no"])["disclosure_no"]).as_py() for file in files]
    return max((number for number in found if number is not None), default=0)
