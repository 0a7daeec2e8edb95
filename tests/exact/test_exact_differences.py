"""The nightly difference attack reads a person's titles off exact counts that are made anew, and off ours nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from exact_world import FIRST, SOURCE, TABLE, Opened, exact, land, opened, policy_with, watching, without

from media_privacy_pipeline.engines import Engine, Session, Span
from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.exact.counting import count
from media_privacy_pipeline.exact.kept import kept_periods
from media_privacy_pipeline.exact.releasing import decide_period
from media_privacy_pipeline.exact.steps import exact_root, tell_exactly
from media_privacy_pipeline.policy import load

SPAN = Span.of(FIRST, FIRST.replace(day=8))
K = 10


def naive(rows: pa.Table) -> dict[str, int]:
    """Accounts by title, exactly, those of fewer than k left out: published anew each night."""
    pairs = set(zip(rows["account_key"].to_pylist(), rows["title_id"].to_pylist(), strict=True))
    counts = Counter(title for _, title in pairs)
    return {title: count for title, count in counts.items() if count >= K}


def difference(before: dict[str, int], after: dict[str, int]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


@pytest.fixture
def session(make_session: Opened, tmp_path: Path) -> Session:
    made = opened(make_session, policy_with(tmp_path, week_titles=TABLE))
    land(made, watching())
    return made


def told(session: Session) -> bytes:
    (file,) = session.lake.files("week_titles")
    return file.read_bytes()


def test_the_attack_works_on_counts_that_are_made_anew_and_not_on_what_is_kept(session: Session) -> None:
    rows = watching()
    found = right = 0
    tell_exactly(session, SPAN)
    before = told(session)
    for account in [f"a{n:05d}" for n in range(1, 30)]:
        titles = set(rows.filter(pc.equal(rows["account_key"], account))["title_id"].to_pylist())
        seen = difference(naive(rows), naive(without(rows, account)))
        found += len(seen)
        right += len(seen & titles)
        assert len(seen & titles) >= 0.95 * len(titles & naive(rows).keys())
    assert right == found > 50
    for account in ("a00001", "a00002"):
        land(session, without(rows, account))
        tell_exactly(session, SPAN)
        assert told(session) == before


def test_what_is_told_is_right_and_everybody_counts_once(session: Session) -> None:
    result = tell_exactly(session, SPAN)
    rows = pq.read_table(session.lake.files("week_titles")[0])
    assert sum(rows["accounts"].to_pylist()) == len(set(watching()["account_key"].to_pylist()))
    assert min(rows["accounts"].to_pylist()) >= K
    assert rows.num_rows == result.rows["week_titles"] > 3
    assert (result.metadata["new_periods"], result.metadata["refused_periods"]) == (1, 0)
    assert tell_exactly(session, SPAN).skipped


def test_both_engines_count_the_same(session: Session, engine: Engine) -> None:
    tables = {"one": exact(), "two": exact(quasi_identifiers=["device_type"], sensitive="country")}
    found = count(engine, tables, session.folder(SOURCE))
    often: dict[str, Counter[tuple[str, str, str]]] = {}
    for row in watching().to_pylist():
        cell = (row["country"], row["device_type"], row["title_id"])
        often.setdefault(row["account_key"], Counter())[cell] += 1
    cells = Counter(min(each, key=lambda cell: (-each[cell], cell)) for each in often.values())
    assert found.by_table["one"] == cells
    assert sum(found.jointly.values()) == sum(found.by_table["two"].values()) == len(often)


def test_a_period_that_overlaps_is_refused_and_says_what_it_would_tell(session: Session) -> None:
    tell_exactly(session, SPAN)
    root = exact_root(session, SOURCE)
    days = session.folder(SOURCE, [FIRST])
    with pytest.raises(Refused, match="One period less the other would be a count of what few people did"):
        decide_period(root, {"daily": exact(period="day")}, FIRST, FIRST, session.engine, days)
    assert len(kept_periods(root)) == 1


def test_another_shape_and_a_late_table_are_refused(session: Session) -> None:
    tell_exactly(session, SPAN)
    root, rows = exact_root(session, SOURCE), session.folder(SOURCE)
    period = (SPAN.first, SPAN.last, session.engine, rows)
    with pytest.raises(Refused, match="Two shapes of the same rows can be subtracted"):
        decide_period(root, {"week_titles": exact(k=11)}, *period)
    with pytest.raises(Refused, match="Who withdrew or was erased since would be the difference"):
        decide_period(root, {"week_titles": exact(), "late": exact(quasi_identifiers=["country"])}, *period)
    with pytest.raises(Refused, match="agreed to one purpose and not to the other"):
        decide_period(root, {"other": exact(source="permitted_training_viewing_events")}, *period)


def test_a_late_table_begins_with_the_next_period_and_the_others_go_on(
    session: Session, make_session: Opened, tmp_path: Path
) -> None:
    tell_exactly(session, SPAN)
    before = told(session)
    late = {**TABLE, "quasi_identifiers": ["device_type"], "sensitive": "country", "l": 1, "t": 1}
    again = opened(make_session, policy_with(tmp_path, week_titles=TABLE, late=late))
    result = tell_exactly(again, SPAN)
    assert (result.metadata["new_periods"], result.metadata["refused_periods"]) == (0, 1)
    assert told(again) == before
    assert not again.lake.has("late")


def test_a_week_that_is_not_whole_is_not_told(make_session: Opened, tmp_path: Path) -> None:
    session = opened(make_session, policy_with(tmp_path, week_titles=TABLE))
    land(session, watching(days=6), days=6)
    assert tell_exactly(session, SPAN).rows == {"week_titles": 0}
    assert not exact_root(session, SOURCE).exists()


def test_a_crash_before_the_end_leaves_nothing_and_the_next_run_decides(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = exact_root(session, SOURCE)
    with monkeypatch.context() as patch:
        # As a kill would: nothing after it is run, and nothing is tidied up.
        patch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        patch.setattr("media_privacy_pipeline.exact.kept.shutil.rmtree", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            tell_exactly(session, SPAN)
    assert len(list(root.glob(".*"))) == 1
    assert kept_periods(root) == []
    tell_exactly(session, SPAN)
    assert len(kept_periods(root)) == 1
    assert list(root.glob(".*")) == []


def test_a_kept_table_that_was_changed_is_refused(session: Session) -> None:
    tell_exactly(session, SPAN)
    (kept,) = kept_periods(exact_root(session, SOURCE))
    path = kept.folder / "week_titles.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(Refused, match="lost or was changed"):
        tell_exactly(session, SPAN)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"source": "permitted_training_viewing_events", "quasi_identifiers": ["title_id"], "sensitive": "started_at"},
         "count both for one purpose"),
        ({"period": "month"}, "give both one period"),
        ({"k": 9}, "min_cell_size"),
        ({"source": "permitted_personalisation_accounts", "quasi_identifiers": ["is_kid"], "sensitive": "birth_year"},
         "is not what a purpose may see of events"),
        ({"quasi_identifiers": ["account_key"]}, "who a row is about"),
        ({"sensitive": "country"}, "named twice"),
    ],
)  # fmt: skip
def test_tables_that_could_be_subtracted_are_no_policy(tmp_path: Path, other: dict[str, object], said: str) -> None:
    path = policy_with(tmp_path, one=TABLE, two={**TABLE, **other})
    with pytest.raises(UsageError, match=said):
        load(path)
