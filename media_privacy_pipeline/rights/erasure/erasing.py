"""Carrying an erasure out, in order: refuse at the door, take the rows out, destroy the keys, flag the models.

What is left to do needs a new release: see completing. Every step can be done again: a crash at any moment leaves a
journal, and whoever opens the home next finishes what it says before anything else happens.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from ...consent.erasures import Erasure, bury, tombstone
from ...consent.subject_keys import KINDS, Ids, Kind, opened_keys
from ...consent.vault import devices_among
from ...engines import Session
from ...models.training import registry
from .journal import Journal, begin, under_way
from .rewriting import take_out

_LOG = logging.getLogger(__name__)
_DONE = "carried_out"
_LEARNED_FROM = ("lake/permitted_training_", "lake/training_interactions")


def erase(session: Session, as_of: datetime, due: Sequence[Erasure]) -> Journal:
    """Carry out requests as of a time, all in one pass. The vault must be of the same time."""
    journal = begin(session, as_of, due)
    _carry_out(session, journal)
    return journal


def resume(session: Session) -> int:
    """Finish carrying out what a crash interrupted; how many erasures that were."""
    interrupted = [journal for journal in under_way(session) if journal.find(_DONE) is None]
    for journal in interrupted:
        _LOG.warning("erasure %s was interrupted; it goes on", journal.erasure_id)
        _carry_out(session, journal)
    return len(interrupted)


def _carry_out(session: Session, journal: Journal) -> None:
    people = journal.people.persons
    stones = [tombstone(session.keyring, one.subject) for one in people]
    bury(session, dict.fromkeys(stones, journal.as_of))
    take_out(session, journal)
    _destroy_keys(session, journal)
    _flag_models(session, journal)
    journal.note(_DONE, "")
    _LOG.info("erasure %s: %d people were taken out of what is stored", journal.erasure_id, len(people))


def _destroy_keys(session: Session, journal: Journal) -> None:
    """Destroy the people's own keys, and those of devices that nobody else spoke on: their ledger rows name nobody."""
    others = devices_among(session, sorted({device for one in journal.people.persons for device in one.devices}))
    gone: list[tuple[int, Kind, list[Ids]]] = []
    for number, one in enumerate(journal.people.persons):
        gone.append((number, "account", [(one.account,)] if one.profile is None else []))
        gone.append((number, "profile", [(one.account, profile) for profile in one.profiles]))
        gone.append((number, "device", [(each,) for each in one.devices if each not in others]))
    with opened_keys(session) as keys:
        if journal.find("keys") is None:
            count = Counter[str]()
            for number, kind, ids in gone:
                count[str(number)] += len(keys.known(kind, ids))
            journal.note("keys", "", destroyed={number: found for number, found in count.items() if found})
        for kind in KINDS:
            keys.destroy(kind, [one for _, each, ids in gone if each == kind for one in ids])


def _flag_models(session: Session, journal: Journal) -> None:
    """Flag the models that learned from days on which somebody's rows were taken out of what training permits.

    Where only the sums were still there, no day is known, and every model is flagged. Private models hold nobody.
    """
    where = registry(session.settings.models)
    learned: dict[int, tuple[date, date]] = {}
    for entry in journal.every("rewrite"):
        if entry["zone"].startswith(_LEARNED_FROM):
            first, last = _days_of(entry["of"])
            for number in entry["rows"]:
                low, high = learned.get(int(number), (first, last))
                learned[int(number)] = (min(low, first), max(high, last))
    models = {}
    for name in sorted(where.names()):
        origin = where.manifest(name) or {}
        if origin.get("epsilon") is not None:
            continue
        first = date.fromisoformat(origin.get("first_day", date.min.isoformat()))
        last = date.fromisoformat(origin.get("last_day", date.max.isoformat()))
        inside = [n for n, (low, high) in learned.items() if low <= last and high >= first]
        if inside:
            models[name] = sorted(inside)
    told = journal.note("models", "", flagged=models)
    where.flag(told["flagged"], journal.erasure_id)


def _days_of(place: str) -> tuple[date, date]:
    """The day that a partition is of; all days for a snapshot."""
    _, _, day = place.rpartition("=")
    try:
        return date.fromisoformat(day), date.fromisoformat(day)
    except ValueError:
        return date.min, date.max
