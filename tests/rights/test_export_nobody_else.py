"""Nobody else's row is in an export: no other account's, and for a profile no other profile's of the household."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rights_world import AS_OF, DAYS, PAIRS, Export, Pair, Zip, open_home, populate, serve, take_in

from media_privacy_pipeline.consent.entries import Refs
from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.rights.access.export import export

# Prefixes and suffixes of each other, look-alikes, and characters that queries and CSV take for their own.
_ACCOUNTS = st.sampled_from(
    ["k7", "k77", "7k7", "K7", "k7 7", "k7'", 'k7"', "k_7", "k%7", "k7\\", "k-7", "к7", "k7,k77"]
)
_PROFILES = st.sampled_from(["main", "p1", "p11", "P1", "p1'", "p_1"])


def traces(session: Session, pair: Pair, *, account_too: bool) -> list[str]:
    """Words that only this person's rows hold: ids of events, sessions and devices, mail, pseudonyms and refs."""
    account, profile = pair
    refs = Refs.of(session, [pair])
    words = [f"{account} {profile} {day}" for day in DAYS]
    words += [f"search of {account} {profile}", f"request of {account} {profile}", f"{account}.{profile}@example.org"]
    words += session.keyring.viewer_keys("training", [pair]) + session.keyring.viewer_keys("personalisation", [pair])
    words.append(refs.profile(account, profile))
    if account_too:
        words += [refs.account(account), *session.keyring.account_keys("training", [account])]
        words += [f"{account} {purpose}" for purpose in ("analytics", "personalisation", "training")]
    return [word.replace("\\", "\\\\").replace('"', '\\"') for word in words]


def others(session: Session, pairs: Sequence[Pair], account: str, profile: str | None) -> list[str]:
    own = [pair for pair in pairs if pair[0] == account and profile in (None, pair[1])]
    mine = {word for pair in own for word in traces(session, pair, account_too=True)}
    foreign = {
        word for pair in pairs if pair not in own for word in traces(session, pair, account_too=pair[0] != account)
    }
    # What is a part of one's own words proves nothing: `7k7 main` holds `k7 main`.
    return sorted(word for word in foreign if not any(word in known for known in mine))


@pytest.mark.parametrize(("account", "profile"), [("a1", "p1"), ("a1", None), ("a11", None)])
def test_look_alikes_are_not_in_it(house: Session, exported: Export, account: str, profile: str | None) -> None:
    found = exported(account, profile)
    foreign = others(house, PAIRS, account, profile)
    assert len(foreign) > 20
    assert found.holds(foreign) == []
    # The scan sees what is there.
    own = next(pair for pair in PAIRS if pair[0] == account and profile in (None, pair[1]))
    assert found.holds(traces(house, own, account_too=False))


@settings(max_examples=2, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_whatever_ids_the_others_have(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("others")
    pairs = data.draw(st.lists(st.tuples(_ACCOUNTS, _PROFILES), min_size=4, max_size=14, unique=True))
    populate(folder / "landing", pairs)
    session = open_home(folder)
    take_in(session)
    serve(session, pairs)
    account, profile = data.draw(st.sampled_from(pairs))
    who = data.draw(st.sampled_from([profile, None]))
    export(session, account, who, f"request of {account}" + ("" if who is None else f" {who}"), folder / "z", AS_OF)
    found = Zip.read(folder / "z")
    assert found.holds(others(session, pairs, account, who)) == []
    assert len(found.rows("raw/viewing_events")) == len(DAYS) * sum(
        pair[0] == account and who in (None, pair[1]) for pair in pairs
    )
