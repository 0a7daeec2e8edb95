"""Slow commands say on a terminal what they are doing, and nothing where a program listens."""

from __future__ import annotations

import io
import sys
import time

import pytest

from media_privacy_pipeline.cli.progress import busy


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_is_told_what_takes_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with busy("recomputing the chain"):
        time.sleep(0.2)
    assert "recomputing the chain" in terminal.getvalue()


def test_a_pipe_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    with busy("recomputing the chain"):
        pass
    assert pipe.getvalue() == ""
