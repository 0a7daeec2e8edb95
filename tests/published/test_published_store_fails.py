"""Whatever happens to a store or another publisher, readers keep a whole release; the message says what helps."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from publishing_house import SECOND, House, put_all, put_day, put_recommendations, span, write_contracts
from store_fixture import Store

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.published import open_release, steps
from media_privacy_pipeline.published.gate import Verdict
from media_privacy_pipeline.published.steps import candidate, publish
from media_privacy_pipeline.published.url_shelf import UrlShelf
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.stores import Bucket


@pytest.fixture
def homes(tmp_path: Path, house: House, bucket_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Session]:
    """Homes that publish to one place; their gates are not looked at here."""
    write_contracts(tmp_path / "sql")
    monkeypatch.setattr(steps, "verify", lambda *_: Verdict((), ()))

    def home(name: str) -> Session:
        at = tmp_path / name
        made = Session(
            Settings(home=at, keys=tmp_path / "one.keys", sql=tmp_path / "sql", published_url=f"{bucket_url}/out")
        )
        put_all(made)
        return made

    return home


def url_of(session: Session) -> str:
    return str(session.settings.published_url)


def release(session: Session) -> str:
    candidate(session, span())
    return str(publish(session, span()).metadata["release_id"])


def plays(url: str) -> list[float]:
    return sorted(open_release(url).arrow("title_daily")["plays"].to_pylist())


def test_of_two_publishers_at_once_one_wins(homes: Callable[[str], Session]) -> None:
    for turn in range(3):
        sessions = [homes("left"), homes("right")]
        for n, session in enumerate(sessions):
            put_day(session, SECOND, [float(turn), float(n)])
            candidate(session, span())
        before, start = open_release(url_of(sessions[0])).release_id if turn else None, threading.Barrier(2)
        won: list[str] = []
        refused: list[str] = []

        def one(
            session: Session, start: threading.Barrier = start, won: list[str] = won, refused: list[str] = refused
        ) -> None:
            start.wait()
            try:
                won.append(str(publish(session, span()).metadata["release_id"]))
            except Refused as refusal:
                refused.append(str(refusal))

        threads = [threading.Thread(target=one, args=(session,)) for session in sessions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # Both saw the same pointer, unless one was through before the other looked: it is refused all the same.
        assert (len(won), len(refused)) == (1, 1)
        assert "run the night again" in refused[0]
        opened = open_release(url_of(sessions[0]))
        assert (opened.release_id, opened.manifest.previous) == (won[0], before)
        assert opened.changed("title_daily") == []


def test_a_pointer_that_moved_after_it_was_seen_is_not_swapped(
    homes: Callable[[str], Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right = homes("left"), homes("right")
    put_day(right, SECOND, [7.0])
    candidate(left, span())
    placed = UrlShelf.place

    def meanwhile(shelf: UrlShelf, *given: object) -> None:
        placed(shelf, *given)  # type: ignore[arg-type]
        monkeypatch.setattr(UrlShelf, "place", placed)
        release(right)

    monkeypatch.setattr(UrlShelf, "place", meanwhile)
    with pytest.raises(Refused, match="was published in the meantime; it stays"):
        publish(left, span())
    assert plays(url_of(left)) == [1.0, 1.0, 7.0]
    assert release(left) == open_release(url_of(left)).release_id, "the one that lost may come next"


def test_two_homes_do_not_mix_the_files_of_one_release(homes: Callable[[str], Session], store: Store) -> None:
    left, right = homes("left"), homes("right")
    store.fails(after=2, status=403, code="AccessDenied")
    with pytest.raises(Refused, match="may not do that"):
        release(left)
    store.fails(after=10**6, status=0, code="")
    with pytest.raises(Refused, match="another home put it there"):
        release(right)
    assert open_release(url_of(left), release(left)).changed("title_daily") == []


@pytest.mark.parametrize("puts", [1, 4, 5])
def test_a_store_that_fails_in_the_middle_leaves_the_last_release(
    homes: Callable[[str], Session], store: Store, puts: int
) -> None:
    session = homes("home")
    first = release(session)
    put_day(session, SECOND, [3.0, 4.0])
    put_recommendations(session, 2)
    store.fails(after=puts, status=503, code="SlowDown")
    with pytest.raises(Refused, match=r"answered 503 each time .* run again later; the last release stays") as told:
        release(session)
    assert "AKIA" not in str(told.value)
    assert open_release(url_of(session)).release_id == first
    assert plays(url_of(session)) == [1.0, 1.0]
    store.fails(after=10**6, status=0, code="")
    assert release(session) != first
    assert plays(url_of(session)) == [1.0, 1.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (400, "ExpiredToken", "credentials have expired: renew them"),
        (403, "InvalidAccessKeyId", "does not accept these credentials"),
        (403, "SignatureDoesNotMatch", "does not accept these credentials"),
        (403, "AccessDenied", "rights that docs/stores.md lists"),
        (500, "InternalError", "answered 500 each time"),
    ],
)
def test_what_speaks_against_a_request_is_told_and_nothing_is_quoted(
    homes: Callable[[str], Session], store: Store, status: int, code: str, told: str
) -> None:
    session = homes("home")
    store.fails(after=0, status=status, code=code)
    with pytest.raises(Refused, match=told) as refused:
        release(session)
    assert "AKIA" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_missing_bucket_and_a_refused_connection_are_told(
    homes: Callable[[str], Session], bucket_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = homes("home")
    with pytest.raises(Refused, match="there is no such bucket"):
        open_release(f"{bucket_url}-else/out")
    with pytest.raises(UsageError, match="s3://bucket/prefix"):
        open_release("s3://")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(Refused, match=r"cannot be reached: look at the network and at AWS_ENDPOINT_URL"):
        release(session)


def test_no_credentials_are_told(homes: Callable[[str], Session], monkeypatch: pytest.MonkeyPatch) -> None:
    session = homes("home")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(Refused, match="no credentials were found"):
        release(session)


def test_a_put_whose_answer_was_lost_is_no_conflict(bucket_url: str) -> None:
    bucket = Bucket(bucket_url)
    seen = bucket.put("CURRENT", b"one", seen=None)
    assert bucket.put("CURRENT", b"one", seen=None) == seen
    later = bucket.put("CURRENT", b"two", seen=seen)
    assert bucket.put("CURRENT", b"two", seen=seen) == later
    with pytest.raises(Refused, match="somebody else wrote it"):
        bucket.put("CURRENT", b"three", seen=seen)


def _publish_and_die(settings: Settings, where: str) -> None:
    """Publish in a process that is killed right before the pointer, or right after a few of the files."""
    if where == "pointer":
        UrlShelf.point = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign]
    else:
        real, left = Bucket.upload, [2]

        def upload(self: Bucket, *given: object, **named: object) -> None:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            real(self, *given, **named)  # type: ignore[arg-type]

        Bucket.upload = upload  # type: ignore[method-assign]
    house = House()
    steps.gather = house.gather  # type: ignore[assignment]
    steps.verify = lambda *_: Verdict((), ())  # type: ignore[assignment]
    publish(Session(settings), span())


@pytest.mark.parametrize("where", ["files", "pointer"])
def test_killed_between_files_and_pointer_readers_keep_the_last_release(
    homes: Callable[[str], Session], where: str
) -> None:
    session = homes("home")
    first = release(session)
    put_day(session, SECOND, [3.0, 4.0])
    put_recommendations(session, 2)
    candidate(session, span())
    # A fork of this process, which has its server's threads, would have locks of theirs.
    writer = multiprocessing.get_context("spawn").Process(target=_publish_and_die, args=(session.settings, where))
    writer.start()
    writer.join(60)
    assert writer.exitcode == -signal.SIGKILL
    assert open_release(url_of(session)).release_id == first
    assert plays(url_of(session)) == [1.0, 1.0]
    second = release(session)
    assert plays(url_of(session)) == [1.0, 1.0, 3.0, 4.0]
    left = {
        item.name.split("/")[2] for room in ("open/", "restricted/") for item in Bucket(url_of(session)).items(room)
    }
    assert left == {first, second}


def test_what_a_killed_home_left_is_swept(homes: Callable[[str], Session]) -> None:
    left, right = homes("left"), homes("right")
    candidate(left, span())
    abandoned = "open/title_daily/20240101T000000-0123456789ab/part-0.parquet"
    release(left)
    mine = (left.settings.home / "publisher").read_text().strip()
    file = left.settings.home / "part"
    file.write_bytes(b"half")
    Bucket(url_of(left)).upload(file, abandoned, about={"publisher": mine})
    candidate(right, span())
    assert Bucket(url_of(left)).about(abandoned) is not None, "another home may be writing it"
    candidate(left, span())
    assert Bucket(url_of(left)).about(abandoned) is None
