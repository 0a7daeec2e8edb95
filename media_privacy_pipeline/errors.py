"""The errors that a person is meant to read, and the exit code that each stands for."""

from __future__ import annotations


class PipelineError(Exception):
    """Base of every error raised on purpose: its text says what is wrong and what to do, without a personal value."""

    exit_code = 1


class Refused(PipelineError):
    """The data or a gate refused: nothing was published, the last release stays. Exit code 1."""


class UsageError(PipelineError):
    """The caller asked for something that cannot be: a bad option, path, policy or table name. Exit code 2."""

    exit_code = 2
