"""What tests ask of a finished command."""

from __future__ import annotations

from subprocess import CompletedProcess


def refused(done: CompletedProcess[str], code: int) -> str:
    """The message of a command that ended with this code and without a traceback; its boxes and breaks undone."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return " ".join(done.stderr.replace("│", " ").split())
