"""What Spark's errors say of machines and not of data, Connect's too. Only Spark's own fixed words are looked for."""

from __future__ import annotations

import re

from ..errors import PipelineError, Refused, UsageError

_LOST = ("ExecutorLostFailure", "FetchFailed", "Worker lost", "ExecutorDeadException", "All masters are unresponsive")
_GONE = (
    "SparkContext was shut down",
    "SparkContext has been shutdown",
    "stopped SparkContext",
    "Code.UNAVAILABLE",
)
_NO_SESSION = ("INVALID_HANDLE.SESSION", "SESSION_CLOSED", "SESSION_NOT_FOUND", "SESSION_CHANGED")
_GONE_KINDS = {"Py4JNetworkError", "ConnectionRefusedError", "ConnectionResetError", "BrokenPipeError"}
_READING = re.compile(
    r"FAILED_READ_FILE\.(?:FILE_NOT_EXIST|NO_HINT|CANNOT_READ_FILE_FOOTER)\].{0,80}? file (\S+?)[.,]?\s", re.DOTALL
)


def machines(kind: str, text: str, tables: str) -> PipelineError | None:
    """What an error means where a machine, a process or an installation is the matter; None for all others.

    `kind` and `text` are the error's; `tables` is what was read.
    """
    if "UNAUTHENTICATED" in text and "Rpc" in text:
        return UsageError("Spark Connect does not take our token: is it the one in MEDIA_PRIVACY_SPARK_TOKEN_FILE?")
    if "PYTHON_VERSION_MISMATCH" in text:
        return UsageError(
            "executors run another minor version of Python than this: install it there, and name it in PYSPARK_PYTHON"
        )
    if "No module named 'media_privacy_pipeline'" in text:
        return UsageError("executors lack this package: install it in their Python (docs/cluster.md)")
    if "Cannot run program" in text and "python" in text.lower():
        return UsageError("executors do not find Python: name theirs in PYSPARK_PYTHON (docs/cluster.md)")
    # Data that fails is told of as such, though machines may have been lost on the way.
    if any(words in text for words in _LOST) and "aborted due to stage failure" in text:
        return Refused(
            f"Spark lost executors time and again while it worked on {tables}; nothing was changed: see why on the "
            f"workers (often memory: MEDIA_PRIVACY_SPARK_EXECUTOR_MEMORY), then run again"
        )
    # py4j adds the trace of whatever Java answered: none, where Java is no more.
    silent = kind == "Py4JError" and "Trace:" not in text
    if silent or kind in _GONE_KINDS or any(words in text for words in (*_GONE, *_NO_SESSION)):
        return Refused(
            f"Spark went away while it worked on {tables}: its driver, master or server ended, or ended the session; "
            f"nothing was changed: run again"
        )
    return None


def unreadable(text: str) -> str | None:
    """The file that Spark says it could not read, where it says so."""
    found = _READING.search(text)
    return None if found is None else found.group(1)
