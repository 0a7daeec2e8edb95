"""Permitted tables hold what the policy names and nothing else: exactly the rows that the decision counts as used."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from consent_histories import agreeing, households
from consent_policy import STRICT, write_policy
from consent_world import World, decisions, open_session, run_steps, t

from media_privacy_pipeline import policy as policies
from media_privacy_pipeline.consent import steps
from media_privacy_pipeline.engines import Engine, Session, Span
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.sql.contracts import load_contracts
from media_privacy_pipeline.sql.permitted import permitted_contracts

AS_OF = t(14)


def crowd() -> World:
    """Households of every kind, and some who agreed to everything."""
    return agreeing(households(7, 40), 10, ["analytics", "training", "personalisation"])


@pytest.fixture(scope="module")
def homes() -> dict[str, tuple[Session, Span]]:
    """What each engine made of the crowd: all steps run once."""
    return {}


@pytest.fixture
def permitted(engine: Engine, homes: dict[str, tuple[Session, Span]], tmp_path: Path) -> tuple[Session, Span]:
    """All steps of consent over the crowd."""
    if engine.name not in homes:
        session = open_session(tmp_path, engine, write_policy(tmp_path, STRICT))
        crowd().put(session)
        span = run_steps(session, AS_OF)
        for purpose in session.policy.purposes:
            steps.permit(session, span, purpose)
        steps.account_decisions(session, span)
        homes[engine.name] = session, span
    return homes[engine.name]


def test_used_rows_are_the_permitted_rows_and_all_accepted_rows_are_counted(permitted: tuple[Session, Span]) -> None:
    session, span = permitted
    decided = decisions(session, span)
    accounting = pq.read_table(session.lake.path("decision_accounting")).to_pylist()
    for purpose in session.policy.purposes:
        for source in ("viewing_events", "search_events"):
            mine = [row for row in accounting if row["stage"].endswith(f"/{purpose}") and row["source"] == source]
            assert sum(row["rows"] for row in mine) == session.lake.rows(f"accepted_{source}")
        used = sum(row["rows"] for row in accounting if row["stage"] == f"used/{purpose}")
        stored = sum(session.lake.rows(f"permitted_{purpose}_{s}") for s in ("viewing_events", "search_events"))
        assert used == stored == sum(reason == "" for (_, u), reason in decided.items() if u == purpose)


def test_files_hold_the_columns_of_the_policy_and_no_id_in_their_bytes(
    permitted: tuple[Session, Span], tmp_path: Path
) -> None:
    session, _ = permitted
    ids = {row[name] for row in crowd().viewing_events for name in ("account_id", "event_id")}
    checked = 0
    for purpose, rules in session.policy.purposes.items():
        for table, columns in rules.columns.items():
            for file in session.lake.files(f"permitted_{purpose}_{table}"):
                content = pq.read_table(file, partitioning=None)
                assert set(content.schema.names) == {"viewer_key", "account_key", *columns}
                # Uncompressed, so that an id could not hide.
                plain = tmp_path / "plain.parquet"
                pq.write_table(content, plain, compression="none", use_dictionary=False)
                assert not any(identity.encode() in plain.read_bytes() for identity in ids)
                checked += content.num_rows
    assert checked


def test_times_are_as_coarse_as_the_policy_says(permitted: tuple[Session, Span]) -> None:
    session, _ = permitted
    hours = pq.read_table(session.lake.path("permitted_analytics_viewing_events"))["started_at"]
    days = pq.read_table(session.lake.path("permitted_training_viewing_events"))["started_at"]
    assert pc.all(pc.equal(hours, pc.floor_temporal(hours, unit="hour"))).as_py()
    assert pc.all(pc.equal(days, pc.floor_temporal(days, unit="day"))).as_py()


def test_no_pseudonym_is_shared_between_purposes(permitted: tuple[Session, Span]) -> None:
    session, _ = permitted
    keys = {
        purpose: {
            key
            for column in ("viewer_key", "account_key")
            for key in pq.read_table(session.lake.path(f"permitted_{purpose}_viewing_events"))[column].to_pylist()
        }
        for purpose in ("analytics", "training", "personalisation")
    }
    assert all(keys.values())
    assert not keys["analytics"] & keys["training"]
    assert not keys["personalisation"] & (keys["analytics"] | keys["training"])


@pytest.mark.parametrize(
    ("table", "column", "how", "says"),
    [
        ("viewing_events", "ip_address", "keep", "identifier"),
        ("viewing_events", "account_id", "keep", "identifier"),
        ("viewing_events", "mood", "keep", "no such column"),
        ("viewing_events", "country", "day", "day is for a timestamp"),
        ("moods", "mood", "keep", "unknown table"),
    ],
)
def test_a_policy_that_shows_too_much_is_refused(table: str, column: str, how: str, says: str) -> None:
    policy = policies.load()
    columns = {table: {column: policies.Generalisation(how)}}
    changed = policy.model_copy(
        update={"purposes": {"service": policy.purposes["service"].model_copy(update={"columns": columns})}}
    )
    contracts = load_contracts(Path(policies.__file__).parent.parent / "dbt_like_sql" / "contracts")
    with pytest.raises(UsageError, match=says):
        permitted_contracts(changed, contracts)


def test_a_purpose_that_the_policy_does_not_know_is_refused(tmp_path: Path) -> None:
    session = open_session(tmp_path, DuckDBEngine(tmp_path / "work"))
    with pytest.raises(UsageError, match="no purpose 'mind_reading'"):
        steps.permit(session, Span.of(t(0).date(), t(1).date()), "mind_reading")
