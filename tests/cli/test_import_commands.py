"""Imports from the command line, and from a receipt to a decision: what it says is allowed, and nothing else is."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
import yaml
from cli_fixture import Cli
from cli_result import refused
from cryptography.hazmat.primitives.asymmetric import ec
from import_toy import ANALYTICS, MAILS, PERSONAL, consent, public, purpose, receipt, request, sent, signed, write

from media_privacy_pipeline.policy import PACKAGED

KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """The packaged policy with the purposes and places of the toy's platforms."""
    document = yaml.safe_load(PACKAGED.read_text())
    document["imports"]["onetrust"] |= {
        "purposes": {ANALYTICS: "analytics", PERSONAL: "personalisation", MAILS: None},
        "account": ["dataElements.AccountId", "identifier"],
    }
    document["imports"]["ketch"]["purposes"] = {"analytics": "analytics", "personalization": "personalisation"}
    path = tmp_path / "policy.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def watched(landing: Path) -> None:
    """Three accounts watch on 28 February, before anybody said anything, on 2 March, and on 4 March."""
    events = [
        {"event_id": f"{account}@{day}", "account_id": account, "title_id": "t", "started_at": f"{day}T12:00:00Z"}
        for account in ("acc-1", "acc-2", "acc-3", "acc-4")
        for day in ("2026-02-28", "2026-03-02", "2026-03-04")
    ]
    write(landing / "viewing_events" / "day=2026-03-05" / "part-0.jsonl", *events)


def decided(cli: Cli, words: Path, purpose: str) -> dict[str, str]:
    """Reason (empty: allowed) by event."""
    done = cli("consent", "decide", "--purpose", purpose, "--policy", words, "--landing", "landing", "--home", "home")
    assert done.returncode == 0, done.stderr
    return {row["event_id"]: row["reason"] for row in csv.DictReader(io.StringIO(done.stdout))}


def test_a_decision_allows_exactly_what_the_receipts_say(cli: Cli, tmp_path: Path, words: Path) -> None:
    watched(tmp_path / "landing")
    later = receipt(purpose("WITHDRAWN"), id="later", interactionDate="2026-03-03T00:00:00Z")
    write(
        tmp_path / "receipts" / "plain.json",
        receipt(purpose(expiryDate="2026-03-04T00:00:00Z"), purpose("WITHDRAWN", PERSONAL), purpose(theirs=MAILS)),
        {**later, "dataElements": {"AccountId": "acc-4"}, "consentCreationDate": "2026-03-03T00:00:01Z"},
        {**receipt(id="first"), "dataElements": {"AccountId": "acc-4"}},
    )
    write(tmp_path / "receipts" / "signed.jsonl", signed(sent(), KEY))
    write(tmp_path / "messages.jsonl", consent(), consent({"analytics": "granted"}, environment="staging"))
    onetrust = ("import", "onetrust", "receipts", "--jwt-key", public(tmp_path / "key.pem", KEY))
    ketch = ("import", "ketch", "messages.jsonl")
    for arguments in (onetrust, ketch):
        done = cli(*arguments, "--out", "landing", "--day", "2026-03-05", "--policy", words)
        assert done.returncode == 0, done.stderr
    before = "not_consented_at_event"
    assert decided(cli, words, "analytics") == {
        # Granted on the 1st until the 4th: expired by the time of the run, so that nothing of it is used any more.
        "acc-1@2026-02-28": before,
        "acc-1@2026-03-02": "expired",
        "acc-1@2026-03-04": "expired",
        # The signed one; and Ketch's.
        "acc-2@2026-02-28": before,
        "acc-2@2026-03-02": "",
        "acc-2@2026-03-04": "",
        "acc-3@2026-02-28": before,
        "acc-3@2026-03-02": "",
        "acc-3@2026-03-04": "",
        # Granted on the 1st and withdrawn on the 3rd.
        "acc-4@2026-02-28": before,
        "acc-4@2026-03-02": "withdrawn",
        "acc-4@2026-03-04": "withdrawn",
    }
    personal = decided(cli, words, "personalisation")
    assert {event: reason for event, reason in personal.items() if not reason} == {}
    assert personal["acc-1@2026-03-02"] == "withdrawn"
    assert personal["acc-3@2026-03-02"] == "denied"
    assert personal["acc-2@2026-03-02"] == "unknown"
    ledger = ("ledger", "show", "--home", "home", "--json", "--last", 100)
    shown = json.loads(cli(*ledger).stdout)
    assert {row["signal"] for row in shown} == {"import"}
    # The same again on another day: no file, no row.
    done = cli(*onetrust, "--out", "landing", "--day", "2026-03-06", "--policy", words, "--json")
    assert "there already" in json.loads(done.stdout)
    assert not (tmp_path / "landing" / "consent_events" / "day=2026-03-06").exists()
    # A longer export with the same receipts: a file, and only the new row.
    write(tmp_path / "receipts" / "more.jsonl", sent({"Id": PERSONAL, "TransactionType": "CONFIRMED"}, jti="new"))
    cli(*onetrust, "--out", "landing", "--day", "2026-03-06", "--policy", words)
    assert decided(cli, words, "personalisation")["acc-2@2026-03-02"] == ""
    assert len(json.loads(cli(*ledger).stdout)) == len(shown) + 1


