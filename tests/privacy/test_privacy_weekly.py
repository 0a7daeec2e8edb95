"""A weekly table of the policy, from permitted rows to the lake: completion, once the whole week and its lag are in."""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml
from privacy_world import FIRST, events, land

from media_privacy_pipeline import policy
from media_privacy_pipeline.audit.size import SIZES
from media_privacy_pipeline.audit.steps import findings
from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.engines.types import arrow_schema
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.orchestration.catalogue import catalogue
from media_privacy_pipeline.privacy.open import open_desk
from media_privacy_pipeline.privacy.plan import plan
from media_privacy_pipeline.privacy.statement_inputs import public_values, source_of
from media_privacy_pipeline.privacy.steps import release_table
from media_privacy_pipeline.release_policy import TableStatement
from media_privacy_pipeline.settings import Settings

TABLE = "completion_weekly"
DAYS = [FIRST + timedelta(days=n) for n in range(19)]
MONDAYS = [date(2026, 3, 2), date(2026, 3, 9)]
WITH_PEOPLE = """with titles as (
  select titles.title_id, max(titles.runtime_seconds) as runtime_seconds
  from accepted_titles as titles
  inner join accepted_accounts as accounts on accounts.account_id <> titles.title_id
  group by titles.title_id
)
"""
PAGE = (Path(__file__).parents[2] / "docs" / "releases.md").read_text()


