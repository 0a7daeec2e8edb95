"""Who received a person's rows is in that person's export and in nobody else's, until an erasure takes it out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from erasure_nights import account, as_of, asks, at, day, drop, night, open_session, rows, zone
from rights_world import Zip

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.policy import PACKAGED, load
from media_privacy_pipeline.rights.access.export import export
from media_privacy_pipeline.rights.disclosure import DisclosureLog, Recorded, Wanted, hand_over
from media_privacy_pipeline.rights.erasure import receipt
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.sql import load_project

Who = tuple[str, str | None]
ANN, EVE, MAIN, SECOND, HAL = ("ann", None), ("eve", None), ("eve", "main"), ("eve", "second"), ("hal", None)
OFFICE = {
    "title": "An office", "contact": "data@office.example", "country": "DE", "basis": "a form of its own",
    "purposes": ["disclosure"], "tables": ["recommendations"],
}  # fmt: skip


@dataclass
class Story:
    """What exports told of disclosures and who the table of them knew, by day, in a home where people were erased."""

    session: Session
    told: dict[tuple[int, Who], list[tuple[int, str]]] = field(default_factory=dict)
    known: dict[int, set[str]] = field(default_factory=dict)
    log: dict[int, list[Recorded]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Day 4: an office gets the rows of ann, of fay and of eve's two profiles, a bureau those of ann and fay. Day 5:
    ann and eve's second profile are erased; and then the office gets the rows of those who are left."""
    folder = tmp_path_factory.mktemp("told")
    zone(folder / "landing", 5)
    _without_gpc(folder / "landing")
    forms = [_form("ann", "main"), _form("fay", "main"), *(_form("eve", p, "recipient:office") for p in _PROFILES)]
    drop(folder / "landing", "consent_events", forms, 2)
    access = [asks(name, "access", 3, request_id=_request((name, p)), profile_id=p) for name, p in _ASKING]
    drop(folder / "landing", "subject_requests", access, 3)
    erasures = [asks("ann", "erasure", 5), asks("eve", "erasure", 5, profile_id="second")]
    drop(folder / "landing", "subject_requests", erasures, 5)
    found = Story(_open(folder))
    night(found.session, 4)
    _hand(found.session, 4, "office", "bureau")
    _look(found, 4, _ASKING)
    night(found.session, 5, first=5)
    _look(found, 5, (EVE, MAIN, HAL))
    _hand(found.session, 5, "office")
    _look(found, 6, (EVE,))
    return found


_PROFILES = ("main", "second")
_ASKING: tuple[Who, ...] = (ANN, EVE, MAIN, SECOND, HAL)


def _open(folder: Path) -> Session:
    """The home under the packaged policy with two recipients."""
    session = open_session(folder)
    policy = folder / "policy.yaml"
    document = yaml.safe_load(PACKAGED.read_text()) | {"recipients": {"office": OFFICE, "bureau": OFFICE}}
    policy.write_text(yaml.safe_dump(document, sort_keys=False))
    session.__dict__["policy"] = load(policy)
    session.__dict__["project"] = load_project(Settings().sql, session.policy)
    return session


def _without_gpc(landing: Path) -> None:
    """The zone's devices all object, and that would end every handing over."""
    [delivered] = (landing / "consent_events" / f"day={day(1)}").iterdir()
    said = [json.loads(line) for line in delivered.read_text().splitlines()]
    drop(landing, "consent_events", [row for row in said if row["signal"] != "gpc"], 1)


def _form(name: str, profile: str, evidence: str = "cabinet 7") -> dict[str, Any]:
    """Somebody's grant on a form of its own."""
    said = {"consent_event_id": f"form {name} {profile}", "account_id": account(name), "profile_id": profile}
    times = {"effective_at": at(2), "recorded_at": at(2), "evidence_ref": evidence}
    return {**said, **times, "purpose": "disclosure", "state": "granted", "signal": "vppa"}


def _request(who: Who) -> str:
    return f"access {who[0]} {who[1]}"


def _hand(session: Session, last: int, *recipients: str) -> None:
    """Hand the recommendations to some recipients an hour after the night over the days to `last`."""
    for recipient in recipients:
        out = session.settings.home.with_name(f"{recipient}-{last}.parquet")
        hand_over(session, Wanted("recommendations", recipient, "disclosure", out), as_of(last) + timedelta(hours=1))


def _look(story: Story, number: int, people: Sequence[Who]) -> None:
    """Keep what exports tell, who the table knows, and what the log says."""
    for name, profile in people:
        out = story.session.settings.home.with_name(f"{number}-{name}-{profile}.zip")
        request = _request((name, profile))
        export(story.session, account(name), profile, request, out, as_of(min(number, 5)))
        told = Zip.read(out).rows("recipients/disclosures")
        assert all((row["purpose"], row["table"]) == ("disclosure", "recommendations") for row in told)
        story.told[number, (name, profile)] = [(row["disclosure_no"], row["recipient"]) for row in told]
    story.known[number] = {row["viewer_key"] for row in rows(story.session, "disclosures")}
    story.log[number] = DisclosureLog(story.session.settings.home, story.session.keyring).entries()


def _keys(session: Session, *people: tuple[str, str]) -> set[str]:
    return set(session.keyring.viewer_keys("disclosure", [(account(name), profile) for name, profile in people]))


def test_an_export_tells_of_each_disclosure_of_this_persons_rows_and_of_no_other(story: Story) -> None:
    assert story.told[4, ANN] == [(1, "office"), (2, "bureau")]
    assert story.told[4, EVE] == [(1, "office"), (1, "office")]
    assert story.told[4, MAIN] == story.told[4, SECOND] == [(1, "office")]
    assert story.told[4, HAL] == []
    assert [line.disclosure.people for line in story.log[4]] == [4, 2]


def test_an_erasure_takes_out_who_received_the_rows_and_leaves_what_others_are_told(story: Story) -> None:
    session = story.session
    gone = _keys(session, ("ann", "main"), ("eve", "second"))
    staying = _keys(session, ("eve", "main"), ("fay", "main"))
    assert story.known[4] == gone | staying
    assert story.known[5] == staying
    assert story.told[5, EVE] == story.told[5, MAIN] == [(1, "office")]
    assert story.told[5, HAL] == []
    receipts = [receipt.read(path) for path in session.settings.receipts.glob("*.json")]
    removed = {each["request"]["scope"]: each["rows_removed"]["lake/disclosures"] for each in receipts}
    assert removed == {"account": 2, "profile": 1}


def test_the_log_of_what_was_handed_over_stays_as_it_was_and_goes_on(story: Story) -> None:
    assert story.log[5] == story.log[4]
    assert story.log[6][:2] == story.log[4]
    assert [(line.seq, line.disclosure.people) for line in story.log[6][2:]] == [(3, 2)]
    assert story.told[6, EVE] == [(1, "office"), (3, "office")]
    assert story.known[6] == story.known[5]


def test_who_was_erased_is_answered_by_the_receipt_and_by_no_export(story: Story, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no accepted request"):
        export(story.session, account("ann"), None, _request(ANN), tmp_path / "ann.zip", as_of(5))
    assert not any(tmp_path.iterdir())
