"""Keys: made once for their owner alone, one pseudonym a purpose, sealed data that shows any change."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.keys import Keyring, account_key, pseudonym, viewer_key

KEYRING = Keyring(bytes(range(32)))


def test_the_key_file_is_made_on_first_use_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "home.keys"
    first = Keyring.open(path).derive("x")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Keyring.open(path).derive("x") == first
    assert [file.name for file in path.parent.iterdir()] == ["home.keys"]


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "k"
    Keyring.open(path)
    path.chmod(0o640)
    with pytest.raises(Refused, match="chmod 600"):
        Keyring.open(path)


def test_a_missing_key_file_is_not_made_behind_the_readers_back(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no key file"):
        Keyring.open(tmp_path / "k", create=False)


@pytest.mark.parametrize("text", ["", "{}", '{"root": "zz"}', '{"root": 3}', "[]"])
def test_a_damaged_key_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "k"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(Refused, match="damaged"):
        Keyring.open(path)


def test_pseudonyms_are_fixed_by_key_and_id() -> None:
    # A golden value: what a serving team computed yesterday must join today.
    assert pseudonym(bytes(32), "viewer", "A1", "main") == "1d8c605ad5994a735430e62b04547c97"
    assert viewer_key(bytes(32), "A1") == pseudonym(bytes(32), "viewer", "A1", "main")


def test_a_persons_keys_differ_between_purposes_and_between_units() -> None:
    keys = {viewer_key(KEYRING.purpose_key(p), "A1") for p in ("training", "personalisation", "analytics")}
    keys.add(account_key(KEYRING.purpose_key("training"), "A1"))
    assert len(keys) == 4


@given(st.lists(st.text(max_size=4), min_size=1, max_size=3), st.lists(st.text(max_size=4), min_size=1, max_size=3))
def test_different_ids_get_different_pseudonyms_however_they_are_cut(left: list[str], right: list[str]) -> None:
    assert (pseudonym(b"k" * 32, *left) == pseudonym(b"k" * 32, *right)) == (left == right)


@given(st.binary(max_size=200), st.integers(min_value=0))
def test_sealed_data_comes_back_and_shows_any_changed_bit(data: bytes, position: int) -> None:
    sealed = KEYRING.seal("quarantine", data)
    assert KEYRING.unseal("quarantine", sealed) == data
    bit = position % (len(sealed) * 8)
    changed = bytearray(sealed)
    changed[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(Refused):
        KEYRING.unseal("quarantine", bytes(changed))


def test_data_sealed_in_one_context_does_not_open_in_another() -> None:
    with pytest.raises(Refused, match="other"):
        KEYRING.unseal("other", KEYRING.seal("quarantine", b"row"))


def test_the_published_verifier_is_the_signers() -> None:
    signature = KEYRING.signer.sign(b"head")
    KEYRING.verifier.verify(signature, b"head")
    assert bytes.fromhex(KEYRING.verifier_hex) == KEYRING.verifier.public_bytes_raw()
