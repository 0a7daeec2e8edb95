"""Options that several commands share, and the settings that they make."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from ..errors import UsageError
from ..settings import Settings

Landing = Annotated[
    Path | None, typer.Option(help="The landing zone: read, never written.", show_default="data/landing")
]
Home = Annotated[Path | None, typer.Option(help="What the pipeline makes.", show_default="home")]
PolicyFile = Annotated[Path | None, typer.Option("--policy", help="The policy, if not the packaged one.")]


def _known_engine(engine: str | None) -> str | None:
    if engine not in (None, "duckdb", "spark"):
        raise UsageError(f"--engine {engine}: there are duckdb and spark")
    return engine


EngineName = Annotated[
    str | None, typer.Option("--engine", help="duckdb or spark.", show_default="duckdb", callback=_known_engine)
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on standard output, for programs.")]


def settings_of(**given: Any) -> Settings:
    """Settings from the options that were given and the environment. Raises UsageError for one that is wrong."""
    try:
        return Settings(**{name: _absolute(value) for name, value in given.items() if value is not None})
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise UsageError(f"settings (MEDIA_PRIVACY_*): {problems}") from None


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment under which another process, or the definitions, read these very settings."""
    given = {name: value for name, value in settings.model_dump(mode="json").items() if value is not None}
    return {f"MEDIA_PRIVACY_{name.upper()}": str(value) for name, value in given.items()}


def _absolute(value: Any) -> Any:
    return value.absolute() if isinstance(value, Path) else value
