"""search_intents_daily of the packaged policy: searches by a public vocabulary; no typed word gets any further."""

from __future__ import annotations

import random
import string
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from media_privacy_pipeline import policy as policies
from media_privacy_pipeline.engines import Engine, Session, Span
from media_privacy_pipeline.policy import TITLE_INTENT, Generalisation
from media_privacy_pipeline.privacy.contributions import bounded_sums, domain_of
from media_privacy_pipeline.privacy.periods import within
from media_privacy_pipeline.privacy.placing import placed
from media_privacy_pipeline.privacy.statement_inputs import source_of
from media_privacy_pipeline.privacy.steps import release_table
from media_privacy_pipeline.privacy.weights import weight
from media_privacy_pipeline.sql.generalise import joined, value, with_named

TABLE, FIRST = "search_intents_daily", date(2026, 3, 2)
POLICY = policies.load(None)
INTENTS = POLICY.releases.tables[TABLE].cells["intent"].values
SEEDS = 1000


def test_the_cells_are_the_vocabulary() -> None:
    assert set(INTENTS) == {TITLE_INTENT, *POLICY.minimisation.search_intents, "other"}


def test_each_day_has_every_intent_and_counts_by_hand(make_session: Callable[..., Session]) -> None:
    session = make_session()
    rows = [
        # (account, intent, chosen): one account with more intents than weigh whole, one with more searches than count.
        *(("a1", intent, False) for intent in INTENTS[:6]),
        *(("a2", "title", True) for _ in range(9)),
        ("a3", "title", False),
        ("a4", "comedy", True),
        ("a4", "no such intent", False),
    ]
    _land(session, rows)
    release_table(session, Span.of(FIRST, FIRST + timedelta(days=2)), TABLE)
    assert session.lake.days(TABLE) == [FIRST]
    stored = pq.read_table(session.lake.files(TABLE)[0])
    assert ["day", *stored.column_names] == list(session.project.contracts[TABLE].types)
    statement = session.policy.releases.tables[TABLE]
    assert stored.select(["intent"]) == domain_of(statement, {})
    weights = {"a1": weight(6, 1, 4), "a2": weight(1, 1, 4), "a3": weight(1, 1, 4), "a4": weight(2, 1, 4)}
    expected: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    cells: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for account, intent, chosen in rows:
        cell = cells[account, intent if intent in INTENTS else "other"]
        cell[0], cell[1] = cell[0] + 1, cell[1] + (not chosen)
    for (account, intent), (searches, abandoned) in cells.items():
        for at, clipped in enumerate((1, min(searches, 5), min(abandoned, 5))):
            expected[intent][at] += weights[account] * clipped
    for counted in expected.values():
        # Sums are centred between their clips, 1 to 5 and 0 to 5.
        counted[1:] = [counted[1] - 3 * counted[0], counted[2] - 2 * counted[0]]
    source = placed(statement, source_of(session, TABLE, [FIRST]), [FIRST])
    sums = bounded_sums(session.engine, within(statement), source, [FIRST], {})[FIRST]
    found = dict(
        zip(stored["intent"].to_pylist(), zip(*(sums.values[n].tolist() for n in range(3)), strict=True), strict=True)
    )
    assert found == {intent: tuple(expected[intent]) for intent in INTENTS}


def test_no_rare_or_personal_query_passes_in_a_thousand_worlds(engine: Engine) -> None:
    planted = [_personal(random.Random(seed)) for seed in range(SEEDS)]
    how = {"query": Generalisation.intent}
    sql = f"""
        with every as (select * from e){with_named(how)}
        select distinct {value("query", how["query"], POLICY.minimisation)}, seed
        from every as e {" ".join(joined(how))}"""
    titles = pa.table({"title": ["Toy Story", "Alien"]})
    found = engine.fetch(sql, {"e": pa.table({"seed": range(SEEDS), "query": planted}), "accepted_titles": titles})
    assert found.num_rows == SEEDS
    assert set(found["query"].to_pylist()) <= set(INTENTS)
    # The vocabulary is seen in them, so that they would not all be `other` whatever the SQL did.
    assert len(set(found["query"].to_pylist())) > 5


def test_a_purpose_sees_whether_a_result_was_chosen_and_not_which() -> None:
    seen = POLICY.purposes["analytics"].columns["search_events"]
    assert seen == {
        "query": Generalisation.intent,
        "searched_at": Generalisation.day,
        "clicked_title_id": Generalisation.presence,
    }


@pytest.mark.parametrize(
    ("intents", "word"),
    [
        ({"title": ["a"]}, "stands for itself"),
        ({"other": ["a"]}, "stands for itself"),
        ({"Comedy": ["funny"]}, "lower case"),
        ({"comedy": ["Funny"]}, "lower case"),
        ({"comedy": []}, "at least 1"),
        ({"comedy": ["fun.*"]}, "pattern"),
        ({"comedy": ["a'b"]}, "pattern"),
        ({"comedy": [" funny"]}, "pattern"),
        ({"comedy": ["%"]}, "pattern"),
    ],
)
def test_a_vocabulary_that_cannot_be_read_is_refused(intents: dict[str, list[str]], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        policies.MinimisationPolicy(least_accounts_in_region=1, search_intents=intents)


def _personal(rng: random.Random) -> str:
    """What a person might type who thinks nobody reads it, with a word of the vocabulary in some."""
    name = "".join(rng.choices(string.ascii_letters + "éß中ж", k=rng.randint(3, 12)))
    number = "".join(rng.choices(string.digits, k=rng.randint(5, 16)))
    word = rng.choice(
        ["", "", *(phrase for phrases in POLICY.minimisation.search_intents.values() for phrase in phrases)]
    )
    parts = [name, number, word, rng.choice(["@mail.example", "diagnosis", "'; drop table", "\u0000", "\n", "| other"])]
    rng.shuffle(parts)
    return " ".join(parts)


def _land(session: Session, rows: list[tuple[str, str, bool]]) -> None:
    table = "permitted_analytics_search_events"
    days = [FIRST + timedelta(days=n) for n in range(3)]
    searched = pa.table(
        {
            "viewer_key": [account for account, _, _ in rows],
            "account_key": [account for account, _, _ in rows],
            "query": [intent for _, intent, _ in rows],
            "searched_at": pa.array([datetime(2026, 3, 2)] * len(rows), pa.timestamp("us")),
            "clicked_title_id": [chosen for _, _, chosen in rows],
        }
    )
    with session.lake.write(table, "made", days) as staging:
        for n, day in enumerate(days):
            folder = staging / f"arrival_day={day}"
            folder.mkdir()
            # They arrive late by nought to two days.
            part = searched.filter(pc.equal(pa.array([at % 3 for at in range(len(rows))]), n))
            pq.write_table(part, folder / "part-0.parquet")
