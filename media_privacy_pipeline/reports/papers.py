"""The papers that the law asks for, written from policy, contracts and lineage: the notice of what is collected
(GDPR 13 and 14) and the record of processing activities (GDPR 30(1)), each to be read and as JSON.

The same policy and contracts give the same bytes, so that a change of either shows as a change of these.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..durable import replace_text
from ..policy import Policy, Purpose
from ..screening_policy import Action
from ..sql import PrivacyClass, Project
from ..sql.generalise import words
from .collection import CollectedTable, Recipient, collected_tables, recipients
from .render import render

COLLECTION, RECORD = "DATA_COLLECTION", "PROCESSING_RECORD"

SUBJECTS = {
    "viewing_events": "viewers (profiles of an account)",
    "search_events": "viewers (profiles of an account)",
    "accounts": "account holders and the people of their profiles, children among them",
    "consent_events": "account holders and the people of their profiles, children among them",
    "subject_requests": "account holders and the people of their profiles, children among them",
}
"""Categories of data subjects, by input."""

CLASSES = {
    PrivacyClass.direct_identifier: "says who somebody is (name, e-mail, network address)",
    PrivacyClass.pseudonym: "an id that stands for a person, household, device or event",
    PrivacyClass.sensitive: "may tell of health, belief, sexuality, politics or gender",
    PrivacyClass.quasi_identifier: "helps to tell people apart (place, age, device)",
    PrivacyClass.behaviour: "what somebody did",
    PrivacyClass.public: "about titles or the service, not about people",
}
"""What the classes mean, for people."""


def papers(project: Project) -> dict[str, str]:
    """The text of each file by its name."""
    tables = collected_tables(project)
    readers = recipients(project, tables)
    collection, record = _collection(project.policy, tables, readers), _record(project, tables, readers)
    return {
        f"{COLLECTION}.md": render("data_collection.md.j2", **collection) + "\n",
        f"{COLLECTION}.json": _as_json(collection),
        f"{RECORD}.md": render("processing_record.md.j2", **record) + "\n",
        f"{RECORD}.json": _as_json(record),
    }


def write_papers(project: Project, folder: Path) -> list[Path]:
    """Write the papers into a folder, each whole or not at all; those that say the same stay as they are."""
    paths = []
    for name, text in papers(project).items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            replace_text(path, text)
        paths.append(path)
    return paths


def _collection(policy: Policy, tables: list[CollectedTable], readers: list[Recipient]) -> dict[str, Any]:
    return {
        **_who(policy),
        "classes": {kind.value: meaning for kind, meaning in CLASSES.items()},
        "purposes": [_purpose(policy, name) for name in policy.purposes],
        "kept_for": {name: reason.model_dump(mode="json") for name, reason in policy.kept_for.items()},
        "tables": [asdict(table) for table in tables],
        "recipients": [asdict(reader) for reader in readers],
        "identifiers": [c.name for t in tables for c in t.columns if c.privacy == PrivacyClass.direct_identifier],
        "undeclared": "dropped when it arrives and never stored; its name is counted",
        "sample_rows": policy.classification.sample_rows,
        "quarantine_days": policy.landing.quarantine_days,
    }


def _record(project: Project, tables: list[CollectedTable], readers: list[Recipient]) -> dict[str, Any]:
    policy = project.policy
    activities = [_activity(policy, name, tables, readers) for name in policy.purposes]
    held = [
        {
            "name": name,
            "title": reason.title,
            "basis": reason.basis.value,
            "columns": [f"{t.source}.{c.name}" for t in tables for c in t.columns if c.kept and c.kept.reason == name],
            "subjects": _subjects([t for t in tables if any(c.kept and c.kept.reason == name for c in t.columns)]),
        }
        for name, reason in policy.kept_for.items()
    ]
    return {
        **_who(policy),
        "transfers": list(policy.controller.transfers),
        "activities": activities,
        "held": held,
        "retention": [{"what": table.source, "held": table.held} for table in tables if table.personal]
        + [{"what": f"what {p} may see", "held": _window(r)} for p, r in policy.purposes.items() if r.columns]
        + [
            {"what": "refused rows, encrypted", "held": f"{policy.landing.quarantine_days} days"},
            *({"what": reader.table, "held": reader.stays} for reader in readers if reader.access == "restricted"),
        ],
        "recipients": [asdict(reader) for reader in readers],
        "security": _security(project),
    }


def _window(rule: Purpose) -> str:
    own = [f"; {source}: {rule.window_of(source)} days" for source in rule.windows]
    return f"{rule.window_days} days{''.join(own)}"


def _who(policy: Policy) -> dict[str, Any]:
    return {
        "controller": policy.controller.model_dump(mode="json", exclude={"transfers"}),
        "handed_to": [recipient.model_dump(mode="json") for recipient in policy.recipients.values()],
        "policy": policy.digest,
    }


def _purpose(policy: Policy, name: str) -> dict[str, Any]:
    rule = policy.purposes[name]
    return {
        "name": name,
        "title": rule.title,
        "basis": rule.basis.value,
        "data_uses": list(rule.data_uses),
        "days": rule.window_days,
        "sees": [
            {"column": f"{source}.{column}", "fineness": words(how, policy.minimisation)}
            for source, columns in rule.columns.items()
            for column, how in columns.items()
        ],
    }


def _activity(policy: Policy, name: str, tables: list[CollectedTable], readers: list[Recipient]) -> dict[str, Any]:
    seen = {each["column"] for each in _purpose(policy, name)["sees"]}
    sources = [t for t in tables if any(f"{t.source}.{c.name}" in seen for c in t.columns)]
    classes = {c.privacy for t in sources for c in t.columns if f"{t.source}.{c.name}" in seen}
    return {
        **_purpose(policy, name),
        "subjects": _subjects(sources),
        "categories": {kind.value: CLASSES[kind] for kind in CLASSES if kind.value in classes},
        "recipients": [reader.table for reader in readers if name in reader.purposes],
    }


def _subjects(tables: list[CollectedTable]) -> list[str]:
    return list(dict.fromkeys(SUBJECTS[table.source] for table in tables if table.source in SUBJECTS))


def _security(project: Project) -> list[str]:
    """Technical and organisational measures (GDPR 32(1)), with the figures of the policy in force."""
    policy = project.policy
    budget = policy.releases.budget
    rules = [kinds for columns in policy.classification.columns.values() for kinds in columns.values()]
    refusing = sum(Action.quarantine in kinds.values() for kinds in rules)
    return [
        "Pseudonyms: each purpose sees keyed pseudonyms of its own, which do not join to another purpose's; keys lie "
        "apart from the data and never enter a query.",
        "Minimisation: the files of a purpose hold the columns that the policy names for it and no others, proved from "
        "the lineage of every query before anything runs.",
        f"Differential privacy: what everyone may read costs an account at most epsilon {budget.epsilon:g} at delta "
        f"{budget.delta:g} in any {budget.days} days.",
        "Encryption: restricted tables and refused rows are encrypted; releases are signed, and read only where the "
        "signature holds.",
        f"Searching at the door: {len(rules)} columns of every row are searched for personal values that do not belong "
        f"there; in {refusing} of them the row is refused, in the others the value is scrubbed.",
        "Accounting: every row that lands is accounted for, and every row withheld from a purpose has a reason.",
        "Consent: choices are kept in a ledger that is only added to, chained by hashes and signed; each release asks "
        "it again.",
        f"Children: profiles of children, and people under {policy.subjects.minor_age}, are left out of "
        f"{', '.join(sorted(policy.subjects.kids_profiles_are_private_for))}.",
        "Audit: each night the noise and the bounds are tried against what they promise, and a release that fails is "
        "refused.",
    ]


def _as_json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
