"""Jinja2 with autoescape on and undefined names an error."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def render(template: str, **values: object) -> str:
    """A template of reports/templates, filled in."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": count, "short": short, "words": words, "epsilon": epsilon}
    return environment


def count(number: float) -> str:
    """A whole number with thousands apart."""
    return f"{number:,.0f}"


def short(number: float) -> str:
    """A figure for an axis: 1,200 or 0.25."""
    return f"{number:,.0f}" if number == int(number) else f"{number:,.3g}"


def words(name: str) -> str:
    """A name of the code as words."""
    return name.replace("_", " ")


def epsilon(value: float | None) -> str:
    """A privacy cost, rounded up: a promise is never told smaller than it is."""
    if value is None:
        return "n/a"
    return f"{-(-value * 100 // 1) / 100:.2f}"
