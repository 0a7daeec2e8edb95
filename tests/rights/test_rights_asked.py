"""Case 56: without a verified access or portability request of this very person there is no export, and it says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from rights_world import AS_OF

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.rights.access.asked import verified_request
from media_privacy_pipeline.rights.access.dashboard import dashboard
from media_privacy_pipeline.rights.access.export import export


@pytest.mark.parametrize(
    ("request_id", "profile", "said"),
    [
        ("nothing", None, "no accepted request has this id"),
        ("unverified", None, "it is not verified"),
        ("restricting", None, "it asks for restriction, not for access or portability"),
        ("foreign", None, "it is a request of another account"),
        ("profiled", None, "it is a request of one profile"),
        ("profiled", "p2", "it is a request of another profile"),
    ],
)
def test_what_is_no_such_request_is_named(house: Session, request_id: str, profile: str | None, said: str) -> None:
    with pytest.raises(Refused, match=said) as refusal:
        verified_request(house, request_id, "a5", profile)
    assert "a5" not in str(refusal.value)


@pytest.mark.parametrize(
    ("request_id", "profile"), [("verified", None), ("portable", None), ("verified", "p1"), ("profiled", "p1")]
)
def test_a_request_covers_its_profile_or_all_of_its_account(house: Session, request_id: str, profile: str) -> None:
    assert verified_request(house, request_id, "a5", profile).request_id == request_id


def test_nothing_is_written_for_one_who_is_not_verified(house: Session, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        export(house, "a5", None, "unverified", tmp_path / "out.zip", AS_OF)
    with pytest.raises(Refused):
        dashboard(house, "a5", "p1", "unverified", tmp_path / "out", AS_OF)
    assert list(tmp_path.iterdir()) == []
