"""What is watched in private, or as a guest, leaves all that is published and every model as it would be without it."""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from media_privacy_pipeline.consent import steps as consent
from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.landing import steps as landing
from media_privacy_pipeline.landing.simulate import Faults, simulate
from media_privacy_pipeline.landing.sources import SOURCES
from media_privacy_pipeline.models import steps as models
from media_privacy_pipeline.models.serving.step import recommend_in_context
from media_privacy_pipeline.privacy import noise
from media_privacy_pipeline.privacy import steps as privacy
from media_privacy_pipeline.settings import Settings

FIRST, DAYS = date(2026, 9, 1), 10
SPAN = Span.of(FIRST, FIRST + timedelta(days=DAYS - 1))
OPEN = ("title_daily", "audience_daily", "discovery_daily")
PUBLISHED = (*OPEN, "recommendations", "context_recommendations", "viewer_segments", "segment_profile", "model_metrics")


def night(zone: Path, home: Path, key: Path) -> Session:
    """From landing to models, in the order of a run."""
    session = Session(Settings(landing=zone, home=home, keys=key))
    session.__dict__["engine"] = DuckDBEngine(home / "work", threads=1)
    for source in SOURCES:
        landing.accept(session, SPAN, source)
    for step in (consent.update_ledger, consent.identify, consent.timeline):
        step(session, SPAN)
    for purpose, rules in session.policy.purposes.items():
        if rules.columns:
            consent.permit(session, SPAN, purpose)
    for table in OPEN:
        privacy.release_table(session, SPAN, table)
    for learn in (models.train, models.recommend, recommend_in_context, models.segment):
        learn(session, SPAN)
    return session


def invite_guests(zone: Path) -> None:
    """Every fortieth event was a guest's."""
    for file in sorted((zone / "viewing_events").rglob("*.parquet")):
        rows = pq.read_table(file)
        guest = pa.array([n % 40 == 0 for n in range(rows.num_rows)])
        profile = pc.if_else(guest, "guest", rows["profile_id"].cast(pa.string()))
        pq.write_table(rows.set_column(rows.column_names.index("profile_id"), "profile_id", profile), file)


def without_private(session: Session, zone: Path) -> int:
    """Take the events of private sessions out of a landing zone; how many they were."""
    inputs = {t: session.folder(t) for t in ("accepted_viewing_events", "private_sessions")}
    private = session.engine.fetch(
        """select e.event_id from accepted_viewing_events as e
        left join private_sessions as p
            on p.account_id = e.account_id and p.session_id = e.session_id and e.started_at >= p.private_from
        where e.private_session or p.account_id is not null or e.profile_id = 'guest'""",
        inputs,
    )["event_id"]
    gone = 0
    for file in sorted((zone / "viewing_events").rglob("*.parquet")):
        rows = pq.read_table(file)
        kept = rows.filter(pc.invert(pc.is_in(rows["event_id"], private.combine_chunks())))
        gone += rows.num_rows - kept.num_rows
        pq.write_table(kept, file)
    return gone


def rows_of(session: Session, table: str) -> list[str]:
    """The rows of a table in an order of their own; which release they are of is no content."""
    found = pa.concat_tables([pq.ParquetFile(file).read() for file in session.lake.files(table)])
    names = [name for name in found.column_names if name != "release_id"]
    return sorted(map(repr, found.select(names).to_pylist()))


def factors(session: Session) -> set[str]:
    """Digests of the numbers of the models that are stored."""
    arrays = {file for file in session.settings.models.rglob("*") if file.suffix in (".npy", ".npz", ".parquet")}
    return {f"{file.name} {sha256(file.read_bytes()).hexdigest()}" for file in arrays}


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Session, Session]:
    """Two nights over one zone, with what was watched in private and without, and no noise to hide a difference."""
    folder = tmp_path_factory.mktemp("private")

    def zone(name: str) -> Path:
        made = folder / name
        simulate(
            made, households=600, days=DAYS, first_day=FIRST, titles=60, events_per_day=1500, formats=[".parquet"],
            faults=Faults.none(),
        )  # fmt: skip
        invite_guests(made)
        return made

    def silent(values: noise.Integers, sigma: int) -> noise.Integers:
        assert sigma > 0
        return values.astype(np.int64)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(noise, "own_noise", silent)
        patch.setattr(noise, "opendp_noise", silent)
        with_private = night(zone("with"), folder / "home with", folder / "keys")
        other = zone("without")
        assert without_private(with_private, other) > 50
        without = night(other, folder / "home without", folder / "keys")
    return with_private, without


@pytest.mark.parametrize("table", PUBLISHED)
def test_what_is_published_is_the_same_to_the_byte(homes: tuple[Session, Session], table: str) -> None:
    with_private, without = (rows_of(session, table) for session in homes)
    assert with_private == without
    assert with_private


def test_the_models_are_the_same_to_the_byte(homes: tuple[Session, Session]) -> None:
    with_private, without = map(factors, homes)
    assert with_private == without
    assert with_private


def test_what_was_accepted_was_not(homes: tuple[Session, Session]) -> None:
    with_private, without = (session.lake.rows("accepted_viewing_events") for session in homes)
    assert with_private - without > 50