def test_refusals_are_named_without_a_value_and_the_rest_is_counted(cli: Cli, tmp_path: Path, words: Path) -> None:
    marked = [receipt(test=True), receipt(dataElements={"AccountId": "someone@example.org"}), "{cut"] * 10
    write(tmp_path / "a.jsonl", *marked, receipt(purpose("HUH"), purpose(theirs="else")))
    done = cli("import", "onetrust", "a.jsonl", "--out", "landing", "--policy", words)
    assert done.returncode == 0
    lines = done.stderr.splitlines()
    assert lines[0].startswith("refused: a.jsonl, line 1: test_data: marked as a test")
    assert lines[1].startswith("refused: a.jsonl, line 2: email_as_account: ")
    assert lines[-1] == "refused: 10 more; --json names them all"
    assert "someone" not in done.stderr + done.stdout
    assert "acc-1" not in done.stderr + done.stdout
    facts = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if ":" not in line)
    assert (facts["documents"], facts["imported"], facts["refused"]) == ("31", "1", "30")
    for line in ("consents: denied 1", "unknown_state 1", "unmapped: else 1"):
        assert line in " ".join(done.stdout.split())


def test_an_import_of_nothing_but_refused_documents_fails_and_writes_nothing(
    cli: Cli, tmp_path: Path, words: Path
) -> None:
    write(tmp_path / "a.jsonl", request("CorrectionRequest"), {"kind": "?"})
    arguments = ("import", "ketch", "a.jsonl", "--out", "landing", "--policy", words)
    message = refused(cli(*arguments), 1)
    assert "all 2 documents were refused: nothing was written" in message
    assert "a.jsonl, line 1: unsupported_kind: " in message
    done = cli(*arguments, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["refused"][1] == {"file": "a.jsonl", "place": "line 2", "rule": "unsupported_kind"}
    assert not (tmp_path / "landing").exists()


def test_what_cannot_be_imported_is_wrong_usage(cli: Cli, tmp_path: Path, words: Path) -> None:
    write(tmp_path / "a.jsonl", receipt())
    assert "maps no purpose of onetrust" in refused(cli("import", "onetrust", "a.jsonl", "--out", "l"), 2)
    given = ("--out", "l", "--policy", words)
    assert "no such file" in refused(cli("import", "ketch", "none", *given), 2)
    assert "not a public key" in refused(cli("import", "onetrust", "a.jsonl", *given, "--jwt-key", "a.jsonl"), 2)
    assert "No such option" in refused(cli("import", "ketch", "a.jsonl", *given, "--jwt-key", "a.jsonl"), 2)
    assert "No such command" in refused(cli("import", "gossip", "a.jsonl", *given), 2)
