"""Enough shares give a secret, too few nothing, and wrong ones are got around."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.models.federated import shamir


def numbers(shares: dict[int, bytes]) -> dict[int, int]:
    return {x: shamir.read_share(share) for x, share in shares.items()}


def test_the_field_is_a_field() -> None:
    # Fermat's test to many bases: a composite number passes none of the first few but by design.
    assert all(pow(base, shamir.PRIME - 1, shamir.PRIME) == 1 for base in (2, 3, 5, 7, 11, 13, 17))


@given(st.binary(min_size=32, max_size=32), st.integers(1, 9), st.integers(0, 5))
def test_any_threshold_of_the_shares_gives_the_secret(secret: bytes, threshold: int, more: int) -> None:
    holders = secrets.SystemRandom().sample(range(1, 5_001), threshold + more)
    shares = numbers(shamir.split(secret, holders, threshold))
    some = secrets.SystemRandom().sample(holders, threshold)
    assert shamir.join({x: shares[x] for x in some}, threshold, lambda found: found == secret) == secret


def test_one_share_too_few_fits_every_secret_alike() -> None:
    """With one more share of one's own choosing, the shares that are there lead to any secret that one likes."""
    shares = numbers(shamir.split(bytes(32), [1, 2, 3], 3))
    del shares[3]
    for wanted in (bytes(32), b"\xff" * 32):
        target = int.from_bytes(wanted, "big")
        # By Lagrange on places 1, 2, 3 the value at 0 is 3 y1 - 3 y2 + y3.
        shares[3] = (target - 3 * shares[1] + 3 * shares[2]) % shamir.PRIME
        assert shamir.join(shares, 3, lambda found: True) == wanted
    with pytest.raises(Refused, match="2 shares of a secret came, 3 are needed"):
        shamir.join({1: 1, 2: 2}, 3, lambda found: True)


def test_a_wrong_share_among_enough_right_ones_is_got_around() -> None:
    secret = secrets.token_bytes(32)
    shares = numbers(shamir.split(secret, range(1, 9), 4))
    shares[2] = (shares[2] + 1) % shamir.PRIME
    assert shamir.join(shares, 4, lambda found: found == secret) == secret


def test_too_many_wrong_shares_are_refused_and_not_believed() -> None:
    secret = secrets.token_bytes(32)
    shares = numbers(shamir.split(secret, range(1, 6), 4))
    for x in (1, 2):
        shares[x] = secrets.randbelow(shamir.PRIME)
    with pytest.raises(Refused, match="too many shares of a secret are wrong"):
        shamir.join(shares, 4, lambda found: found == secret)


@pytest.mark.parametrize("share", [bytes(32), shamir.PRIME.to_bytes(33, "big"), b"\xff" * 33])
def test_what_is_not_of_the_field_is_no_share(share: bytes) -> None:
    with pytest.raises(ValueError, match="number of the field"):
        shamir.read_share(share)


@pytest.mark.parametrize("holders", [[1], [1, 1], [0, 1]])
def test_holders_are_distinct_and_enough(holders: list[int]) -> None:
    with pytest.raises(ValueError, match="holders"):
        shamir.split(bytes(32), holders, 2)
