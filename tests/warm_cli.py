"""A process that has imported all that a command may need, and forks: a command then starts in no time.

Libraries and the proof of the SQL project take `media-privacy run` six seconds of processor before it does anything,
and the tests start some hundred commands. Each still runs in a process of its own, which leads its own group, may be
killed at any moment, and has its own environment, folder and streams.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

_HEAD = 65_536
_LIBRARIES = ("great_expectations", "great_expectations.expectations", "dp_accounting", "implicit", "opendp")
# Made when it is imported, from the environment; Spark's rooms start what a fork cannot share.
_EACH_ITS_OWN = ("definitions", "__main__", "spark", "spark_session")


@dataclass
class Process:
    """A command that was started; as much of subprocess.Popen as the tests need."""

    pid: int
    args: Sequence[str]
    _line: socket.socket
    returncode: int | None = field(default=None, init=False)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, or minus the signal that ended it. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self._line.settimeout(timeout)
            try:
                told = self._line.recv(_HEAD)
            except TimeoutError:
                raise subprocess.TimeoutExpired(self.args, timeout or 0) from None
            assert told, "the process that starts commands has gone"
            self.returncode = int(told)
            self._line.close()
        return self.returncode


class Warm:
    """The process that forks; started when it is first asked for a command."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None

    def start(
        self, arguments: Sequence[str], cwd: Path, env: Mapping[str, str], out: IO[Any] | int, err: IO[Any] | int
    ) -> Process:
        """Start `media-privacy` with these arguments, this environment and no other, and these two streams."""
        if self._line is None:
            self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._server = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()]
            )
            theirs.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        asked = json.dumps({"arguments": list(arguments), "cwd": str(cwd), "env": dict(env)}).encode()
        streams = [stream if isinstance(stream, int) else stream.fileno() for stream in (out, err)]
        socket.send_fds(self._line, [asked], [*streams, theirs.fileno()])
        theirs.close()
        pid = int(ours.recv(_HEAD))
        return Process(pid, arguments, ours)

    def close(self) -> None:
        """End it; commands that run go on."""
        if self._line is not None and self._server is not None:
            self._line.close()
            self._server.wait(60)


def _import_all() -> None:
    import media_privacy_pipeline
    from media_privacy_pipeline.policy import load
    from media_privacy_pipeline.quality.importing import main_module_with_a_file
    from media_privacy_pipeline.settings import Settings
    from media_privacy_pipeline.sql import load_project

    with warnings.catch_warnings(), main_module_with_a_file():
        warnings.simplefilter("ignore")
        for library in _LIBRARIES:
            importlib.import_module(library)
        for found in pkgutil.walk_packages(media_privacy_pipeline.__path__, "media_privacy_pipeline."):
            if found.name.rsplit(".", 1)[-1] not in _EACH_ITS_OWN:
                importlib.import_module(found.name)
    load_project(Settings().sql, load())


def _serve(line: socket.socket) -> None:
    _import_all()
    gc.collect()
    gc.freeze()
    while True:
        asked, streams, _, _ = socket.recv_fds(line, 1_048_576, 3)
        if not asked:
            return
        if os.fork() == 0:
            line.close()
            _hand_over(json.loads(asked), *streams)
        for stream in streams:
            os.close(stream)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _hand_over(asked: dict[str, Any], out: int, err: int, told: int) -> None:
    """Between the two: starts the command, tells its id, waits for it, tells how it ended."""
    answer = socket.socket(fileno=told)
    child = os.fork()
    if child == 0:
        answer.close()
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.closerange(3, 256)
        _command(asked)
    answer.send(str(child).encode())
    os.close(out)
    os.close(err)
    status = os.waitpid(child, 0)[1]
    with contextlib.suppress(BrokenPipeError):
        answer.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _command(asked: dict[str, Any]) -> None:
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.chdir(asked["cwd"])
        os.environ.clear()
        os.environ.update(asked["env"])
        time.tzset()
        sys.argv = ["media-privacy", *asked["arguments"]]
        from media_privacy_pipeline.cli import main

        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
