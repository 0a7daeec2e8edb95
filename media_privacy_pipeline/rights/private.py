"""Files of people's data that go out: readable by their owner alone from the first byte, there whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..durable import sync
from ..errors import UsageError
from ..landing.zone import new_folder
from ..settings import Settings

OWNER_ONLY = 0o600


def check_outside(settings: Settings, out: Path) -> None:
    """Raise UsageError for a place under the home or the landing zone: a copy there would escape erasure."""
    for root in (settings.home, settings.landing):
        if out.resolve().is_relative_to(root.resolve()):
            raise UsageError(f"{out}: lies under {root}, where a copy of personal data must not be; name another place")


@contextmanager
def new_file(out: Path) -> Iterator[Path]:
    """Give a file to fill and, if the block ends well, rename it to `out`.

    Raises UsageError where `out` exists or cannot be written.
    """
    if out.exists():
        raise UsageError(f"{out}: exists already; name a new file, or remove this one first")
    temporary = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY))
        yield temporary
        sync(temporary)
        # A link, unlike a rename, puts nothing in the place of a file that came there meanwhile.
        os.link(temporary, out)
        sync(out.parent)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise UsageError(f"{out}: cannot be written: {reason}") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_folder(out: Path, files: dict[str, str]) -> None:
    """Write texts by their path in a new folder. Raises UsageError where it exists and holds something."""
    with new_folder(out) as staging:
        staging.chmod(0o700)
        for name, text in files.items():
            path = staging / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
        for folder in (staging, *(path for path in staging.rglob("*") if path.is_dir())):
            sync(folder)