def _example(kind: str, about: str) -> str:
    """The example of docs/releases.md in this language that has these words."""
    return next(part.split("```")[0] for part in PAGE.split(f"```{kind}\n")[1:] if about in part.split("```")[0])


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A session whose policy, contracts and models have what docs/releases.md declares: opened once, since it takes
    longer than all that is done with it."""
    at = tmp_path_factory.mktemp("weekly")
    declared = yaml.safe_load(policy.PACKAGED.read_text())
    declared["releases"]["budget"]["epsilon"] = 20
    declared["releases"]["budget"]["families"]["tables"]["members"].append(TABLE)
    declared["releases"]["tables"] |= yaml.safe_load(_example("yaml", f"{TABLE}:\n  title"))
    (at / "policy.yaml").write_text(yaml.safe_dump(declared))
    folder = at / "sql"
    shutil.copytree(Settings().sql, folder)
    (folder / "marts" / f"{TABLE}_contributions.sql").write_text(_example("sql", "thousandths"))
    (folder / "contracts" / "weekly.yml").write_text(_example("yaml", "version: 2"))
    made = Session(Settings(home=at / "home", landing=at / "landing", policy=at / "policy.yaml", sql=folder))
    land(made, events(accounts=60, days=17), DAYS)
    return made


@pytest.fixture
def session(opened: Session) -> Session:
    """The same with nothing released, and all arrival days and titles at hand."""
    opened.lake.delete(TABLE)
    for folder in ("ledger", "privacy"):
        shutil.rmtree(opened.settings.home / folder, ignore_errors=True)
    with opened.lake.write("accepted_titles", "made") as staging:
        titles = [f"t{n:03d}" for n in range(50)]
        runtimes = pa.array([None if n == 0 else 0 if n == 1 else 5400 for n in range(50)], pa.int32())
        schema = arrow_schema(opened.project.contracts["accepted_titles"].types)
        genres = [["drama", "crime"], [], None, *(["drama"] for _ in range(47))]
        known = {"title_id": pa.array(titles), "runtime_seconds": runtimes, "genres": pa.array(genres)}
        rows = pa.table([known.get(field.name, pa.nulls(50, field.type)) for field in schema], schema)
        pq.write_table(rows, staging / "part-0.parquet")
    return opened


def test_closed_weeks_are_released_with_the_columns_of_the_contract(session: Session) -> None:
    result = release_table(session, Span.of(DAYS[0], DAYS[-1]), TABLE)
    assert session.lake.days(TABLE) == MONDAYS
    stored = pq.read_schema(session.lake.files(TABLE)[0])
    assert ["week", *stored.names] == list(session.project.contracts[TABLE].types)
    assert result.metadata["released_days"] == 2
    assert 0 < result.metadata["epsilon_one_release"] < result.metadata["epsilon_account_year_to_date"]
    assert release_table(session, Span.of(DAYS[0], DAYS[-1]), TABLE).skipped
    with closing((desk := open_desk(session)).ledger):
        assert [charge.day for charge in desk.ledger.charges()] == [day + timedelta(days=6) for day in MONDAYS]


def test_a_week_is_closed_when_its_last_day_is(session: Session) -> None:
    sunday = MONDAYS[0] + timedelta(days=6)
    release_table(session, Span.of(DAYS[0], sunday + timedelta(days=1)), TABLE)
    assert session.lake.days(TABLE) == []
    release_table(session, Span.of(sunday + timedelta(days=2), sunday + timedelta(days=2)), TABLE)
    assert session.lake.days(TABLE) == [MONDAYS[0]]


def test_a_week_waits_for_every_one_of_its_arrival_days(session: Session) -> None:
    missing = MONDAYS[0] + timedelta(days=2)
    there = session.lake.path("permitted_analytics_viewing_events") / f"arrival_day={missing}"
    there.rename(session.settings.home / "apart")
    result = release_table(session, Span.of(DAYS[0], DAYS[-1]), TABLE)
    (session.settings.home / "apart").rename(there)
    assert session.lake.days(TABLE) == MONDAYS[1:]
    assert result.metadata["waiting_days"] == 1
    # Once it is taken in, the week is found by that day alone.
    release_table(session, Span.of(missing, missing, as_of=Span.of(DAYS[0], DAYS[-1]).as_of), TABLE)
    assert session.lake.days(TABLE) == MONDAYS


def test_what_arrives_after_its_day_was_closed_is_in_no_week(session: Session) -> None:
    source = source_of(session, TABLE, DAYS[:7])
    rows = session.engine.fetch(source.sql, source.inputs).to_pylist()
    by_hand = events(accounts=60, days=17).filter(pc.field("title_id") == "t009").to_pylist()
    expected = Counter((row["watched_seconds"] or 0) * 1000 // 5400 for row in by_hand if _in_time(row, DAYS[:7]))
    assert Counter(row["completed"] for row in rows if row["title_id"] == "t009" and row["day"] in DAYS[:7]) == expected
    assert {(row["arrival_day"] - row["day"]).days for row in rows} <= {0, 1, 2}
    unknown = [row["completed"] for row in rows if row["title_id"] in ("t000", "t001")]
    assert unknown
    assert set(unknown) == {0}
    assert max(row["completed"] for row in rows) > 1000


def _in_time(row: dict, days: list[date]) -> bool:
    day = row["started_at"].date()
    return day in days and (row["arrival_day"] - day).days <= 2


def test_a_rollup_groups_titles_by_the_first_of_their_genres(session: Session) -> None:
    """The example of docs/releases.md, over titles that have genres, none, or an empty list."""
    declared = yaml.safe_load(_example("yaml", "titles_and_genres:\n"))["titles_and_genres"]
    statement = TableStatement.model_validate(declared)
    public = public_values(session, statement)
    assert public["title_id"][:4] == ["t000", "t001", "t002", "t003"]
    assert public["genres"][:4] == ["drama", "unknown", "unknown", "drama"]


def test_a_model_that_reads_more_of_people_than_permitted_rows_is_refused(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "sql"
    shutil.copytree(session.settings.sql, folder)
    file = folder / "marts" / f"{TABLE}_contributions.sql"
    text = file.read_text().replace("left join accepted_titles as titles", "left join titles")
    file.write_text(text.replace("select\n  events", f"{WITH_PEOPLE}select\n  events", 1))
    with pytest.raises(UsageError, match="accepted_accounts, which is not public"):
        release_table(Session(session.settings.model_copy(update={"sql": folder})), Span.of(DAYS[0], DAYS[-1]), TABLE)


def test_the_policy_alone_makes_it_an_asset_and_the_audit_tries_it(session: Session) -> None:
    steps = {step.name: step for step in catalogue(session.policy, session.project)}
    assert steps[f"release_{TABLE}"].tables == (TABLE,)
    assert TABLE in steps["candidate"].deps
    line = next(line for line in plan(session.policy.releases).lines if line.name == TABLE)
    assert line.times_a_year == 53
    assert f"ε {line.epsilon_year:.1f} by itself" in PAGE
    release_table(session, Span.of(DAYS[0], DAYS[-1]), TABLE)
    of_all = findings(session, Span.of(DAYS[0], DAYS[-1]), SIZES["small"])
    found = [finding for finding in of_all if finding.target == TABLE]
    checks = {"sensitivity", "noise_drawn", "noise_drawn_opendp", "two_worlds", "canaries", "repeats", "recovered"}
    checks |= {"stored_as_paid"}
    assert {finding.check for finding in found} == checks
    assert all(finding.passed for finding in found)
