"""A purpose sees a column as coarse as the policy says, the same on both engines; what does not suit is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from media_privacy_pipeline.engines import Engine
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.policy import Generalisation, MinimisationPolicy
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.sql.contracts import Column, load_contracts
from media_privacy_pipeline.sql.generalise import generalised, joined, value, with_named, words

RULES = MinimisationPolicy(
    least_accounts_in_region=10,
    search_intents={"science fiction": ("sci fi", "space"), "comedy": ("funny", "comédie"), "war": ("space war",)},
)
COLUMN = {
    **dict.fromkeys(("hour", "daypart", "day"), "started_at"),
    "large_region": "region",
    "device_class": "device_type",
    "decade": "birth_year",
    "intent": "query",
    "presence": "clicked_title_id",
    "keep": "birth_year",
}
NIGHT, LATE = datetime(2026, 3, 1, 5, 59, 59, 999_999), datetime(2026, 2, 28, 23, 30)
SEEN: dict[str, dict[Any, Any]] = {
    "keep": {1989: 1989, None: None},
    "hour": {NIGHT: datetime(2026, 3, 1, 5), LATE: datetime(2026, 2, 28, 23), None: None},
    "daypart": {NIGHT: datetime(2026, 3, 1), LATE: datetime(2026, 2, 28, 18), None: None},
    "day": {NIGHT: datetime(2026, 3, 1), LATE: datetime(2026, 2, 28), None: None},
    "large_region": {"DE-BY": "DE-BY", "DE-HB": "DE", "SE-AB": "SE", "ZZ": "ZZ"},
    "device_class": dict.fromkeys(("tv", "console"), "screen")
    | {"phone": "other", "mobile": "mobile", "tablet": "mobile"},
    "decade": {1989: 1980, 1990: 1990, 2000: 2000, None: None},
    "presence": {"t1": True, None: False},
    "intent": {
        " Space OPERA ": "title",  # before science fiction, whose word it holds
        "space opera of the year": "science fiction",
        "something in SPACE": "science fiction",
        "space war": "science fiction",  # the first intent that fits, not the longest phrase
        "spaceship": "other",
        "aerospace": "other",
        "sci fi": "science fiction",
        "sci-fi": "other",
        "a sci fi, please!": "science fiction",
        "something\nfunny": "comedy",
        "space_": "science fiction",
        "Une COMÉDIE": "comedy",
        "mary.major@mail.example": "other",
        "": "other",
        "космос": "other",
        "space\u3000\u00e9": "science fiction",
        "' or 1=1 --": "other",
        "\x00\x07 space \x1b[2J": "science fiction",
    },
}
"""By generalisation: each value as it is and as it is seen. Bavaria has ten accounts, Bremen nine."""

CONTRACTS = load_contracts(Settings().sql / "contracts")


def column(name: str) -> Column:
    tables = ("accepted_viewing_events", "accepted_accounts", "accepted_search_events")
    return next(each for table in tables for each in CONTRACTS[table].columns if each.name == name)


def test_every_generalisation_is_tried_here() -> None:
    assert set(SEEN) == {how.value for how in Generalisation}


def test_each_value_is_seen_as_coarse_as_it_should_be(engine: Engine) -> None:
    known = {
        "large_region": {"region_sizes": pa.table({"region": ["DE-BY", "DE-HB"], "accounts": [10, 9]})},
        "intent": {"accepted_titles": pa.table({"title": ["Space Opera", "Space opera", None]})},
    }
    for how in Generalisation:
        name, cases = COLUMN[how.value], SEEN[how.value]
        kind = {"started_at": pa.timestamp("us"), "birth_year": pa.int32()}.get(name, pa.string())
        rows = pa.table({"n": range(len(cases)), name: pa.array(list(cases), kind)})
        named, joins = with_named({name: how}), " ".join(joined({name: how}))
        with_all = f"with every as (select * from e){named} select e.n, {value(name, how, RULES)} from every as e"
        found = engine.fetch(f"{with_all} {joins} order by e.n", {"e": rows, **known.get(how.value, {})})
        assert found[name].to_pylist() == list(cases.values()), how
        seen = generalised(column(name), how, RULES, "here")
        if how is Generalisation.presence:
            assert (found[name].type, seen.data_type) == (pa.bool_(), "boolean")
        else:
            assert (found[name].type, seen.data_type) == (kind, column(name).data_type)


def test_the_contract_of_what_is_seen_says_how_fine_it_is() -> None:
    seen = generalised(column("device_type"), Generalisation.device_class, RULES, "here")
    assert seen.data_tests == ("not_null", {"accepted_values": {"values": ["screen", "mobile", "other"]}})
    region = generalised(column("region"), Generalisation.large_region, RULES, "here")
    assert "fewer than 10 accounts" in region.description
    assert (
        words(Generalisation.daypart, RULES)
        in generalised(column("started_at"), Generalisation.daypart, RULES, "").description
    )


@pytest.mark.parametrize("how", [how for how in Generalisation if how is not Generalisation.keep])
def test_what_does_not_suit_a_column_is_refused_with_what_does(how: Generalisation) -> None:
    for name in ("title_id", "watched_seconds", "gpc", *COLUMN.values()):
        if name == COLUMN[how.value]:
            generalised(column(name), how, RULES, "here")
            continue
        with pytest.raises(UsageError, match=rf"^policy: x: {how.value} is for .*: write keep"):
            generalised(column(name), how, RULES, "policy: x")
